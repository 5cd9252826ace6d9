import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from babel.core import get_global

from hbir.benchmarks.params import BenchmarkParams
from hbir.benchmarks.tatoeba import HUB, ISO3, ON_HUB, load
from hbir.core.errors import DataError, ParamsError
from hbir.evaluation.evaluate import evaluate

DATA = Path(os.environ.get("HBIR_DATA", ""), "tatoeba")
real = pytest.mark.skipif("HBIR_DATA" not in os.environ, reason="HBIR_DATA, the folder of real files, is unset")
REAL = {
    "ar": 1000,
    "de": 1000,
    "el": 1000,
    "es": 1000,
    "hi": 1000,
    "ru": 1000,
    "th": 548,
    "tr": 1000,
    "vi": 1000,
}
SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def _no_data(monkeypatch):
    monkeypatch.delenv("HBIR_DATA", raising=False)


@pytest.fixture
def folder(tmp_path):
    lines = {"deu": ["Hallo.", "Ja."], "cmn": ["你好。", "是。", "是。"]}
    english = {"deu": ["Hello.", "Yes."], "cmn": ["Hello.", "Yes.", "Yes."]}
    for iso3 in lines:
        write(tmp_path, iso3, lines[iso3], english[iso3])
    return tmp_path


def write(folder, iso3, lines, english):
    for side, texts in ((iso3, lines), ("eng", english)):
        text = "".join(f"{line}\n" for line in texts)
        (folder / f"tatoeba.{iso3}-eng.{side}").write_text(text, encoding="utf-8")


def loaded(folder, languages=None, wanted=None):
    return load(BenchmarkParams(name="tatoeba", data=str(folder), languages=languages), wanted)


def test_languages_may_be_written_with_a_region(folder):
    assert [task.query_langs[0] for task in loaded(folder, ["zh-CN", "deu"])] == ["de", "zh"]
    assert [task.query_langs[0] for task in loaded(folder, wanted=["en-US", "zh-Hans"])] == ["zh"]


def test_a_task_with_its_own_pool_for_each_language(folder):
    german, chinese = loaded(folder)
    assert (german.name, chinese.name) == ("tatoeba", "tatoeba")
    assert (german.query_langs, german.passage_langs) == (["de", "de"], ["en", "en"])
    assert (german.queries, german.passages) == (["Hallo.", "Ja."], ["Hello.", "Yes."])
    assert (german.query_ids, german.passage_ids) == (["de:1", "de:2"], ["en:de-1", "en:de-2"])
    assert (chinese.queries, chinese.passages) == (["你好。", "是。", "是。"], ["Hello.", "Yes.", "Yes."])
    assert chinese.relevant.tolist() == [[0, 0], [1, 1], [2, 2]]
    assert (german.measures, german.settings) == (("recall@1",), ("cross_lingual",))


def test_wanted_languages_are_those_of_the_folder_and_the_project(folder):
    assert [task.query_langs[0] for task in loaded(folder, wanted=["en", "zh"])] == ["zh"]
    assert [task.query_langs[0] for task in loaded(folder, languages=["de"])] == ["de"]


def test_version_is_of_the_content_alone(folder, tmp_path):
    german, chinese = loaded(folder)
    assert german.version == chinese.version
    assert len(german.version) == 12
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in folder.glob("tatoeba.*"):
        path.rename(elsewhere / path.name)
    assert loaded(elsewhere)[0].version == german.version
    write(elsewhere, "deu", ["Hallo!", "Ja."], ["Hello.", "Yes."])
    assert loaded(elsewhere)[0].version != german.version


def test_codes():
    aliases = get_global("language_aliases")
    assert {language: aliases[iso3] for language, iso3 in ISO3.items()} == {
        # CLDR calls Tagalog Filipino.
        language: "fil" if language == "tl" else language
        for language in ISO3
    }
    assert len(ON_HUB) == 36
    assert set(ON_HUB) < set(ISO3)


def test_from_the_hub(monkeypatch):
    def rows(dataset, config, split):
        assert (dataset.repo, split, dataset.where) == (HUB, "validation", "benchmark tatoeba")
        assert "tatoeba.<iso3>-eng.eng" in dataset.hint
        assert "LASER" in dataset.hint
        asked.append(config)
        yield {"source_sentence": "Hallo.\n", "target_sentence": "Hello.\n"}

    asked: list[str] = []
    monkeypatch.setattr("hbir.core.hub.datasets.HubDataset.commit", lambda _: SHA)
    monkeypatch.setattr("hbir.core.hub.datasets.HubDataset.rows", rows)
    german, chinese = load(BenchmarkParams(name="tatoeba"), ["de", "zh", "da"])
    assert asked == ["tatoeba.deu", "tatoeba.cmn"]
    assert (german.queries, german.passages, german.version) == (["Hallo."], ["Hello."], "hub:0123456789ab")
    assert chinese.query_langs == ["zh"]
    with pytest.raises(ParamsError, match="'da'"):
        load(BenchmarkParams(name="tatoeba", languages=["da"]), None)


def test_english_asks_nothing(folder):
    with pytest.raises(ParamsError, match="languages"):
        loaded(folder, languages=["en"])
    with pytest.raises(ParamsError, match="found only en"):
        loaded(folder, wanted=["en"])


def test_missing_file(folder):
    (folder / "tatoeba.deu-eng.eng").unlink()
    with pytest.raises(
        DataError, match=r"expected tatoeba\.deu-eng\.eng, found tatoeba\.cmn-eng\.cmn, .*deu-eng\.deu"
    ):
        loaded(folder)


def test_missing_language(folder):
    with pytest.raises(DataError, match=r"expected tatoeba\.fra-eng\.fra"):
        loaded(folder, languages=["de", "fr"])


def test_folder_without_any(tmp_path):
    message = r"expected files tatoeba\.<iso3>-eng\.<iso3> and tatoeba\.<iso3>-eng\.eng, found "
    with pytest.raises(DataError, match=f"{message}an empty folder"):
        loaded(tmp_path)
    (tmp_path / "de.json").touch()
    for asked in (None, ["de", "en"]):
        with pytest.raises(DataError, match=rf"{message}de\.json\."):
            loaded(tmp_path, wanted=asked)


def test_files_of_unequal_length(folder):
    write(folder, "deu", ["Hallo.", "Ja.", "Nein."], ["Hello.", "Yes."])
    with pytest.raises(DataError, match=r"tatoeba\.deu-eng\.deu: expected as many .*deu-eng\.eng, 2, found 3"):
        loaded(folder)


def test_empty_line(folder):
    write(folder, "deu", ["Hallo.", " "], ["Hello.", "Yes."])
    with pytest.raises(DataError, match=r"deu-eng\.deu, line 2: expected a sentence, found an empty line"):
        loaded(folder)


def test_broken_utf8(folder):
    (folder / "tatoeba.deu-eng.eng").write_bytes(b"Hello.\nY\xe9s.\n")
    with pytest.raises(DataError, match=r"deu-eng\.eng, line 2: expected UTF-8"):
        loaded(folder)


@real
def test_real_files():
    tasks = loaded(DATA)
    assert {task.query_langs[0]: len(task.queries) for task in tasks} == REAL | {"zh": 1000}
    assert all(len(task.queries) == len(task.passages) == len(task.relevant) for task in tasks)


def embeddings(texts, rng):
    """Count each text's pairs of characters; a little noise keeps ties apart."""
    counts = np.zeros((len(texts), 1024))
    for row, text in enumerate(texts):
        for first, second in pairwise(text):
            counts[row, (31 * ord(first) + ord(second)) % 1024] += 1
    counts += rng.uniform(0, 1e-3, counts.shape)
    return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)


@real
def test_accuracy_is_a_count_of_nearest_neighbours():
    rng = np.random.default_rng(7)
    accuracies = []
    for task in loaded(DATA):
        scores = embeddings(task.queries, rng) @ embeddings(task.passages, rng).T
        best = [number for number, row in enumerate(scores.tolist()) if row[number] == max(row)]
        tied = [number for number in best if scores[number].tolist().count(scores[number, number]) > 1]
        assert len(tied) < 3  # float32 rounds two scores to the same now and then
        settings = evaluate(task, [scores]).settings
        assert list(settings) == ["cross_lingual"]
        right = settings["cross_lingual"]["recall@1"] * len(task.queries)
        assert len(best) - len(tied) - 1e-9 < right < len(best) + 1e-9
        accuracies.append(len(best) / len(task.queries))
    assert 0.02 < max(accuracies) < 1
