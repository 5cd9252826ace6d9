"""Spare beam search the copies that change nothing."""

from typing import Any


def beam_cache() -> Any:
    """Make a cache of a decoder's keys and values that leaves those of the encoder where they are.

    After each token transformers copies all of them into the order of the beams. A sentence's beams share what
    the encoder said of it, so for that part the copy gives the same bytes; it took a third of the time.

    Returns:
        What `generate` takes as `past_key_values`, for one call.
    """
    from transformers import DynamicCache, EncoderDecoderCache

    class BeamCache(EncoderDecoderCache):  # type: ignore[misc]
        """Keep the encoder's part in place."""

        def reorder_cache(self, beam_idx: Any) -> None:
            """Copy the decoder's part alone."""
            self.self_attention_cache.reorder_cache(beam_idx)

    return BeamCache(DynamicCache(), DynamicCache())
