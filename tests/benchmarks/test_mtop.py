import re

import numpy as np
import pytest

from hbir.benchmarks.mtop import HUB, REVISION, load
from hbir.benchmarks.params import BenchmarkParams
from hbir.benchmarks.task import SETTINGS
from hbir.core.errors import DataError, ParamsError


@pytest.fixture(autouse=True)
def _no_data(monkeypatch):
    monkeypatch.delenv("HBIR_DATA", raising=False)


def line(number, intent, utterance, locale="de_XX"):
    tokens = '{"tokens":["a \\"b\\""],"tokenSpans":[]}'
    return "\t".join(
        [str(number), f"IN:{intent}", "0:2:SL:X", utterance, "alarm", locale, f"[IN:{intent} ]", tokens]
    )


def write(folder, language, split, *lines):
    (folder / language).mkdir(exist_ok=True)
    (folder / language / f"{split}.txt").write_text("".join(f"{text}\n" for text in lines), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    write(
        tmp_path,
        "de",
        "train",
        line(1, "SET", 'stelle "zehn"'),
        line(2, "GET", "zeige"),
        line(3, "SET", "wecke"),
    )
    write(tmp_path, "de", "test", line(8, "SET", "bitte wecke"), line(9, "SNOOZE", "noch nicht"))
    write(tmp_path, "th", "train", line(2, "GET", "แสดง"), line(1, "SET", "ตั้งเวลา"))
    write(tmp_path, "th", "test", line(8, "SET", "ปลุก"), line(7, "GET", "ดู"))
    return tmp_path


def loaded(folder, languages=("de", "th")):
    (task,) = load(BenchmarkParams(name="mtop", data=str(folder), languages=list(languages)), None)
    return task


def test_miniature(folder, caplog):
    task = loaded(folder)
    assert caplog.messages == []
    assert task.queries == ["bitte wecke", "noch nicht", "ปลุก", "ดู"]
    assert task.query_ids == ["de:test-1", "de:test-2", "th:test-1", "th:test-2"]
    assert task.query_langs == ["de", "de", "th", "th"]
    assert task.passages == ['stelle "zehn"', "zeige", "wecke", "แสดง", "ตั้งเวลา"]
    assert task.passage_ids == ["de:train-1", "de:train-2", "de:train-3", "th:train-1", "th:train-2"]
    assert task.clusters == ["8", "9", "8", "7"]
    assert task.positives(0, 4).tolist() == [[0, 0], [0, 2], [0, 4], [2, 0], [2, 2], [2, 4], [3, 1], [3, 3]]
    assert (task.name, task.measures, task.settings) == ("mtop", ("mrr@10",), SETTINGS)


def test_an_intent_that_nobody_trained_stays_a_query(folder):
    task = loaded(folder)
    assert "noch nicht" in task.queries
    assert task.positives(1, 2).shape == (0, 2)


def test_relevance_by_brute_force(tmp_path):
    rng = np.random.default_rng(3)
    intents = {split: rng.integers(0, 8, 40).tolist() for split in ("train", "test")}
    for split, drawn in intents.items():
        write(tmp_path, "en", split, *(line(i, f"I{intent}", f"u{i}") for i, intent in enumerate(drawn)))
    expected = [
        [q, p]
        for q, asked in enumerate(intents["test"])
        for p, known in enumerate(intents["train"])
        if asked == known
    ]
    assert loaded(tmp_path, ["en"]).positives(0, 40).tolist() == expected


def test_one_official_id_may_occur_twice(folder):
    write(folder, "de", "test", line(8, "SET", "bitte wecke"), line(8, "SET", "bitte wecke mich"))
    assert loaded(folder, ["de"]).clusters == ["8", "8"]


def test_version_is_of_the_content_alone(folder, tmp_path_factory):
    version = loaded(folder).version
    assert len(version) == 12
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "mtop"
    folder.rename(elsewhere)
    assert loaded(elsewhere).version == version
    write(elsewhere, "th", "train", line(2, "GET", "แสดง"))
    assert loaded(elsewhere).version != version


def test_from_the_hub(monkeypatch, caplog):
    def rows(dataset, config, split):
        assert (dataset.repo, dataset.revision, dataset.where) == (HUB, REVISION, "benchmark mtop")
        assert "test.txt" in dataset.hint
        assert "https://fb.me/mtop_dataset" in dataset.hint
        yield {"text": f"{config} {split}", "label": 5}
        yield {"text": f"{config} {split} 2", "label": 6 if split == "test" else 7}

    monkeypatch.setattr("hbir.core.hub.datasets.HubDataset.rows", rows)
    (task,) = load(BenchmarkParams(name="mtop"), ["es", "th", "vi"])
    assert task.queries == ["es test", "es test 2", "th test", "th test 2"]
    assert task.passages == ["es train", "es train 2", "th train", "th train 2"]
    assert task.passage_langs == ["es", "es", "th", "th"]
    assert task.positives(0, 4).tolist() == [[0, 0], [0, 2], [2, 0], [2, 2]]
    assert (task.clusters, task.version) == (None, "hub:2992d820f313")
    assert re.fullmatch("[0-9a-f]{40}", REVISION)
    (message,) = caplog.messages
    assert "was not verified; for cross-lingual figures use the official files" in message


def test_a_language_that_mtop_has_not(folder):
    with pytest.raises(ParamsError, match="'zh'"):
        loaded(folder, ["zh"])


def test_missing_file(folder):
    with pytest.raises(DataError, match=r"expected fr/test\.txt, found de, th"):
        loaded(folder, ["de", "fr"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\tIN:SET\tx", "expected 8 columns: id, intent, slots, .*, found 3"),
        ("", "expected 8 columns: .*, found 1"),
        (line(1, "SET", "a").replace("IN:SET", "SET"), "an intent that begins with IN:, found 'SET'"),
        (line(1, "SET", " "), "an id and an utterance, found an empty column"),
        (line("", "SET", "a"), "an id and an utterance, found an empty column"),
    ],
)
def test_broken_line(folder, text, message):
    write(folder, "de", "train", line(1, "SET", "gut"), text)
    with pytest.raises(
        DataError, match=rf"train\.txt, line 2: {message}|train\.txt, line 2: expected {message}"
    ):
        loaded(folder)


def test_broken_utf8(folder):
    path = folder / "de" / "test.txt"
    path.write_bytes(path.read_bytes() + b"\xff\n")
    with pytest.raises(DataError, match=r"test\.txt, line 3: expected UTF-8"):
        loaded(folder)
