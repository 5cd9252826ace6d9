"""The pipeline at several sizes: the made-up corpus, what is noted of a command, the fit and the page."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from unittest.mock import Mock

import click
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hbir.collection.collect import collect
from hbir.collection.params import CollectParams
from hbir.core.languages import LANGUAGES
from hbir.inputs.check import check
from hbir.translation.checks.script import ScriptCheck
from hbir.translation.engines.glossary import read_lexicon, switch
from perf import measured, scale, scale_corpus, scale_run
from perf.machine import Origin
from perf.measured import Cost, FailedError
from perf.page import put_between
from perf.paper_corpus import ALL, MMARCO, SOURCES
from perf.scale_corpus import Part, chosen, parts, vocabulary, write_sources
from perf.scale_fit import TARGET, Growth
from perf.scale_project import Stage, stages, write_project
from perf.scale_run import run_all, together

HERE = Origin(machine="a CPU", versions="Python 3.11", commit="abc", date="2026-01-02")


def cost(**changes: float) -> Cost:
    return Cost(**({"wall": 2.0, "cpu": 1.0, "memory": 100.0, "written": 5.0, "folder": 7.0} | changes))


@given(st.integers(20_000, 10**8))
def test_the_sources_have_the_papers_proportions(pairs: int):
    found = parts(pairs)
    whole = sum(source.pairs for source in SOURCES)
    assert sum(part.pairs for part in found) == pairs
    for part in found:
        share = part.source.pairs * pairs / whole
        assert part.pairs >= scale_corpus.LEAST
        assert part.source.name == "mmarco" or part.pairs == max(scale_corpus.LEAST, round(share))
        assert part.pairs / part.queries == pytest.approx(part.source.pairs / part.source.queries, rel=0.01)
    assert max(found, key=lambda part: part.pairs).source.name == "mmarco"


@pytest.mark.parametrize("name", [source.name for source in SOURCES])
def test_no_pair_comes_twice_and_every_text_comes(name: str):
    part = next(part for part in parts(30_000) if part.source.name == name)
    found = list(chosen(part))
    assert len(set(found)) == len(found) == part.pairs
    assert {query for query, _ in found} == set(range(part.queries))
    assert len({passage for _, passage in found}) > 0.9 * min(part.passages, part.pairs)


def test_words_are_of_their_language():
    for lang in ALL:
        words = vocabulary(lang)
        assert words == vocabulary(lang)
        assert len(words) == scale_corpus.WORDS
        assert ScriptCheck(LANGUAGES[lang].scripts).share("", "".join(words)) == 1
        assert all(word == word.strip() and word for word in words)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 7,000 pairs, the small sources with 60 each."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scale_corpus, "LEAST", 60)
        write_sources(folder / "sources", 7_000)
        write_project(folder, 7_000)
    return folder


def test_every_pair_is_collected(sources: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(sources)
    params = YAML(typ="safe").load(sources / "params.yaml")
    assert check(params).resources.bytes == 4 * 10**9
    found = collect(CollectParams(**params["collect"]))
    dropped = Counter(reason.partition(": ")[2].partition(" with")[0] for reason in found.summary.dropped)
    assert set(dropped) == {"validation pair"}  # no repetition, no near-duplicate, nothing empty
    assert found.summary.pairs + found.summary.dropped.total() == 7_000
    parallel = Counter(found.parallel["lang"].to_pylist())
    alone = sum(found.summary.by_source[name].total() for name in ("mfaq", "mrtydi"))
    assert parallel == {
        lang: found.summary.by_source["mmarco"].total() + (alone if lang == "en" else 0) for lang in MMARCO
    }


def test_the_same_files_come_again(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scale_corpus, "LEAST", 60)
    write_sources(tmp_path, 7_000)
    for path in (sources / "sources").glob("*.jsonl"):
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


def test_the_glossary_has_every_word(sources: Path):
    [line, *_] = (sources / "sources/nq.jsonl").read_text().splitlines()
    passage = json.loads(line)["passage"]
    for lang in set(ALL) - {"en"}:
        lexicon = read_lexicon(sources / f"sources/en-{lang}.txt", "here")
        assert len(lexicon.words) > 0.99 * len(set(vocabulary("en")))
        switched = switch(passage, lexicon, lang, 1.0)
        assert switched is not None
        assert not set(switched.split()) & set(passage.split())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "PAUSE", 0.01)


def test_a_command_is_measured(tmp_path: Path):
    script = (
        "import os, pathlib, sys, time; held = b'x' * 10**8; print('said'); "
        "pathlib.Path('file').write_bytes(held[:10**6]); time.sleep(0.2); os.remove('file')"
    )
    # From a small process: the memory of a new one begins with what its parent holds, and tests hold much.
    small = (
        "import dataclasses, json, pathlib, sys; from perf import measured; measured.PAUSE = 0.01; "
        "folder = pathlib.Path(sys.argv[1]); command = [sys.executable, '-c', sys.argv[2]]; "
        "print(json.dumps(dataclasses.asdict(measured.run(command, folder, {}, folder / 'log'))))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", small, str(tmp_path), script], capture_output=True, text=True, check=True
    ).stdout
    found = Cost(**json.loads(printed))
    assert found.cpu > 0.01
    assert found.wall > 0.2
    assert 100 < found.memory < 200
    assert 1 <= found.folder < 1.1
    assert (tmp_path / "log").read_text() == "said\n"


def test_a_command_that_fails_says_why(tmp_path: Path, quick: None):
    with pytest.raises(FailedError, match=r"exit code 3\nbecause"):
        measured.run(
            [sys.executable, "-c", "import sys; print('because'); sys.exit(3)"], tmp_path, {}, tmp_path / "log"
        )


def test_who_is_interrupted_leaves_nothing_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **keys: process)
    monkeypatch.setattr(measured, "_waited", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        measured.run(["python"], tmp_path, {}, tmp_path / "log")
    assert process.wait(30) < 0


def test_what_is_finished_is_not_run_again(tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "toy.py").write_text(
        "import pathlib, sys\nopen('ran', 'a').write(sys.argv[1])\n"
        "sys.exit(sys.argv[1] == 'c' and not pathlib.Path('mended').exists())\n"
    )
    one, two = Stage("one", (("toy", "a"), ("toy", "b"))), Stage("two", (("toy", "c"),))
    monkeypatch.setattr(scale_run, "stages", lambda pairs: [one, two])
    lines: list[str] = []
    with pytest.raises(FailedError):
        run_all(tmp_path, 20_000, lines.append)
    assert [line.partition(": ")[2].partition(": ")[0] for line in lines] == ["one"]
    (tmp_path / "mended").touch()
    costs = run_all(tmp_path, 20_000, lines.append)
    assert (tmp_path / "ran").read_text() == "abcc"
    again = run_all(tmp_path, 20_000, lines.append)
    assert again == costs
    assert (tmp_path / "ran").read_text() == "abcc"


def test_every_language_is_translated_into():
    named = {stage.name: stage for stage in stages(20_000)}
    assert {command[-1] for command in named["translate"].commands} == set(ALL)
    assert list(named) == ["sources", "collect", "translate", "build-batches", "encoder", "train", "score"]


def test_a_stage_is_the_sum_of_its_commands_and_their_largest():
    found = together([cost(memory=300), cost(folder=9, cpu=4)])
    assert found == cost(wall=4, cpu=5, memory=300, written=10, folder=9)


@given(
    st.lists(st.integers(1, 10**6), min_size=3, max_size=6, unique=True),
    st.floats(0, 10),
    st.floats(1e-3, 10),
)
def test_a_straight_line_has_exponent_1_whatever_its_start(sizes: list[int], start: float, each: float):
    sizes = sorted(sizes)
    line = Growth(tuple(sizes), tuple(start + each * size for size in sizes))
    if line.exponent is not None:
        assert line.exponent == pytest.approx(1, abs=1e-3)
    assert line.each == pytest.approx(each, rel=1e-3)
    assert line.at(10**7) == pytest.approx(start + each * 10**7, rel=1e-2)


def test_what_grows_faster_and_what_does_not_grow():
    sizes = (100, 1_000, 10_000)
    square = Growth(sizes, tuple(5 + 1e-3 * size**2 for size in sizes)).exponent
    assert square is not None
    assert square > 1.9
    assert Growth(sizes, (5, 5.1, 5.2)).exponent is None
    assert Growth(sizes[:2], (5, 50)).exponent is None
    assert Growth(sizes, (5, 4, 3)).each == 0


def entries(sizes: tuple[int, ...], **each: float) -> list[scale.Entry]:
    found: list[scale.Entry] = []
    for size in sizes:
        grown = cost(**{name: 1 + value * size for name, value in each.items()})
        found = scale.merged(found, size, {"collect": grown, "train": cost()}, HERE)
    return found


def test_the_page_tells_what_was_measured_and_what_follows():
    text = scale.page_text(entries((20_000, 40_000, 80_000), cpu=1e-3, memory=1e-3))
    assert text.startswith("Measured on 2026-01-02 at commit abc: a CPU.\n\n| stage |")
    assert "| collect | 21 to 81 s | 1,000 | 1.00 | 2.0 to 2.0 s | 21 to 81 MB | 1,000 | 1.00 |" in text
    assert "| train | 1.0 to 1.0 s | 0 | – |" in text
    assert "No process above 6 GB: yes" in text
    assert "| collect | 67 | 4.0 GB |" in text
    assert all(len(line) <= 100 for line in text.splitlines() if not line.startswith("|"))


def test_the_page_tells_what_a_further_pair_costs_between_neighbouring_sizes():
    found = scale.merged(
        entries((20_000, 40_000), cpu=1e-3), 80_000, {"collect": cost(cpu=1), "train": cost()}, HERE
    )
    text = scale.page_text(found)
    assert "| µs of CPU for a further pair | 20,000 to 40,000 | 40,000 to 80,000 |\n|---|---|---|\n" in text
    assert "| collect | 1,000 | -1,000 |\n| train | 0 | 0 |\n| all stages | 1,000 | -1,000 |\n" in text
    assert "further pair" not in scale.page_text(found[:2])


def test_how_many_queries_of_a_piece_are_different_ones():
    """Drawn from an urn of as many queries as 80,000 pairs have."""
    queries = max(part.queries for part in parts(80_000) if part.is_parallel)
    drawn = np.random.default_rng(1).integers(queries, size=(200, 300))
    seen = np.mean([len(np.unique(row)) / 300 for row in drawn])
    assert scale_corpus.different(80_000, 300) == pytest.approx(seen, abs=0.005)
    assert scale_corpus.different(80_000, 1) == pytest.approx(1)


def test_what_is_too_large_is_told():
    text = scale.page_text(entries((20_000, 40_000, 80_000), memory=2e-3))
    assert "No process above 6 GB: yes" in text
    assert text.count("6 GB: **no**") == 1
    text = scale.page_text(entries((20_000, TARGET), memory=2e-3))
    assert "No process above 6 GB: **no**" in " ".join(text.split())
    assert "Not measured" not in text
    assert "Not measured" not in scale.page_text(entries((20_000,)))


def test_a_size_replaces_its_own_figures_alone():
    before = entries((20_000, 40_000))
    after = scale.merged(before, 20_000, {"collect": cost(cpu=9), "train": cost()}, HERE)
    assert [entry["pairs"] for entry in after] == [20_000, 40_000]
    assert after[1] == before[1]
    assert after[0]["stages"]["collect"] == asdict(cost(cpu=9))


def test_what_it_will_take_is_told_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for unknown in ({}, scale.read_runs(entries((20_000,)))):
        assert scale.expected(unknown, 10**6) == (scale.SECONDS + 3_000, 6e9)
    runs = scale.read_runs(entries((20_000, 40_000), cpu=1e-3, folder=1e-3))
    seconds, size = scale.expected(runs, 80_000)
    assert seconds == pytest.approx(81 + 1)
    assert size == pytest.approx(81e6)
    scale.announce([20_000, 40_000], {}, tmp_path)
    assert "20,000, 40,000 pairs in 10 sources and 9 languages" in capsys.readouterr().out
    with pytest.raises(click.ClickException, match="GB are free"):
        scale.announce([10**12], {}, tmp_path)


def test_the_page_has_the_marks():
    page = scale.PAGE.read_text(encoding="utf-8")
    new = put_between(page, scale.MARKS, "new", "page.md")
    assert new.count("\n\nnew\n\n") == 1
    assert put_between(page, scale.MARKS, scale.page_text(scale._entries()), "page.md") == page


def test_a_source_in_english_alone_is_not_translated(sources: Path):
    params = YAML(typ="safe").load(sources / "params.yaml")
    alone = {each["name"] for each in params["collect"]["sources"] if each.get("translate") is False}
    assert alone == {"mfaq", "mrtydi"}
    assert Part(SOURCES[0], 1, 1, 1).file == "wikiqa.jsonl"
