import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from hbir.core.errors import LanguageError, ModelError, ParamsError
from hbir.translation.engines import ct2, sentence_model
from hbir.translation.engines.converted import conversion
from hbir.translation.engines.ct2 import Ct2Params, Ct2Translator
from hbir.translation.engines.engine import Unfinished
from hbir.translation.engines.families import FAMILIES
from hbir.translation.engines.neural import NeuralParams, NeuralTranslator, OpusParams
from hbir.translation.engines.registry import ENGINES
from tests.translation.engines.models import MAKERS, SENTENCES, marian
from tests.translation.makers import assignment

pytest.importorskip("ctranslate2", reason="ctranslate2 is not installed")


def converted(model: Path, family: str, folder: Path) -> Path:
    """Run the converter in this process, in full precision."""
    from ctranslate2.converters import TransformersConverter

    copied = list(FAMILIES[family].files)
    return Path(TransformersConverter(str(model), copy_files=copied).convert(str(folder)))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    made = tmp_path_factory.mktemp("models")
    # A converted model does not say how many positions it has: those of its family.
    sizes = {"opus": 512, "nllb": 1024, "m2m100": 1024}
    options = {name: {"max_position_embeddings": size} for name, size in sizes.items()}
    return {name: make(made / name, **options.get(name, {})) for name, make in MAKERS.items()}


@pytest.fixture(scope="module")
def folders(models):
    return {name: converted(path, name, path.with_name(f"{name}-ct2")) for name, path in models.items()}


def translator(family: Any, folder: Path, target: str = "de", **options) -> Ct2Translator:
    usual: dict[str, Any] = {"compute": "float32", "beams": 1, "max_tokens": 64}
    params = Ct2Params(name="ctranslate2", model=str(folder), family=family, **usual | options)
    return Ct2Translator(params, assignment(target))


@pytest.mark.parametrize("family", MAKERS)
def test_same_as_transformers(models, folders, family):
    kind = OpusParams if family == "opus" else NeuralParams
    plain = NeuralTranslator(
        kind(name=family, model=str(models[family]), beams=1, max_tokens=64), assignment("de")
    )
    fast = translator(family, folders[family])
    assert fast.lengths(SENTENCES) == plain.lengths(SENTENCES)
    for ours, theirs in zip(fast.translate(SENTENCES), plain.translate(SENTENCES), strict=True):
        # Transformers puts an end to what never ends, one token before CTranslate2 stops.
        assert ours.startswith(theirs)
        assert len(ours) - len(theirs) <= 8


@pytest.mark.parametrize("family", MAKERS)
def test_alike_alone_and_in_company(folders, family):
    engine = translator(family, folders[family])
    together = engine.translate(SENTENCES)
    assert len(set(together)) > 1
    assert engine.translate(SENTENCES[::-1]) == together[::-1]
    assert [engine.translate([text])[0] for text in SENTENCES] == together


def test_the_documented_command(tmp_path, models, monkeypatch):
    from ctranslate2.converters.transformers import main

    folder = tmp_path / "a folder"
    command = shlex.split(conversion(FAMILIES["opus"], Path("FOLDER"), "de", str(models["opus"])).strip("`"))
    assert command[0] == "ct2-transformers-converter"
    command[command.index("FOLDER")] = str(folder)
    monkeypatch.setattr(sys, "argv", command)
    main()
    engine = translator("opus", folder, compute="auto", beams=4)
    assert len(engine.translate(SENTENCES)) == len(SENTENCES)
    assert engine._model.compute_type in ("int8_float32", "int8_float16", "int8", "float16")


def test_the_command_is_in_the_docs():
    docs = Path("docs/engines.md").read_text(encoding="utf-8")
    for family in FAMILIES.values():
        assert f"--copy_files {' '.join(family.files)}" in docs


def test_a_tokenizer_elsewhere(models, folders, tmp_path):
    for name in ("model.bin", "config.json", "shared_vocabulary.json"):
        (tmp_path / name).write_bytes((folders["opus"] / name).read_bytes())
    with pytest.raises(ModelError, match=r"no source.spm.*set `tokenizer`.*ct2-transformers-converter"):
        translator("opus", tmp_path)
    engine = translator("opus", tmp_path, tokenizer=str(models["opus"]))
    assert engine.translate(SENTENCES) == translator("opus", folders["opus"]).translate(SENTENCES)


def test_a_model_with_several_targets(tmp_path):
    model = marian(tmp_path / "many", targets=(">>tel<<", ">>tam<<"), max_position_embeddings=512)
    folder = converted(model, "opus", tmp_path / "ct2")
    telugu, tamil = (translator("opus", folder, target) for target in ("te", "ta"))
    assert telugu.translate(SENTENCES) != tamil.translate(SENTENCES)
    with pytest.raises(LanguageError, match=">>tam<<"):
        translator("opus", folder, "de").translate(SENTENCES)
    assert translator("opus", folder, "de", token=">>tam<<").translate(SENTENCES) == tamil.translate(SENTENCES)


def test_a_long_sentence_loses_its_end(folders):
    engine = translator("nllb", folders["nllb"], max_tokens=12)
    assert engine.limit == 12
    assert engine.translate([SENTENCES[2]]) == engine.translate([f"{SENTENCES[2]} And more."])


def test_max_tokens_is_checked_and_does_not_cut_the_translation(folders, monkeypatch):
    with pytest.raises(ParamsError, match="max_tokens: expected at most 512, found 513"):
        translator("opus", folders["opus"], max_tokens=513)
    engine = translator("nllb", folders["nllb"], max_tokens=12)
    asked = []

    class Model:
        def translate_batch(self, tokens, **options):
            asked.append(options["max_decoding_length"])
            return [type("Result", (), {"hypotheses": [["deu_Latn", "a", "b"]]})()]

    monkeypatch.setattr(Ct2Translator, "_model", Model())
    engine.translate([SENTENCES[2]])
    assert asked == [3 * 12 + 32]


def test_a_translation_that_fills_its_room_is_unfinished(folders, monkeypatch):
    monkeypatch.setattr(sentence_model, "room", lambda tokens, positions: 4)
    found = translator("opus", folders["opus"])._sentence
    assert isinstance(found(["▁a"] * 4, 4), Unfinished)
    assert not isinstance(found(["▁a"] * 3, 4), Unfinished)
    short = translator("opus", folders["opus"]).translate(SENTENCES)
    assert any(isinstance(text, Unfinished) for text in short)


def test_the_tokenizer_is_hashed_once(models, folders, tmp_path, monkeypatch):
    hashed = []

    def model_digest(folder, patterns):
        hashed.append(folder)
        return "digest"

    monkeypatch.setattr(ct2, "model_digest", model_digest)
    assert translator("opus", folders["opus"]).identity["tokenizer"] is None
    assert hashed == [folders["opus"]]
    apart = translator("opus", folders["opus"], tokenizer=str(models["opus"]))
    assert apart.identity["tokenizer"] == "digest"
    assert hashed[1:] == [models["opus"], folders["opus"]]


def test_auto_comes_to_something(folders, monkeypatch):
    import ctranslate2

    auto, chosen = (translator("opus", folders["opus"], compute=name) for name in ("auto", "float32"))
    for count, usual in ((0, "int8"), (1, "float16")):
        monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda count=count: count)
        assert (auto.arithmetic, chosen.arithmetic) == (usual, "float32")


def test_identity(folders):
    first = translator("opus", folders["opus"]).identity
    assert first["engine"] == "ctranslate2"
    assert translator("opus", folders["opus"]).identity == first
    for options in ({"beams": 2}, {"compute": "int8"}, {"max_tokens": 20}):
        assert translator("opus", folders["opus"], **options).identity != first


def test_making_one_loads_nothing(folders, monkeypatch):
    monkeypatch.setattr("hbir.translation.engines.tokens.SentenceTokenizer.tokenizer", property(pytest.fail))
    monkeypatch.setattr(Ct2Translator, "_model", property(pytest.fail))
    assert translator("m2m100", folders["m2m100"]).identity["token"] == "__de__"


def test_missing_models(tmp_path, models):
    with pytest.raises(
        ModelError, match=r"found none. Convert one: `ct2-.* --model Helsinki-NLP/opus-mt-en-zlw --out"
    ):
        translator("opus", tmp_path / "nowhere", "pl")
    with pytest.raises(ModelError, match="a model that was not converted"):
        translator("opus", models["opus"])


@pytest.mark.parametrize(
    ("family", "model", "folder"),
    [
        ("opus", "Helsinki-NLP/opus-mt-en-zlw", "data/engines/{lang}-ct2"),
        ("nllb", "facebook/nllb-200-distilled-600M", "data/engines/nllb-ct2"),
    ],
)
def test_no_model_is_told_with_the_command_that_makes_one(family, model, folder):
    with pytest.raises(ModelError, match="expected a `model`, found null") as caught:
        Ct2Translator(Ct2Params(name="ctranslate2", family=family), assignment("pl"))
    assert f"--model {model} --output_dir {folder.replace('{lang}', 'pl')} " in caught.value.hint
    assert caught.value.hint.endswith(f"set `model: {folder}`.")


def test_a_language_without_a_model_of_its_own(folders, tmp_path):
    with pytest.raises(ModelError, match="--model <model> "):
        translator("opus", tmp_path / "nowhere", "ko")


def test_one_model_for_another_language_is_told_at_once(folders):
    with pytest.raises(LanguageError, match="translates into 'es', found `target_lang` 'deu'"):
        translator("opus", folders["opus"], "es")


def test_missing_package(folders, monkeypatch):
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(ModelError, match=r"pip install 'hbir\[translate\]'"):
        translator("opus", folders["opus"])


def test_unknown_language(folders):
    with pytest.raises(LanguageError, match="Use nllb or opus or madlad"):
        translator("m2m100", folders["m2m100"], "te")
    with pytest.raises(LanguageError, match="'de'"):
        translator("opus", folders["opus"], "deu")


def test_a_broken_model(tmp_path, folders):
    for path in folders["opus"].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.bin").write_bytes(b"broken")
    with pytest.raises(ModelError, match="convert the model again"):
        translator("opus", tmp_path).translate(SENTENCES)


def test_the_registry(folders):
    kind, params = ENGINES.parse(
        {"name": "ctranslate2", "model": str(folders["opus"]), "family": "opus"}, "params.yaml"
    )
    assert kind is ENGINES["ctranslate2"]
    assert kind.make(params, assignment("de")).limit == 512


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("ctranslate2", "expected a value"),
        ({"name": "ctranslate2", "model": "m"}, "family: expected a value"),
        ({"name": "ctranslate2", "model": "m", "family": "bart"}, "'nllb', 'm2m100', 'opus' or 'madlad'"),
        ({"name": "ctranslate2", "model": "m", "family": "opus", "compute": "int4"}, "compute"),
    ],
)
def test_bad_entries(entry, told):
    with pytest.raises(ParamsError, match=told):
        ENGINES.parse(entry, "params.yaml")


def test_a_model_that_does_not_run_is_told(folders, monkeypatch):
    class Model:
        def translate_batch(self, tokens, **options):
            raise RuntimeError("CUDA failed with error out of memory")

    engine = translator("opus", folders["opus"])
    monkeypatch.setattr(Ct2Translator, "_model", Model())
    with pytest.raises(ModelError, match="out of memory. Lower `translate.batch_tokens`"):
        engine.translate(SENTENCES)


def test_a_converted_model_of_another_family_is_told(folders):
    with pytest.raises(ModelError, match="a tokenizer of opus in .*NllbTokenizer, which is nllb's"):
        translator("opus", folders["nllb"])
