from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from hbir.core.errors import LanguageError, ModelError, ParamsError
from hbir.translation.engines import sentence_model
from hbir.translation.engines.engine import Segment, Unfinished
from hbir.translation.engines.families import FAMILIES
from hbir.translation.engines.neural import NeuralParams, NeuralTranslator, OpusParams
from hbir.translation.engines.registry import ENGINES
from hbir.translation.engines.tokens import room
from hbir.translation.memory.memorised import MemorisedEngine
from hbir.translation.memory.memory import Memory
from tests.translation.engines.models import MAKERS, SENTENCES, marian
from tests.translation.makers import assignment

FORCED = {"nllb": "deu_Latn", "m2m100": "__de__"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = tmp_path_factory.mktemp("models")
    return {name: make(made / name) for name, make in MAKERS.items()}


def translator(name: str, folder: Path, target: str = "de", **options) -> NeuralTranslator:
    kind = OpusParams if name == "opus" else NeuralParams
    return NeuralTranslator(kind(name=name, model=str(folder), **options), assignment(target))


@pytest.fixture
def short(monkeypatch):
    """Give a translation less room, still by its source's length; random weights never come to an end."""
    monkeypatch.setattr(sentence_model, "room", lambda tokens, positions: room(tokens, positions) // 4)


def generated(engine: NeuralTranslator, monkeypatch) -> list[dict[str, Any]]:
    """Record what the model is asked and what it answers."""
    calls: list[dict[str, Any]] = []
    real = engine._model.generate

    def spy(**options):
        found = real(**options)
        calls.append({**options, "found": found})
        return found

    monkeypatch.setattr(engine._model, "generate", spy)
    return calls


@pytest.mark.parametrize("name", MAKERS)
def test_every_family_translates_alike_alone_and_in_company(folders, name, short):
    engine = translator(name, folders[name], beams=1)
    together = engine.translate(SENTENCES)
    assert len(together) == len(SENTENCES)
    assert len(set(together)) > 1
    assert engine.translate(SENTENCES) == together
    assert [engine.translate([text])[0] for text in SENTENCES] == together
    assert engine.translate(SENTENCES[::-1]) == together[::-1]


@pytest.mark.parametrize("name", FORCED)
def test_the_target_language_is_forced_and_left_out(folders, name, monkeypatch):
    engine = translator(name, folders[name])
    calls = generated(engine, monkeypatch)
    found = engine.translate(SENTENCES[:3])
    tokenizer = engine._tokens.tokenizer
    rows = calls[0]["found"].tolist()
    assert [tokenizer.convert_ids_to_tokens(row[:2]) for row in rows] == [["</s>", FORCED[name]]] * 3
    sources = calls[0]["input_ids"][:, 0].tolist()
    assert tokenizer.convert_ids_to_tokens(sources) == [{"nllb": "eng_Latn", "m2m100": "__en__"}[name]] * 3
    assert not any(FORCED[name] in text for text in found)


def test_two_targets_of_one_model_differ(folders):
    german, thai = (translator("nllb", folders["nllb"], target) for target in ("de", "th"))
    assert german.translate(SENTENCES) != thai.translate(SENTENCES)
    assert german.identity["token"] != thai.identity["token"]


@pytest.mark.parametrize("name", ["opus", "madlad"])
def test_the_target_language_stands_before_the_source(tmp_path, folders, name, monkeypatch):
    folder = folders[name] if name == "madlad" else marian(tmp_path / "many", (">>tel<<", ">>tam<<"))
    engine = translator(name, folder, target="te")
    calls = generated(engine, monkeypatch)
    engine.translate(SENTENCES[:2])
    first = engine._tokens.tokenizer.convert_ids_to_tokens(calls[0]["input_ids"][:, 0].tolist())
    assert first == [{"opus": ">>tel<<", "madlad": "<2te>"}[name]] * 2
    assert "forced_bos_token_id" not in calls[0]


def test_a_translation_ends_at_its_end(folders, monkeypatch):
    engine = translator("opus", folders["opus"])
    tokenizer = engine._tokens.tokenizer
    words = tokenizer("Lima.", add_special_tokens=False)["input_ids"]
    row = [tokenizer.pad_token_id, *words, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * 3]
    monkeypatch.setattr(engine._model, "generate", lambda **options: torch.tensor([row]))
    assert engine.translate(["x"]) == ["Lima."]


def answering(engine: NeuralTranslator, monkeypatch, rows: list[list[int]]) -> None:
    monkeypatch.setattr(engine._model, "generate", lambda **options: torch.tensor(rows))


def test_a_translation_that_fills_its_room_is_unfinished(folders, monkeypatch):
    engine = translator("opus", folders["opus"])
    tokenizer = engine._tokens.tokenizer
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    room = 3 * engine.lengths(["x"])[0] + 32
    word = tokenizer("Lima", add_special_tokens=False)["input_ids"][-1]
    # Marian is made to put an end into the last place.
    for row, unfinished in (
        ([word] * (room - 1) + [end], True),
        ([word] * room, True),
        ([word] * room + [word, end], True),
        ([word] * (room - 2) + [end, pad], False),
    ):
        answering(engine, monkeypatch, [[pad, *row]])
        [found] = engine.translate(["x"])
        assert isinstance(found, Unfinished) is unfinished, row


def test_max_tokens_does_not_cut_the_translation(folders, monkeypatch):
    engine = translator("madlad", folders["madlad"], beams=1, max_tokens=12)
    calls = generated(engine, monkeypatch)
    engine.translate([SENTENCES[2]])
    assert calls[0]["max_new_tokens"] == 3 * 12 + 32
    bound = translator("nllb", folders["nllb"], beams=1, max_tokens=12)
    calls = generated(bound, monkeypatch)
    bound.translate([SENTENCES[2]])
    assert calls[0]["max_new_tokens"] == 63


def test_unfinished_translations_are_counted_as_truncated(folders, tmp_path):
    translations = {"One.": "Uno.", "Two.": Unfinished("Dos dos dos")}

    class Stopping:
        identity, limit = {"engine": "x"}, None

        def lengths(self, texts):
            return [1 for _ in texts]

        def translate(self, texts):
            return [translations[text] for text in texts]

    for _ in range(2):
        engine = MemorisedEngine("x", Stopping(), Memory(tmp_path / "es.sqlite"), "es", batch_tokens=10)
        assert engine.translate([Segment("", "One."), Segment("", "Two.")]) == ["Uno.", "Dos dos dos"]
        assert engine.truncated == 1


def test_a_loop_is_stopped_by_the_length_of_its_source(folders, monkeypatch):
    engine = translator("madlad", folders["madlad"], beams=1)
    calls = generated(engine, monkeypatch)
    engine.translate(["Lima.", SENTENCES[2]])
    lengths = engine.lengths(["Lima.", SENTENCES[2]])
    assert calls[0]["max_new_tokens"] == 3 * max(lengths) + 32
    assert calls[0]["found"].shape[1] <= 1 + 3 * max(lengths) + 32


def test_a_long_sentence_loses_its_end(folders):
    engine = translator("opus", folders["opus"], max_tokens=12)
    assert engine.limit == 12
    assert engine.lengths([SENTENCES[2]])[0] > 12
    cut = SENTENCES[2][:30]
    assert engine.translate([SENTENCES[2]]) == engine.translate([cut + "xyz"])


def test_options(folders, monkeypatch):
    engine = translator("opus", folders["opus"], beams=3)
    calls = generated(engine, monkeypatch)
    engine.translate(SENTENCES[:1])
    assert calls[0]["num_beams"] == 3
    plain = translator("opus", folders["opus"])
    assert "num_beams" not in plain._options
    assert plain._model.dtype == torch.float32
    assert translator("opus", folders["opus"], precision="bf16")._model.dtype == torch.bfloat16


def test_identity_is_of_files_and_options(folders):
    first = translator("opus", folders["opus"]).identity
    assert set(first) == {"engine", "rules", "files", "token", "beams", "max_tokens", "precision"}
    assert translator("opus", folders["opus"]).identity == first
    assert translator("opus", folders["opus"], beams=2).identity != first
    assert translator("opus", folders["opus"], max_tokens=20).identity != first


def test_identity_of_the_hub_is_its_commit(folders, monkeypatch):
    from hbir.core.hub.models import Snapshot

    commit = "0123456789" * 4
    found = Snapshot(folders["nllb"], commit)
    monkeypatch.setattr("hbir.translation.engines.neural.snapshot", lambda *args: found)
    identity = NeuralTranslator(NeuralParams(name="nllb"), assignment("de")).identity
    assert identity["model"] == FAMILIES["nllb"].model
    assert identity["revision"] == commit
    assert "files" not in identity


def test_making_one_loads_nothing(folders, monkeypatch):
    monkeypatch.setattr("hbir.translation.engines.tokens.SentenceTokenizer.tokenizer", property(pytest.fail))
    monkeypatch.setattr(NeuralTranslator, "_model", property(pytest.fail))
    engine = translator("nllb", folders["nllb"])
    assert engine.limit == 64
    assert engine.identity["token"] == "deu_Latn"


def test_a_model_per_language(tmp_path):
    config = marian(tmp_path / "from-en-to-fi") / "tokenizer_config.json"
    config.write_text(config.read_text(encoding="utf-8").replace('"deu"', '"fin"'))
    assert translator("opus", tmp_path / "from-en-to-{lang}", target="fi").limit == 64
    with pytest.raises(ModelError, match="from-en-to-de"):
        translator("opus", tmp_path / "from-en-to-{lang}", target="de")


@pytest.mark.parametrize(
    ("name", "target", "told"),
    [
        ("opus", "ko", "one of the .* languages that opus knows.*Use nllb or m2m100 or madlad"),
        ("m2m100", "te", "m2m100 knows.*Use nllb or opus or madlad"),
        ("nllb", "deu", "Did you mean 'de'"),
        ("nllb", "qqq", "ISO 639-1"),
    ],
)
def test_unknown_languages(name, target, told):
    params = OpusParams(name=name) if name == "opus" else NeuralParams(name=name)
    with pytest.raises(LanguageError, match=told):
        NeuralTranslator(params, assignment(target))


def test_a_model_that_does_not_know_a_language_of_its_family(tmp_path, folders):
    engine = translator("madlad", folders["madlad"], target="fr")
    engine._tokens._wanted = "<2xx>"
    with pytest.raises(LanguageError, match="<2xx>"):
        engine.translate(SENTENCES)


def test_pickled_weights_are_refused(tmp_path):
    folder = marian(tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model.bin alone.*python -m hbir convert"):
        translator("opus", folder)


@pytest.mark.parametrize("name", MAKERS)
def test_a_missing_tokenizer_is_told_at_once(name, tmp_path, folders):
    for path in folders[name].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    first = FAMILIES[name].files[0]
    (tmp_path / first).unlink()
    with pytest.raises(ModelError, match=f"found no {first}. Put the model's own files there"):
        translator(name, tmp_path)


def test_a_model_of_another_family_is_told_at_once(folders):
    with pytest.raises(
        ModelError, match=r"a model of nllb, `model_type` m2m_100 or nllb-moe, .* `model_type` marian"
    ):
        translator("nllb", folders["opus"])


def test_one_model_for_another_language_is_told_at_once(folders):
    assert translator("opus", folders["opus"]).identity["token"] is None
    with pytest.raises(LanguageError, match="translates into 'es', found `target_lang` 'deu'"):
        translator("opus", folders["opus"], "es")


def test_other_rules_are_another_identity(folders, monkeypatch):
    before = translator("opus", folders["opus"]).identity
    monkeypatch.setattr("hbir.translation.engines.neural.RULES", 2)
    assert translator("opus", folders["opus"]).identity == {**before, "rules": 2}


def test_a_readme_is_no_other_model(tmp_path):
    folder = marian(tmp_path / "m")
    before = translator("opus", folder).identity
    (folder / "README.md").write_text("new")
    assert translator("opus", folder).identity == before


def test_auto_comes_to_something(folders, monkeypatch):
    made = {name: translator("opus", folders["opus"], precision=name) for name in ("auto", "bf16", "fp32")}
    for there, usual in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert {name: one.arithmetic for name, one in made.items()} == {
            "bf16": "bf16",
            "fp32": "fp32",
            "auto": usual,
        }


def test_missing_models(tmp_path, folders, monkeypatch):
    with pytest.raises(ModelError, match="no .*nowhere here"):
        translator("nllb", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="safetensors"):
        translator("nllb", tmp_path / "empty")
    (tmp_path / "empty" / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="config.json"):
        translator("nllb", tmp_path / "empty")


def test_broken_weights(tmp_path):
    folder = marian(tmp_path / "m")
    weights = load_file(folder / "model.safetensors")
    del weights["model.decoder.layers.1.fc1.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match="no weights for model.decoder.layers.1.fc1.weight"):
        translator("opus", folder).translate(SENTENCES)
    (folder / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelError, match="a model that translates"):
        translator("opus", folder).translate(SENTENCES)


def test_more_tokens_than_the_model_takes(folders):
    with pytest.raises(ParamsError, match="at most 64"):
        translator("opus", folders["opus"], max_tokens=65)


@pytest.mark.parametrize("name", MAKERS)
def test_the_registry_has_every_family(folders, name):
    kind, params = ENGINES.parse({"name": name, "model": str(folders[name])}, "params.yaml")
    assert kind is ENGINES[name]
    assert kind.make(params, assignment("de")).identity["engine"] == name


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"name": "opus", "beam": 4}, "Did you mean 'beams'"),
        ({"name": "opus", "beams": 0}, "greater than or equal to 1"),
        ({"name": "nllb", "token": ">>deu<<"}, "token"),
        ({"name": "nllb", "precision": "fp16"}, "'auto', 'fp32' or 'bf16'"),
        ("nlb", "Did you mean 'nllb'"),
    ],
)
def test_bad_entries(entry, told):
    with pytest.raises(ParamsError, match=told):
        ENGINES.parse(entry, "params.yaml")


@pytest.mark.parametrize("name", FAMILIES)
def test_beams_find_the_same_where_the_encoders_part_is_copied(folders, name, short, monkeypatch):
    from transformers import DynamicCache, EncoderDecoderCache

    engine = translator(name, folders[name], beams=4)
    found = engine.translate(SENTENCES)
    copying = lambda: EncoderDecoderCache(DynamicCache(), DynamicCache())  # noqa: E731
    monkeypatch.setattr("hbir.translation.engines.neural.beam_cache", copying)
    assert engine.translate(SENTENCES) == found


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
            "Lower `translate.batch_tokens`",
        ),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
            "Lower `translate.batch_tokens`",
        ),
        (IndexError("index out of range in self"), "do not fit each other: fetch all of them again"),
        (ValueError("`decoder_start_token_id` has to be defined"), "do not fit each other"),
    ],
)
def test_a_model_that_does_not_run_is_told(folders, monkeypatch, error, hint):
    engine = translator("opus", folders["opus"])

    def fail(**options):
        raise error

    monkeypatch.setattr(engine._model, "generate", fail)
    with pytest.raises(
        ModelError, match=f"expected a model that translates, found {type(error).__name__}: .*{hint}"
    ):
        engine.translate(SENTENCES)


def test_the_folder_of_another_language_is_told_though_its_path_has_the_language(folders, tmp_path):
    (tmp_path / "es").symlink_to(folders["opus"])
    with pytest.raises(LanguageError, match="translates into 'es', found `target_lang` 'deu'"):
        translator("opus", tmp_path / "{lang}", "es")
