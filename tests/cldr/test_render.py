import re
import subprocess
import sys

import pytest

from hbir.cldr.corpus import SPLITS, passages, questions
from hbir.cldr.facts import Fact, facts
from hbir.cldr.keys import QUESTIONS, STATEMENTS, Sentence, passage_key, query_key
from hbir.cldr.names import Entity, cldr_names
from hbir.cldr.render import Renderer, renderer
from hbir.cldr.templates import languages, templates
from hbir.core.text import normalise

YEN = Fact("currency", "JP", "JPY")
SPOKEN = Fact("main_language", "JP", "ja")
US = Fact("homeland", "nv", "US")


def without(language, *entities):
    whole = renderer(language)
    names = {entity: name for entity, name in whole.names.items() if entity not in entities}
    return Renderer(language, names, whole.wordings)


def every_text(language):
    render = renderer(language).render
    asked = (query_key(fact, wording) for fact in facts() for wording in range(QUESTIONS))
    stated = (passage_key([Sentence(fact, w)]) for fact in facts() for w in range(STATEMENTS))
    return [text for text in map(render, (*asked, *stated)) if text]


@pytest.mark.parametrize(
    ("language", "query", "passage"),
    [
        ("en", "What is the currency of Japan?", "The currency of Japan is the Japanese Yen."),
        ("de", "Welche Währung gilt im Gebiet „Japan“?", "Im Gebiet „Japan“ gilt die Währung Japanischer Yen."),
        (
            "tr",
            "Japonya için geçerli para birimi nedir?",
            "Japonya için geçerli para birimi şudur: Japon yeni.",
        ),
        ("zh", "日本的货币是什么？", "日本的货币是日元。"),
    ],
)
def test_one_fact_in_some_languages(language, query, passage):
    render = renderer(language).render
    assert render(query_key(YEN, 0)) == query
    assert render(passage_key([Sentence(YEN, 0)])) == passage


def test_sentences_are_joined_as_the_language_does():
    key = passage_key([Sentence(YEN, 0), Sentence(SPOKEN, 0)])
    assert renderer("en").render(key) == (
        "The currency of Japan is the Japanese Yen. The most widely spoken language in Japan is Japanese."
    )
    assert renderer("zh").render(key) == "日本的货币是日元。日本使用人数最多的语言是日语。"


def test_running_text_gets_its_article():
    text = renderer("en").render(query_key(Fact("currency", "US", "USD"), 0))
    assert text == "What is the currency of the United States?"


def test_a_question_needs_the_name_of_its_answer_too():
    assert without("en", Entity("currency", "JPY")).render(query_key(YEN, 0)) is None
    assert without("en", Entity("territory", "JP")).render(query_key(YEN, 0)) is None


def test_a_passage_keeps_the_sentences_that_have_names():
    key = passage_key([Sentence(YEN, 0), Sentence(SPOKEN, 0)])
    partly = without("en", Entity("currency", "JPY"))
    assert partly.render(key) == "The most widely spoken language in Japan is Japanese."
    assert without("en", Entity("territory", "JP")).render(key) is None


def test_a_name_that_two_entities_share_counts_as_missing(monkeypatch):
    names = cldr_names("en") | {Entity("territory", "KP"): "JAPAN"}
    monkeypatch.setattr("hbir.cldr.render.cldr_names", lambda language: names)
    renderer.cache_clear()
    try:
        assert renderer("en").render(query_key(YEN, 0)) is None
        assert renderer("en").render(query_key(Fact("currency", "IN", "INR"), 0))
    finally:
        renderer.cache_clear()


@pytest.mark.parametrize("language", languages())
def test_questions_of_different_facts_differ(language):
    render = renderer(language).render
    texts = [render(q.key) for split in SPLITS for q in questions(split)]
    known = [normalise(text) for text in texts if text]
    assert len(known) > 3000
    assert len(set(known)) == len(known)


@pytest.mark.parametrize("language", languages())
def test_passages_differ(language):
    render = renderer(language).render
    texts = [normalise(text) for text in (render(p.key) for p in passages()) if text]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("language", languages())
def test_texts_are_well_formed(language):
    for text in every_text(language):
        assert text == text.strip()
        assert not re.search(r"[{}]|  |\.\.$| [.,;:?](\s|$)", text), text
        # Articles and class nouns that a name brings must not double the template's.
        assert not re.search(
            r"\b(the the|el el|el la|dili dili|yazısı yazısı|chữ chữ)\b|ภาษาภาษา|อักษรอักษร|भाषा भाषा", text, re.I
        ), text
        assert text[0] == text[0].title(), text


def test_spanish_articles_never_need_a_contraction():
    assert not [text for text in every_text("es") if re.search(r"\b(de|a) el\b", text)]


def test_the_templates_cover_the_names_that_they_replace():
    for language in languages():
        for entity in templates(language).names:
            assert entity in cldr_names("en"), (language, entity)


def test_importing_loads_no_locale_and_no_torch():
    code = (
        "import sys, hbir.cldr, hbir.cldr.corpus, hbir.cldr.render, babel.localedata as data;"
        "print(sorted(data._cache), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[] False"
