"""Train multilingual dual encoders on batches of chosen language composition, and measure what that does."""

import os

# After a product numpy's OpenBLAS lets its threads spin, which takes a core from the ranking in between.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
# torch's threads look for each other 300,000 times (8 ms) before they sleep: beside another busy process that
# takes the core from the very thread they wait for. See "Beside other work" in docs/performance.md.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")

__version__ = "0.1.0"
