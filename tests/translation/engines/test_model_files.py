import json

import pytest

from hbir.core.errors import LanguageError, ModelError
from hbir.core.model_folder import model_digest
from hbir.translation.engines.families import FAMILIES
from hbir.translation.engines.model_files import (
    check_generation_config,
    positions_of,
    read_family_config,
    require_tokenizer,
)
from hbir.translation.engines.targets import check_languages

WHERE = "engine x"


def opus(folder, targets=(), **config):
    (folder / "vocab.json").write_text(
        json.dumps({token: i for i, token in enumerate(["</s>", "a", *targets])})
    )
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def test_only_files_that_decide_count(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"1")
    (tmp_path / "config.json").write_text("{}")
    before = model_digest(tmp_path)
    (tmp_path / "README.md").write_text("read")
    (tmp_path / ".hidden.json").write_text("{}")
    cache = tmp_path / ".cache" / "huggingface"
    cache.mkdir(parents=True)
    (cache / "config.json").write_text("{}")
    assert model_digest(tmp_path) == before
    (tmp_path / "generation_config.json").write_text("{}")
    after = model_digest(tmp_path)
    assert after != before
    (tmp_path / "model.safetensors").write_bytes(b"2")
    assert model_digest(tmp_path) not in (before, after)
    (tmp_path / "model.bin").write_bytes(b"3")
    assert model_digest(tmp_path, ("model.bin",)) != model_digest(tmp_path)


@pytest.mark.parametrize(
    ("family", "kind", "fits"),
    [
        ("nllb", "m2m_100", True),
        ("nllb", "nllb-moe", True),
        ("nllb", "marian", False),
        ("m2m100", "m2m_100", True),
        ("opus", "marian", True),
        ("opus", "m2m_100", False),
        ("madlad", "t5", True),
        ("madlad", "mt5", False),
        ("opus", None, False),
    ],
)
def test_the_architecture_is_the_familys(tmp_path, family, kind, fits):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}))
    if fits:
        assert read_family_config(tmp_path, FAMILIES[family], WHERE) == {"model_type": kind}
        return
    with pytest.raises(ModelError, match=rf"a model of {family}, .*found `model_type` {kind}"):
        read_family_config(tmp_path, FAMILIES[family], WHERE)


def test_a_config_that_is_missing_or_broken(tmp_path):
    with pytest.raises(ModelError, match="config.json"):
        read_family_config(tmp_path, FAMILIES["opus"], WHERE)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match="JSON"):
        read_family_config(tmp_path, FAMILIES["opus"], WHERE)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_every_file_of_the_tokenizer_must_be_there(tmp_path, family):
    for name in family.files:
        (tmp_path / name).write_text("{}")
    require_tokenizer(tmp_path, family, WHERE, "Do it.")
    for name in family.files:
        (tmp_path / name).unlink()
        with pytest.raises(ModelError, match=rf"found no {name}\. Do it\."):
            require_tokenizer(tmp_path, family, WHERE, "Do it.")
        (tmp_path / name).write_text("{}")


def test_a_model_of_another_language_is_refused(tmp_path):
    opus(tmp_path, target_lang="de")
    check_languages(tmp_path, "de", WHERE)
    with pytest.raises(LanguageError, match=r"translates into 'es', found `target_lang` 'de'.*`{lang}`"):
        check_languages(tmp_path, "es", WHERE)


@pytest.mark.parametrize(("told", "target"), [("deu", "de"), ("zho", "zh"), ("jap", "ja"), ("cmn_Hans", "zh")])
def test_other_names_of_a_language(tmp_path, told, target):
    check_languages(opus(tmp_path, target_lang=told), target, WHERE)


def test_models_that_do_not_say_or_know_several(tmp_path):
    check_languages(opus(tmp_path), "es", WHERE)
    check_languages(opus(tmp_path, (">>tel<<", ">>tam<<"), target_lang="dra"), "te", WHERE)
    with pytest.raises(LanguageError):
        check_languages(opus(tmp_path, (">>tel<<",), target_lang="fr"), "te", WHERE)


@pytest.mark.parametrize(
    ("source", "fits"), [("eng", True), ("en_GB", True), ("gem", True), (None, True), ("deu", False)]
)
def test_a_model_from_another_language_is_refused(tmp_path, source, fits):
    opus(tmp_path, source_lang=source, target_lang="es")
    if fits:
        check_languages(tmp_path, "es", WHERE)
        return
    with pytest.raises(LanguageError, match="from English, found `source_lang` 'deu'"):
        check_languages(tmp_path, "es", WHERE)


@pytest.mark.parametrize(
    ("family", "named", "fits"),
    [
        ("nllb", "NllbTokenizerFast", True),
        ("nllb", "M2M100Tokenizer", False),
        ("m2m100", "NllbTokenizer", False),
        ("m2m100", "SMALL100Tokenizer", True),
        ("madlad", "T5Tokenizer", True),
        ("opus", "T5TokenizerFast", False),
    ],
)
def test_the_tokenizer_is_the_familys(tmp_path, family, named, fits):
    for name in FAMILIES[family].files:
        (tmp_path / name).write_text("{}")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": named}))
    if fits:
        require_tokenizer(tmp_path, FAMILIES[family], WHERE, "Do it.")
        return
    with pytest.raises(ModelError, match=f"a tokenizer of {family} in .*`tokenizer_class` {named}, which is"):
        require_tokenizer(tmp_path, FAMILIES[family], WHERE, "Do it.")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_broken_settings_of_a_model_are_not_passed_over(tmp_path, text):
    check_generation_config(tmp_path, WHERE)
    (tmp_path / "generation_config.json").write_text(text)
    with pytest.raises(ModelError, match="generation_config.json: expected the JSON"):
        check_generation_config(tmp_path, WHERE)


def test_positions_that_are_no_number(tmp_path):
    assert positions_of({}, FAMILIES["opus"], WHERE) == 512
    assert positions_of({"max_position_embeddings": 64}, FAMILIES["opus"], WHERE) == 64
    with pytest.raises(ModelError, match="config.json: expected `max_position_embeddings` .*found 'many'"):
        positions_of({"max_position_embeddings": "many"}, FAMILIES["opus"], WHERE)
