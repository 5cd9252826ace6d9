import json

import pytest

from hbir.core.errors import LanguageError, ModelError
from hbir.core.model_folder import model_digest, require_files
from hbir.translation.engines.families import FAMILIES, read_family_config
from hbir.translation.engines.targets import check_target

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
        (tmp_path / name).touch()
    require_files(tmp_path, family.files, WHERE, "Do it.")
    for name in family.files:
        (tmp_path / name).unlink()
        with pytest.raises(ModelError, match=rf"found no {name}\. Do it\."):
            require_files(tmp_path, family.files, WHERE, "Do it.")
        (tmp_path / name).touch()


def test_a_model_of_another_language_is_refused(tmp_path):
    opus(tmp_path, target_lang="de")
    check_target(tmp_path, "de", WHERE)
    with pytest.raises(LanguageError, match=r"translates into 'es', found `target_lang` 'de'.*`{lang}`"):
        check_target(tmp_path, "es", WHERE)


@pytest.mark.parametrize(("told", "target"), [("deu", "de"), ("zho", "zh"), ("jap", "ja"), ("cmn_Hans", "zh")])
def test_other_names_of_a_language(tmp_path, told, target):
    check_target(opus(tmp_path, target_lang=told), target, WHERE)


def test_models_that_do_not_say_or_know_several(tmp_path):
    check_target(opus(tmp_path), "es", WHERE)
    check_target(opus(tmp_path, (">>tel<<", ">>tam<<"), target_lang="dra"), "te", WHERE)
    with pytest.raises(LanguageError):
        check_target(opus(tmp_path, (">>tel<<",), target_lang="fr"), "te", WHERE)
