import pytest

from hbir.core.errors import ParamsError
from hbir.translation.choice import chosen
from tests.translation.given import translate_params

LANGUAGES = ["de", "en", "es"]


def test_english_has_no_engine_and_overrides_count():
    given = translate_params(engine="cldr", languages={"es": {"name": "cldr"}})
    assert chosen(given, LANGUAGES) == {"de": "cldr", "es": "cldr"}
    assert list(chosen(given, ["es", "de"])) == ["es", "de"]


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
        chosen(translate_params(**changes), LANGUAGES)
