"""Run `python -m hbir`."""

from hbir.cli import main

main()
