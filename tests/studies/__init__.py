"""Studies: planned, run through a DVC that is faked at the boundary of processes, and reported."""
