import json

import pytest

from hbir.benchmarks.mewsli_x import ENTITIES, LANGUAGES, MENTIONS, load
from hbir.benchmarks.params import BenchmarkParams
from hbir.core.errors import DataError, ParamsError

GERMAN = "Streik in Helsinki\n\nIn Helsinki, der  Hauptstadt,\nwird gestreikt. Auch in Espoo."
SPANS = [(0, 18), (20, 65), (66, 80)]


@pytest.fixture(autouse=True)
def _no_data(monkeypatch):
    monkeypatch.delenv("HBIR_DATA", raising=False)


def mention(name, entity, start, text):
    span = {"start": start, "end": start + len(text), "text": text}
    return {"example_id": name, "entity_id": entity, "mention_span": span, "metadata": {"bin_name": "bin04"}}


def article(language, text, spans, *mentions):
    context = {
        "document_title": "t",
        "document_url": "u",
        "document_id": f"{language}-1",
        "language": language,
        "text": text,
        "sentence_spans": [{"start": start, "end": end} for start, end in spans],
    }
    return {"context": context, "mentions": list(mentions)}


def entity(name, language, description):
    return {
        "entity_id": name,
        "title": name.lower(),
        "description": description,
        "description_language": language,
        "description_url": "u",
        "sentence_spans": [],
    }


HELSINKI = entity("Q1757", "id", "Helsinki adalah\nibu kota.")
ESPOO = entity("Q47034", "fi", "Espoo on kaupunki.")
CITY = mention("m1", "Q1757", 23, "Helsinki")


def write(folder, articles, entities):
    for name, items in ((MENTIONS, articles), (ENTITIES, entities)):
        text = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    german = article("de", GERMAN, SPANS, CITY, mention("m2", "Q47034", 74, "Espoo"))
    japanese = article("ja", "首都ヘルシンキ。", [(0, 8)], mention("m3", "Q1757", 2, "ヘルシンキ"))
    write(tmp_path, [german, japanese], [ESPOO, entity("Q1", "en", "All there is."), HELSINKI])
    return tmp_path


def loaded(folder, languages=None, wanted=None):
    (task,) = load(BenchmarkParams(name="mewsli-x", data=str(folder), languages=languages), wanted)
    return task


def test_miniature(folder):
    task = loaded(folder)
    assert task.queries == [
        "Helsinki: In { Helsinki } , der Hauptstadt, wird gestreikt.",
        "Espoo: Auch in { Espoo } .",
        "ヘルシンキ: 首都 { ヘルシンキ } 。",
    ]
    assert (task.query_ids, task.query_langs) == (["de:m1", "de:m2", "ja:m3"], ["de", "de", "ja"])
    assert task.passages == ["Espoo on kaupunki.", "All there is.", "Helsinki adalah ibu kota."]
    assert task.passage_ids == ["fi:Q47034", "en:Q1", "id:Q1757"]
    assert task.passage_langs == ["fi", "en", "id"]
    assert task.relevant.tolist() == [[0, 2], [1, 0], [2, 2]]
    assert (task.name, task.measures, task.settings) == ("mewsli-x", ("map@20",), ("multilingual",))


def test_languages_choose_the_mentions_and_never_the_entities(folder):
    task = loaded(folder, wanted=["ja", "zh"])
    assert (task.query_langs, task.passage_langs) == (["ja"], ["fi", "en", "id"])
    with pytest.raises(ParamsError, match="'fi'"):
        loaded(folder, languages=["fi"])


def test_version_is_of_the_content_alone(folder, tmp_path_factory):
    version = loaded(folder).version
    assert len(version) == 12
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "mewsli-x"
    folder.rename(elsewhere)
    assert loaded(elsewhere).version == version
    write(elsewhere, [article("de", GERMAN, SPANS, CITY)], [HELSINKI])
    assert loaded(elsewhere).version != version


def test_without_a_folder():
    with pytest.raises(DataError) as error:
        load(BenchmarkParams(name="mewsli-x"), None)
    for part in (MENTIONS, ENTITIES, "get-mewsli-x.sh", "google-research", "--data", "$HBIR_DATA/mewsli-x"):
        assert part in str(error.value)
    assert len(LANGUAGES) == 11


@pytest.mark.parametrize("name", [MENTIONS, ENTITIES])
def test_missing_file(folder, name):
    (folder / name).unlink()
    (folder / "wikinews_mentions_no_text-test.jsonl").touch()
    with pytest.raises(DataError, match=rf"expected {name}, found .*wikinews_mentions_no_text-test\.jsonl"):
        loaded(folder)


BAD_ARTICLES = {
    "text not filled in": (
        article("de", "", SPANS, CITY),
        "the article's text, found none. Let get-mewsli-x.sh",
    ),
    "other text": (article("de", GERMAN[1:], SPANS, CITY), "the mention 'Helsinki' at 23, found 'elsinki,'"),
    "across sentences": (article("de", GERMAN, [(0, 25), (25, 80)], CITY), "a sentence that holds the mention"),
    "no sentences": (
        article("de", GERMAN, [], CITY),
        "a sentence that holds the mention 'Helsinki', found none",
    ),
    "other language": (article("fi", GERMAN, SPANS, CITY), "a language of ar, .*, found 'fi'"),
    "unknown entity": (
        article("de", GERMAN, SPANS, mention("m", "Q9", 23, "Helsinki")),
        f"entity of {ENTITIES}, found Q9",
    ),
    "no mentions": (
        {"context": article("de", GERMAN, SPANS)["context"]},
        "mentions: expected the benchmark's own",
    ),
}


@pytest.mark.parametrize(("bad", "message"), BAD_ARTICLES.values(), ids=BAD_ARTICLES)
def test_bad_article(tmp_path, bad, message):
    write(tmp_path, [article("de", GERMAN, SPANS, CITY), bad], [HELSINKI])
    with pytest.raises(DataError, match=rf"{MENTIONS}, line 2.*{message}"):
        loaded(tmp_path)


BAD_ENTITIES = {
    "twice": (HELSINKI, "every entity once, found Q1757 again"),
    "no description": (entity("Q2", "de", " "), "a description of Q2, found an empty one"),
    "no id": (
        {"description": "a", "description_language": "de"},
        "entity_id: expected the benchmark's own format",
    ),
}


@pytest.mark.parametrize(("bad", "message"), BAD_ENTITIES.values(), ids=BAD_ENTITIES)
def test_bad_entity(tmp_path, bad, message):
    write(tmp_path, [article("de", GERMAN, SPANS, CITY)], [HELSINKI, bad])
    with pytest.raises(DataError, match=rf"{ENTITIES}, line 2.*{message}"):
        loaded(tmp_path)


def test_mention_twice(tmp_path):
    write(tmp_path, [article("de", GERMAN, SPANS, CITY, CITY)], [HELSINKI])
    with pytest.raises(DataError, match="'de:m1' more than once"):
        loaded(tmp_path)


@pytest.mark.parametrize(("tail", "message"), [(b'{"entity_id": \n', "JSON in UTF-8"), (b"\xff\n", "UTF-8")])
def test_broken_file(folder, tail, message):
    path = folder / ENTITIES
    path.write_bytes(path.read_bytes() + tail)
    with pytest.raises(DataError, match=rf"{ENTITIES}, line 4: expected {message}"):
        loaded(folder)
