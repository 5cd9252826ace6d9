import re

import pytest

from hbir.cldr import templates as module
from hbir.cldr.facts import RELATIONS
from hbir.cldr.names import Entity
from hbir.cldr.templates import FOLDER, languages, read_templates, templates, version
from hbir.core.errors import DataError, LanguageError

ENGLISH = (FOLDER / "en.yaml").read_text(encoding="utf-8")


def read(tmp_path, text):
    path = tmp_path / "xx.yaml"
    path.write_text(text, encoding="utf-8")
    return read_templates(path)


def test_eleven_languages():
    assert languages() == ["ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh"]


@pytest.mark.parametrize("language", languages())
def test_wordings_differ_from_each_other(language):
    found = templates(language)
    for relation in RELATIONS:
        assert len(set(found.questions[relation])) == len(found.questions[relation])
        assert len(set(found.statements[relation])) == len(found.statements[relation])
    assert len({q for qs in found.questions.values() for q in qs}) == 3 * len(RELATIONS)


def test_names_replace_cldrs():
    assert templates("en").names[Entity("territory", "US")] == "the United States"


def test_unknown_language():
    with pytest.raises(LanguageError, match="Babel knows"):
        templates("qqq")


@pytest.mark.parametrize("tag", ["../en", "", "d e", "en/../en"])
def test_no_tag_at_all(tag):
    with pytest.raises(LanguageError, match="Babel knows"):
        templates(tag)


def test_language_without_templates_names_the_file_to_add():
    with pytest.raises(LanguageError, match=r"hbir/cldr/templates/fr\.yaml.*`questions` with \{subject\}"):
        templates("fr")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("joiner:", "joined:", "joiner: expected the key `joiner`"),
        ("currency:\n  questions:", "currency:\n  question:", "currency: expected the key `questions`"),
        ("written_language:", "written:", "the key `written_language`"),
        (
            "What is the currency of {subject}?",
            "What is it?",
            r"currency.questions\[0\]: expected {subject} once",
        ),
        (
            " of {subject} is the {object}.",
            " of {subject}.",
            r"currency.statements\[0\]: expected {object} once",
        ),
        ("of {subject}?\n", "of {subject}, {object}?\n", r"currency.questions\[0\]: expected no slot but"),
        (
            "    - What is the currency of {subject}?\n",
            "",
            "currency.questions: expected a list of 3 wordings, found 2",
        ),
        ('joiner: " "', "joiner: 1", "joiner: expected a space or nothing"),
        ("territory:US: the", "region:US: the", "names.region:US"),
        ("names:\n", "names: [1]\nextra:\n", "extra: expected the keys"),
        ("currency:\n  questions:\n", "currency:\n  questions: [\n", "expected YAML"),
    ],
)
def test_faults_are_named_by_file_and_key(tmp_path, old, new, message):
    assert old in ENGLISH
    with pytest.raises(DataError, match=r"xx\.yaml") as raised:
        read(tmp_path, ENGLISH.replace(old, new, 1))
    assert re.search(message.replace("{", r"\{").replace("}", r"\}"), str(raised.value))


@pytest.mark.parametrize("text", ["", "- a\n", "text"])
def test_no_mapping(tmp_path, text):
    with pytest.raises(DataError, match="joiner|currency"):
        read(tmp_path, text)


def test_version_changes_with_any_template(tmp_path, monkeypatch):
    before = version()
    assert re.fullmatch(r"\d+\.\d+(\.\d+)?\+[0-9a-f]{12}", before)
    for path in FOLDER.glob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    assert version() == before
    (tmp_path / "vi.yaml").write_text(ENGLISH, encoding="utf-8")
    assert version() != before
