"""What translates: one module per engine, one table of them."""
