"""Train multilingual dual encoders on batches of chosen language composition, and measure what that does."""

__version__ = "0.1.0"
