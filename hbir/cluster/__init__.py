"""Share batch work with workers on a Ray cluster: they answer in Arrow columns, in the order of the work."""
