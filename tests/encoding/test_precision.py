"""Which precisions are offered on which CPU."""

import sys
from typing import get_args

import numpy as np
import pytest
import torch

from hbir.core.errors import ModelError
from hbir.core.precision import Precision
from hbir.encoding import precision as precision_module
from hbir.encoding.embed import embed
from hbir.encoding.fingerprint import encoder_fingerprint
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import open_encoder, prepare_torch
from hbir.encoding.precision import embedding_in, has_fast_bf16
from tests.encoding.architectures import MAKERS
from tests.encoding.builder import make_params

TEXTS = ["aa which number is 3 times 4", "the number", "जापान की मुद्रा क्या है?", "a " * 30, ""]


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


@pytest.fixture(scope="module", params=["multilingual-e5", "mbert", "mt5"])
def encoder(request, tmp_path_factory):
    prepare_torch(1)
    folder = tmp_path_factory.mktemp(request.param)
    MAKERS[request.param](folder)
    model = open_encoder(str(folder), device="cpu")
    model.max_seq_length = 48
    return model


def cosines(one, other):
    return (one * other).sum(axis=1)


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_a_lower_precision_moves_embeddings_a_little_and_only_while_it_is_set(encoder, precision):
    if precision == "int8":
        pytest.importorskip("openvino", reason="the extra hbir[openvino] is not installed")
    exact = embed(encoder, TEXTS, "document", 2)
    with embedding_in(encoder, precision):
        lower = embed(encoder, TEXTS, "document", 2)
    assert lower.dtype == np.float32
    assert not np.array_equal(lower, exact)
    assert cosines(lower, exact).min() > 0.99
    assert np.array_equal(embed(encoder, TEXTS, "document", 2), exact)


def test_fp32_changes_nothing(encoder):
    with embedding_in(encoder, "fp32"):
        inside = embed(encoder, TEXTS, "query", 2)
    assert np.array_equal(inside, embed(encoder, TEXTS, "query", 2))


def test_an_encoder_in_another_precision_is_another_encoder(encoder):
    names = [encoder_fingerprint(encoder, precision) for precision in get_args(Precision)]
    assert len(set(names)) == 3
    assert names[0] == encoder_fingerprint(encoder)


def test_int8_is_refused_where_there_is_no_transformer():
    model = initial_encoder(make_params(name="static"), ["a text", "another"], 1)
    with pytest.raises(ModelError, match="an encoder with a transformer, on a CPU"):
        with embedding_in(model, "int8"):
            pass


def test_a_missing_package_is_named(encoder, monkeypatch):
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(ModelError, match="pip install 'nncf"):
        with embedding_in(encoder, "int8"):
            pass


def test_bf16_without_instructions_is_warned_about(encoder, monkeypatch, caplog):
    monkeypatch.setattr(precision_module, "has_fast_bf16", lambda: "")
    with embedding_in(encoder, "bf16"):
        pass
    assert "no instructions for bfloat16" in caplog.text
