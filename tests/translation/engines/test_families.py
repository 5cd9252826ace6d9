import pytest

from hbir.core.errors import LanguageError
from hbir.core.languages import LANGUAGES
from hbir.translation.engines.families import FAMILIES
from hbir.translation.engines.targets import code_of, is_named_opus, model_of, token_of

WHERE = "engine x"


@pytest.mark.parametrize(("family", "code"), [("nllb", "deu_Latn"), ("m2m100", "__de__"), ("madlad", "<2de>")])
def test_codes(family, code):
    assert code_of(FAMILIES[family], "de", WHERE) == token_of(FAMILIES[family], "de", None, WHERE) == code


def test_models():
    opus, nllb = FAMILIES["opus"], FAMILIES["nllb"]
    assert model_of(opus, None, "de", WHERE) == "Helsinki-NLP/opus-mt-en-de"
    assert model_of(opus, "mine/{lang}", "de", WHERE) == "mine/de"
    assert model_of(nllb, None, "de", WHERE) == "facebook/nllb-200-distilled-600M"


def test_only_group_models_of_opus_have_a_token():
    opus = FAMILIES["opus"]
    assert token_of(opus, "de", None, WHERE) is None
    assert token_of(opus, "te", None, WHERE) == ">>tel<<"
    assert token_of(opus, "te", ">>own<<", WHERE) == ">>own<<"


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_language_that_the_family_lacks(family):
    lacking = {"nllb": "br", "m2m100": "te", "opus": "ko", "madlad": "ast"}[family.name]
    with pytest.raises(LanguageError, match=family.name) as caught:
        model_of(family, None, lacking, WHERE) if family.name == "opus" else code_of(family, lacking, WHERE)
    others = [name for name, other in FAMILIES.items() if other.code(LANGUAGES[lacking])]
    assert others
    assert all(name in caught.value.hint for name in others)


def test_an_unknown_language_is_said_for_any_model():
    with pytest.raises(LanguageError, match="'de'"):
        model_of(FAMILIES["nllb"], "mine", "deu", WHERE)


@pytest.mark.parametrize(
    ("family", "model", "token", "fixed"),
    [
        ("opus", "mine", None, True),
        ("opus", "mine/{lang}", None, True),
        ("opus", "mine", ">>deu<<", False),
        ("opus", None, None, False),
        ("nllb", "mine", None, False),
    ],
)
def test_a_model_of_opus_that_the_user_named(family, model, token, fixed):
    assert is_named_opus(FAMILIES[family], model, token) is fixed
