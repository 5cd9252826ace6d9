"""Derive every random stream by name from one base seed."""

import hashlib

import numpy as np


def derive_seed(base: int, *names: str | int) -> int:
    """Derive a seed that depends on all names and on nothing else.

    Args:
        base: the seed of params.yaml.
        *names: what the stream is for, from general to special.

    Returns:
        An integer in [0, 2**63).
    """
    text = "\x1f".join([str(base), *map(str, names)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(base: int, *names: str | int) -> np.random.Generator:
    """Open the random stream of that name.

    Args:
        base: the seed of params.yaml.
        *names: what the stream is for, from general to special.

    Returns:
        A generator of its own for every sequence of names.
    """
    return np.random.Generator(np.random.PCG64(derive_seed(base, *names)))
