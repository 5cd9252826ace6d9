"""Measure speed and memory; see README.md."""
