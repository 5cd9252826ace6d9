"""Collect English pairs of query and passage from the sources of params.yaml."""
