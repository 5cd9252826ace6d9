import pytest

from hbir.core.errors import LanguageError, ModelError
from hbir.translation.engines.families import FAMILIES
from hbir.translation.engines.targets import token_of
from hbir.translation.engines.tokens import SentenceTokenizer, room
from tests.translation.engines.models import MAKERS, SENTENCES, marian

WHERE = "engine x"


def test_room_is_bounded_by_both():
    assert room(4, 512) == 44
    assert room(400, 512) == 511
    assert room(400, None) == 1232


@pytest.fixture(scope="module")
def texts(tmp_path_factory, request):
    name = request.param
    folder = MAKERS[name](tmp_path_factory.mktemp("models") / name)
    return SentenceTokenizer(FAMILIES[name], folder, token_of(FAMILIES[name], "de", None, WHERE), False, WHERE)


@pytest.mark.parametrize(
    ("texts", "first", "last"),
    [
        ("nllb", "eng_Latn", "</s>"),
        ("m2m100", "__en__", "</s>"),
        ("madlad", "<2de>", "</s>"),
        ("opus", "▁", "</s>"),
    ],
    indirect=["texts"],
)
def test_special_tokens(texts, first, last):
    ids = texts.encode(SENTENCES[:1], 64)["input_ids"][0]
    tokens = texts.tokenizer.convert_ids_to_tokens(ids)
    assert (tokens[0], tokens[-1]) == (first, last)
    assert texts.lengths(SENTENCES[:1]) == [len(ids)]
    assert texts.tokenizer.unk_token not in tokens
    assert texts.decode(tokens[first in ("eng_Latn", "__en__") :]) == SENTENCES[0]


@pytest.mark.parametrize("texts", list(MAKERS), indirect=True)
def test_a_long_sentence_keeps_its_special_tokens(texts):
    whole = texts.encode(SENTENCES[1:2], 64)["input_ids"][0]
    cut = texts.encode(SENTENCES[1:2], 10)["input_ids"][0]
    assert len(cut) == 10 < len(whole) == texts.lengths(SENTENCES[1:2])[0]
    assert cut == [*whole[:9], whole[-1]]


def test_a_model_with_several_targets(tmp_path):
    folder = marian(tmp_path / "many", targets=(">>deu<<", ">>tel<<"))
    opus = FAMILIES["opus"]
    told = SentenceTokenizer(opus, folder, ">>tel<<", False, WHERE)
    ids = told.encode(SENTENCES[:1], 64)["input_ids"][0]
    assert told.tokenizer.convert_ids_to_tokens(ids)[0] == ">>tel<<"
    with pytest.raises(LanguageError, match="none chosen of its 2.*>>deu<<, >>tel<<"):
        SentenceTokenizer(opus, folder, None, False, WHERE).lengths(SENTENCES)
    with pytest.raises(LanguageError, match=">>deu<<"):
        SentenceTokenizer(opus, folder, ">>ger<<", True, WHERE).lengths(SENTENCES)


def test_the_tables_token_is_not_forced_on_a_model_with_one_target(tmp_path):
    texts = SentenceTokenizer(FAMILIES["opus"], marian(tmp_path / "one"), ">>tel<<", False, WHERE)
    assert texts.token is None
    with pytest.raises(LanguageError, match=">>tel<<"):
        SentenceTokenizer(FAMILIES["opus"], tmp_path / "one", ">>tel<<", True, WHERE).lengths(SENTENCES)


@pytest.mark.parametrize("texts", ["nllb", "m2m100", "opus"], indirect=True)
def test_texts_that_the_tokenizer_does_not_know(texts):
    foreign = ["Ж Щ Ю Я Ф Э Ы " * 3] * 50
    told = r"reads English, found \d\d% of [\d,]+ tokens unknown.*Fetch the model's own"
    with pytest.raises(ModelError, match=told):
        texts.lengths([*foreign, *SENTENCES])
    assert texts.lengths(foreign[:1]) != []
    assert texts.lengths(SENTENCES * 20)


def test_no_tokenizer(tmp_path):
    with pytest.raises(ModelError, match="source.spm"):
        SentenceTokenizer(FAMILIES["opus"], tmp_path, None, False, WHERE).lengths(SENTENCES)
