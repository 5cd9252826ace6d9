"""Measure speed and memory; see README.md."""

import hbir  # noqa: F401  # before numpy, as on the command line
