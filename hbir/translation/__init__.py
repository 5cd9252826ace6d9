"""Bring English pairs into other languages with an engine."""
