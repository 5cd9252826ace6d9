import pytest

from hbir.core.errors import ParamsError
from hbir.translation.engines.engine import Segment
from tests.translation.makers import engine_of, translate_params


@pytest.mark.parametrize(
    ("languages", "where"), [({}, "translate.engine"), ({"es": "cldr"}, "translate.languages.es")]
)
def test_a_plain_text_is_told_with_the_key_that_chose_the_engine(languages, where):
    engine = engine_of(translate_params(engine="cldr", languages=languages), "es")
    with pytest.raises(
        ParamsError,
        match=f"^params.yaml: {where}: engine cldr, language es: expected an engine that reads texts",
    ):
        engine.translate([Segment("", "a plain text")])
