"""Train multilingual dual encoders on batches of chosen language composition, and measure what that does."""

import os

# After a product numpy's OpenBLAS lets its threads spin, which takes a core from the ranking in between.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

__version__ = "0.1.0"
