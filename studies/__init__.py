"""Hold parameter sets of whole experiments, and what prepares their data."""
