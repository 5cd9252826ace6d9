"""Averages of two encoders: number by number, and of two of one kind alone."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer

from hbir.commands.merge import merge
from hbir.core.errors import ModelError
from hbir.core.files import atomic_folder, read_json, write_json
from hbir.core.hashing import file_digest
from hbir.encoding.initial import initial_encoder
from hbir.encoding.merge import Part, average
from hbir.encoding.merged_folder import save_merged
from hbir.encoding.model import load_encoder, prepare_torch, save_encoder
from tests.encoding.builder import STATIC, TINY, make_params
from tests.encoding.test_encoder import TEXTS, saved

NAMES = ("xx", "xy")


@pytest.fixture(scope="module", autouse=True)
def quiet() -> None:
    prepare_torch(1)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pair")
    return saved(folder / "one", seed=1), saved(folder / "other", seed=2)


def merged(pair: tuple[Path, Path], weight: float) -> SentenceTransformer:
    return average(load_encoder(pair[0], "cpu"), load_encoder(pair[1], "cpu"), weight, NAMES)


def contents(folder: Path) -> dict[str, bytes]:
    """Read every file, but for what the library says of how a tokenizer was loaded."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    found = {name: path.read_bytes() for name, path in files.items()}
    for name in found:
        found[name] = found[name].replace(b'"local_files_only": true', b'"local_files_only": false')
    return found


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.9])
def test_every_number_is_the_weighted_mean(pair: tuple[Path, Path], weight: float):
    one, other = (load_file(folder / "model.safetensors") for folder in pair)
    found = merged(pair, weight).state_dict()
    assert len(found) >= len(one)
    for name, tensor in one.items():
        expected = weight * tensor.double().numpy() + (1 - weight) * other[name].double().numpy()
        key = next(key for key in found if key.endswith(name))
        np.testing.assert_allclose(found[key].double().numpy(), expected, rtol=3e-7, atol=1e-8)


@pytest.mark.parametrize(("weight", "same"), [(1, 0), (0, 1), (1.0, 0)])
def test_at_the_ends_it_is_one_of_the_two_bit_for_bit(pair: tuple[Path, Path], tmp_path: Path, weight, same):
    save_encoder(merged(pair, weight), tmp_path)
    assert contents(tmp_path) == contents(pair[same])


def test_what_both_share_stays_as_it_is(pair: tuple[Path, Path], tmp_path: Path):
    """A frozen table of tokens, for example: its mean must not differ in a last digit."""
    save_encoder(merged((pair[0], pair[0]), 0.3), tmp_path)
    assert contents(tmp_path) == contents(pair[0])


def test_a_tied_weight_is_averaged_once():
    class Tied(torch.nn.Module):
        def __init__(self, value: float) -> None:
            super().__init__()
            self.table = torch.nn.Embedding(3, 2)
            self.head = torch.nn.Linear(2, 3, bias=False)
            self.head.weight = self.table.weight
            torch.nn.init.constant_(self.table.weight, value)

    models = [SentenceTransformer(modules=[Tied(value)], device="cpu") for value in (1.0, 0.0)]
    found = average(models[0], models[1], 0.5, NAMES)
    assert found[0].table.weight.tolist() == [[0.5, 0.5]] * 3
    assert found[0].head.weight is found[0].table.weight


def test_half_precision_is_averaged_in_float32():
    def model(value: float) -> SentenceTransformer:
        layer = torch.nn.Linear(1, 1, bias=False).to(torch.bfloat16)
        torch.nn.init.constant_(layer.weight, value)
        return SentenceTransformer(modules=[layer], device="cpu")

    found = average(model(1.0), model(1.0078125), 0.5, NAMES)  # neighbours in bfloat16: the mean rounds to even
    assert found[0].weight.dtype == torch.bfloat16
    assert found[0].weight.item() == 1.0


def test_a_mask_of_minus_infinity_stays_a_mask():
    def model(value: float) -> SentenceTransformer:
        layer = torch.nn.Linear(1, 1)
        layer.register_buffer("mask", torch.tensor([0.0, -torch.inf, torch.inf, value]))
        return SentenceTransformer(modules=[layer], device="cpu")

    found = average(model(1.0), model(3.0), 0.25, NAMES)
    assert found[0].mask.tolist() == [0.0, -torch.inf, torch.inf, 2.5]


def test_whole_numbers_must_be_equal():
    def model(value: int) -> SentenceTransformer:
        layer = torch.nn.Linear(1, 1)
        layer.register_buffer("steps", torch.tensor([value]))
        return SentenceTransformer(modules=[layer], device="cpu")

    average(model(7), model(7), 0.5, NAMES)
    with pytest.raises(
        ModelError, match="models xx and xy: expected two encoders .* found 0.steps, which holds"
    ):
        average(model(7), model(8), 0.5, NAMES)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"tiny": replace(TINY, width=32)}, "hidden_size 16 in xx and 32 in xy"),
        ({"tiny": replace(TINY, layers=2)}, "num_hidden_layers 1 in xx and 2 in xy"),
        ({"tiny": replace(TINY, vocabulary=310)}, "a difference in the tokenizer"),
        ({"normalize": False}, "modules Transformer, Pooling, Normalize in xx and Transformer, Pooling in xy"),
        ({"pooling": "cls"}, "settings of Pooling .*mean.* in xx and .*cls.* in xy"),
        ({"longest": 30}, "a difference in the settings of Transformer"),
        ({"name": "static", "static": STATIC}, "modules "),
    ],
)
def test_encoders_of_two_kinds_are_refused_in_one_line(pair: tuple[Path, Path], changes, found):
    other = initial_encoder(make_params(**changes), TEXTS, 1)
    with pytest.raises(ModelError, match=found) as raised:
        average(load_encoder(pair[0], "cpu"), other, 0.5, NAMES)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


def test_other_tokenizers_and_prompts_are_refused(pair: tuple[Path, Path]):
    texts = ["zzz qqq zzz qqq " * 40, "kkk www kkk www " * 40]
    other = initial_encoder(make_params(), texts, 1)
    with pytest.raises(ModelError, match="found a difference in the tokenizer"):
        average(load_encoder(pair[0], "cpu"), other, 0.5, NAMES)
    other = load_encoder(pair[1], "cpu")
    other.prompts["query"] = "ask: "
    with pytest.raises(ModelError, match="found .*prompts"):
        average(load_encoder(pair[0], "cpu"), other, 0.5, NAMES)


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_a_share_lies_between_0_and_1(pair: tuple[Path, Path], weight: float):
    with pytest.raises(ModelError, match="expected a share from 0 to 1"):
        merged(pair, weight)


def test_the_folder_loads_with_the_library_alone_and_says_what_it_is(pair: tuple[Path, Path], tmp_path: Path):
    model = merged(pair, 0.25)
    with atomic_folder(tmp_path / "m") as folder:
        save_merged(model, folder, "hbir merged-0.25", [Part("xx", 0.25), Part("xy", 0.75)])
    card = (tmp_path / "m" / "README.md").read_text()
    assert "0.25 of `xx` and 0.75 of `xy`" in card
    assert "Nothing was trained" in card
    plain = SentenceTransformer(str(tmp_path / "m"), device="cpu")
    np.testing.assert_allclose(plain.encode_query(TEXTS), model.encode_query(TEXTS), atol=1e-6)


def test_the_command_averages_anybodys_models(pair: tuple[Path, Path], tmp_path: Path):
    out = tmp_path / "out"
    arguments = [str(pair[0]), str(pair[1]), str(out), "--weight", "0.25"]
    result = CliRunner().invoke(merge, arguments, catch_exceptions=False)
    assert result.output == f"merge: {out} is 0.25 of {pair[0]} and 0.75 of {pair[1]}\n"
    with atomic_folder(tmp_path / "expected") as folder:
        save_encoder(merged(pair, 0.25), folder)
    assert file_digest(out / "model.safetensors") == file_digest(tmp_path / "expected/model.safetensors")
    with pytest.raises(ModelError, match="expected an empty folder, found one in use"):
        CliRunner().invoke(merge, arguments, catch_exceptions=False)


def test_the_command_refuses_another_kind(pair: tuple[Path, Path], tmp_path: Path):
    other = shutil.copytree(pair[1], tmp_path / "other")
    config = other / "config_sentence_transformers.json"
    write_json(config, read_json(config) | {"prompts": {"query": "ask: ", "document": ""}})
    with pytest.raises(ModelError, match="expected two encoders that differ in their weights alone"):
        CliRunner().invoke(merge, [str(pair[0]), str(other), str(tmp_path / "out")], catch_exceptions=False)
    assert not (tmp_path / "out").exists()
