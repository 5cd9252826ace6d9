"""Which precisions are offered on which CPU."""

import pytest
import torch

from hbir.encoding.precision import has_fast_bf16


@pytest.fixture(autouse=True)
def _forget():
    has_fast_bf16.cache_clear()
    yield
    has_fast_bf16.cache_clear()


@pytest.mark.parametrize(
    ("amx", "allowed", "avx512", "level"),
    [
        (True, True, True, "amx"),
        (True, False, True, "avx512_bf16"),  # a kernel or a sandbox that does not hand out tiles
        (False, False, True, "avx512_bf16"),
        (False, False, False, ""),
    ],
)
def test_the_best_instructions_that_may_be_used_are_named(amx, allowed, avx512, level, monkeypatch):
    for name, value in (("_is_amx_tile_supported", amx), ("_init_amx", allowed)):
        monkeypatch.setattr(torch.cpu, name, lambda value=value: value, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512, raising=False)
    assert has_fast_bf16() == level


def test_a_torch_without_those_names_has_none(monkeypatch):
    for name in ("_is_amx_tile_supported", "_init_amx", "_is_avx512_bf16_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert not has_fast_bf16()
