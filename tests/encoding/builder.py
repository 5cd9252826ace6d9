"""Make the section `encoder` in small, as tests of several packages need it."""

from typing import Any

from hbir.encoding.params import EncoderParams, StaticParams, TinyParams

TINY = TinyParams(layers=1, width=16, heads=2, feed_forward=16, dropout=0.0, vocabulary=320)
STATIC = StaticParams(width=16, vocabulary=320)


def make_params(**changes: Any) -> EncoderParams:
    """Return the default section in small; `longest` sets both limits."""
    longest = changes.pop("longest", 40)
    settings: dict[str, Any] = {
        "name": "tiny",
        "revision": None,
        "pooling": None,
        "max_query_tokens": longest,
        "max_passage_tokens": longest,
        "prompts": None,
        "normalize": True,
        "trust_remote_code": False,
        "max_unknown": 0.05,
        "languages": "training",
        "tiny": TINY,
        "static": STATIC,
    }
    return EncoderParams(**(settings | changes))
