"""Collect English question and answer pairs from the sources of params.yaml."""
