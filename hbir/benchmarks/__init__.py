"""Load benchmarks into retrieval tasks."""
