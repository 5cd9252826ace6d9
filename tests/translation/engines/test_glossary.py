import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.core.errors import DataError, LanguageError, ParamsError
from hbir.translation.engines.engine import Segment
from hbir.translation.engines.glossary import Lexicon, read_lexicon, switch
from tests.translation.makers import engine_of, translate_params

WHERE = "params.yaml: translate.engine"
LEXICON = Lexicon(
    {"house": "casa", "red": "rojo", "new york": "nueva york", "new": "nuevo", "don't": "no", "the": "la"},
    (2, 1),
)


def written(folder, *lines, name="es.txt"):
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def engine(path, target="es", **options):
    entry = {"name": "glossary", "path": str(path), **options}
    return engine_of(translate_params(languages={target: entry}), target)


def mixed(text, probability=0.5, target="es") -> Any:
    return switch(text, LEXICON, target, probability)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the red house", "la rojo casa"),
        ("The Red house, (the HOUSE).", "La Rojo casa, (la CASA)."),
        ("a new  york of 1999", "a nueva york of 1999"),
        ("New York is new", "Nueva york is nuevo"),
        ("new,york", "nuevo,york"),
        ("Don’t; don't", "No; no"),
        ("household's  red-house\n", "household's  rojo-casa\n"),
    ],
)
def test_words_are_replaced_and_nothing_else(text, expected):
    assert mixed(text, 1.0) == expected


@pytest.mark.parametrize("text", ["", "a dog", "houses", "12 — 13", "неизвестно"])
def test_a_text_without_a_known_word_has_no_translation(text):
    assert mixed(text, 1.0) is None


def test_about_the_probability_of_the_words_are_replaced():
    text = "house " * 4000
    for probability in (0.25, 0.5, 0.9):
        switched_words = mixed(text, probability).split().count("casa")
        assert switched_words / 4000 == pytest.approx(probability, abs=0.03)


def test_one_word_is_replaced_even_where_all_draws_fail():
    texts = [f"the house {number}" for number in range(50)]
    results = [mixed(text, 1e-9) for text in texts]
    assert all(("la" in text.split()) != ("casa" in text.split()) for text in results)
    assert len({text[:2] for text in results}) == 2


@given(st.lists(st.sampled_from(["house", "the", "red", "dog", "House,"]), max_size=30))
def test_a_higher_probability_replaces_more_of_the_same_words(words):
    text = " ".join(words)
    if not {"house", "the", "red", "House,"} & set(words):
        assert mixed(text, 0.3) is None
        return
    few, many = (mixed(text, probability).split() for probability in (0.3, 0.7))
    assert few != words
    assert all(more == less for word, less, more in zip(words, few, many, strict=True) if less != word)


def test_draws_depend_on_the_text_and_the_language_alone():
    text = "house " * 100
    spanish = mixed(text)
    assert mixed(text) == spanish
    assert mixed(text, target="pt") != spanish
    assert mixed(f"{text}!") != f"{spanish}!"


def test_the_bytes_of_a_golden_text():
    """Another draw would make every translated corpus another one."""
    text = "the red house in New York; the new red house, the old red house"
    expected = "la rojo house in New York; la new red casa, la old rojo house"
    assert mixed(text) == expected


def test_the_engine_switches_segments(tmp_path):
    glossary = engine(written(tmp_path, "house casa"), probability=1)
    segments = [Segment("", "a house"), Segment("key", "a dog"), Segment("", "House!")]
    assert glossary.translate(segments) == ["a casa", None, "Casa!"]
    assert glossary.mixes_languages


def test_each_language_has_its_file(tmp_path, monkeypatch):
    written(tmp_path, "house casa")
    written(tmp_path, "house Haus", name="de.txt")
    monkeypatch.setenv("LEXICONS", str(tmp_path))
    for target, word in (("es", "casa"), ("de", "Haus")):
        glossary = engine("$LEXICONS/{lang}.txt", target, probability=1)
        assert glossary.translate([Segment("", "house")]) == [word]


def test_files_as_muse_and_others_write_them(tmp_path):
    path = written(
        tmp_path, "the\tla", "the el", "", "New York\tNueva  York", "madrid madrid", "Madrid mágerit", "UN onu"
    )
    assert read_lexicon(path, WHERE) == Lexicon(
        {"the": "la", "new york": "Nueva York", "madrid": "mágerit", "un": "onu"}, (2, 1)
    )
    packed = tmp_path / "es.txt.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_lexicon(packed, WHERE) == read_lexicon(path, WHERE)


@pytest.mark.parametrize("line", ["house", "new york nueva", "house\t", "a\tb\tc"])
def test_a_wrong_line_is_told_with_its_number(tmp_path, line):
    with pytest.raises(DataError, match=r"es.txt, line 2: expected `word translation`"):
        read_lexicon(written(tmp_path, "the la", line), WHERE)


def test_a_missing_or_empty_file_is_told_with_the_format(tmp_path):
    with pytest.raises(
        DataError,
        match=r"languages.es: engine glossary, language es: .* a lexicon in .*none.txt, found no",
    ):
        engine(tmp_path / "none.txt")
    with pytest.raises(DataError, match="found no word with a translation"):
        read_lexicon(written(tmp_path, "", "madrid madrid"), WHERE)


def test_wrong_params_are_told(tmp_path):
    with pytest.raises(ParamsError, match=r"translate.engine.path: expected a value"):
        engine_of(translate_params(engine="glossary"), "es")
    for probability in (0, 1.5):
        with pytest.raises(ParamsError, match=r"translate.languages.es.probability"):
            engine(tmp_path, probability=probability)
    with pytest.raises(
        ParamsError, match=r"translate.languages.es: engine glossary, language es: path: .*NOWHERE"
    ):
        engine("$NOWHERE/es.txt")
    everywhere = {"name": "glossary", "path": "$NOWHERE/{lang}.txt"}
    with pytest.raises(ParamsError, match=r"translate.engine: engine glossary, language es: path"):
        engine_of(translate_params(engine=everywhere), "es")


@pytest.mark.parametrize(
    "name", ["de-es.txt", "es-en.txt", "en_fr.txt.gz", "en-pt-BR.txt", "eng-deu.0-5000.txt"]
)
def test_a_lexicon_of_other_languages_is_refused(tmp_path, name):
    with pytest.raises(LanguageError, match="from English into 'es', found .*, from"):
        engine(written(tmp_path, "house casa", name=name))


@pytest.mark.parametrize("name", ["en-es.txt", "en-ES.0-5000.txt", "eng_spa.tsv", "my-own.txt", "muse.txt"])
def test_a_lexicon_of_the_language_or_of_none_is_read(tmp_path, name):
    assert engine(written(tmp_path, "house casa", name=name), probability=1).translate(
        [Segment("", "house")]
    ) == ["casa"]


def test_an_accent_is_the_same_however_it_is_written(tmp_path):
    lexicon = read_lexicon(written(tmp_path, "caf\u00e9 bar", "nai\u0308ve ingenuo"), WHERE)
    assert switch("A cafe\u0301, na\u00efve!", lexicon, "es", 1.0) == "A bar, ingenuo!"


def test_one_long_phrase_costs_nothing_where_it_is_not():
    """Only as many words are joined as an entry has."""
    lexicon = Lexicon({"a": "un", " ".join(["w"] * 3000): "x"}, (3000, 1))
    joined = []

    class Counting(str):
        def __getitem__(self, key):
            joined.append(key)
            return str.__getitem__(self, key)

    switch(Counting("a w " * 2000), lexicon, "es", 1.0)
    assert len(joined) < 20_000


def test_a_folder_in_the_place_of_a_lexicon(tmp_path):
    with pytest.raises(DataError, match="a lexicon in .*, found a folder"):
        read_lexicon(tmp_path, WHERE)
