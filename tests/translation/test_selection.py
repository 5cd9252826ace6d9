import pytest

from hbir.core.errors import ParamsError
from hbir.translation.selection import select_engines
from tests.translation.makers import translate_params

LANGUAGES = ["de", "en", "es"]


def selected(params, languages):
    return {lang: selection.params.name for lang, selection in select_engines(params, languages).items()}


def test_english_has_no_engine_and_overrides_count():
    given = translate_params(engine="cldr", languages={"es": {"name": "cldr"}})
    assert selected(given, LANGUAGES) == {"de": "cldr", "es": "cldr"}
    assert list(selected(given, ["es", "de"])) == ["es", "de"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engine": "cdlr"}, r"params\.yaml: translate\.engine: .*Did you mean 'cldr'"),
        ({"engine": {"name": "cldr", "speed": 1}}, r"translate\.engine: .*found 'speed'"),
        ({"engine": {}}, r"translate\.engine: expected a `name`"),
        ({"languages": {"es": "cdlr"}}, r"translate\.languages\.es: .*Did you mean 'cldr'"),
        (
            {"languages": {"se": "cldr"}},
            r"translate\.languages: expected one of de, es, found 'se'\. Did you mean",
        ),
        ({"languages": {"en": "cldr"}}, r"translate\.languages: expected one of de, es, found 'en'"),
    ],
)
def test_an_engine_that_is_wrong_for_any_language_is_told(changes, message: str):
    with pytest.raises(ParamsError, match=message):
        selected(translate_params(**changes), LANGUAGES)


@pytest.mark.parametrize(
    ("engine", "key"),
    [
        ({"name": "opus", "model": "x"}, "model"),
        ({"name": "ctranslate2", "family": "opus", "model": "x"}, "model"),
        ({"name": "ctranslate2", "family": "opus", "model": "{lang}", "tokenizer": "x"}, "tokenizer"),
        ({"name": "opus", "model": "{lang}", "token": ">>pol<<"}, "token"),
        ({"name": "apertium", "mode": "eng-cat"}, "mode"),
        ({"name": "glossary", "path": "en-es.txt"}, "path"),
    ],
)
def test_what_is_of_one_language_is_refused_for_several(engine, key):
    told = rf"translate\.engine\.{key}: expected one for each of de, es, found .* for all"
    with pytest.raises(ParamsError, match=told):
        selected(translate_params(engine=engine), LANGUAGES)
    both = {"de": engine, "es": engine}
    with pytest.raises(ParamsError, match=rf"translate\.languages\.de\.{key}: expected one for each of de, es"):
        selected(translate_params(engine="cldr", languages=both), LANGUAGES)
    assert selected(translate_params(engine=engine), ["en", "es"]) == {"es": engine["name"]}
    assert (
        selected(translate_params(engine=engine, languages={"de": "cldr"}), LANGUAGES)["es"] == engine["name"]
    )


@pytest.mark.parametrize(
    ("engine", "languages"),
    [
        ({"name": "opus", "model": "x/{lang}"}, LANGUAGES),
        ({"name": "opus"}, LANGUAGES),
        ({"name": "nllb", "model": "x"}, LANGUAGES),
        ({"name": "ctranslate2", "family": "nllb", "model": "x", "tokenizer": "y"}, LANGUAGES),
        # Told apart by the table's tokens.
        ({"name": "opus", "model": "en-dra"}, ["te", "ta", "en"]),
    ],
)
def test_what_is_of_any_language_may_serve_several(engine, languages):
    assert set(selected(translate_params(engine=engine), languages).values()) == {engine["name"]}


@pytest.mark.parametrize(
    ("languages", "key", "lang"),
    [
        (["en", "pt"], "pt-BR", "pt"),
        (["en", "zh"], "zh_Hans", "zh"),
        (["en", "he"], "iw", "he"),
        (["de"], "DE", "de"),
    ],
)
def test_an_override_may_be_named_by_another_code_of_the_language(languages, key, lang):
    assert selected(translate_params(languages={key: "parallel"}), languages)[lang] == "parallel"
    with pytest.raises(ParamsError, match=rf"expected one engine for '{lang}', found '{key}' and '{lang}'"):
        selected(translate_params(languages={key: "parallel", lang: "parallel"}), languages)


def test_english_of_a_region_is_not_translated():
    assert selected(translate_params(), ["en-GB", "de"]) == {"de": "cldr"}
