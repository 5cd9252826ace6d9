"""Shared settings and fixtures of all tests."""

from hypothesis import settings

settings.register_profile("hbir", deadline=None, derandomize=True)
settings.load_profile("hbir")
