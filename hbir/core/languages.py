"""Know what the code must know of languages."""

UNSPACED = frozenset({"zh", "th", "ja", "km", "lo", "my", "bo"})
"""Languages written without spaces between words: texts are counted in characters."""
