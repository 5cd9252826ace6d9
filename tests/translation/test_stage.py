"""The stage translate, as far as it has to do with engines and checks."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from hbir.cli import hbir
from hbir.core.errors import DataError, HbirError, ParamsError
from hbir.core.files import read_json, read_table, write_table
from hbir.core.params import read_params
from hbir.core.schemas import PARALLEL_SCHEMA, TRANSLATED_SCHEMA
from hbir.translation.engines.registry import ENGINES, EngineKind
from hbir.translation.params import EngineParams
from tests.translation.test_translate import Parrot, english, parallel

ROOT = Path(__file__).parents[2]
DEFAULTS = read_params(ROOT / "params.yaml")
COPIED = "Four words and more"
PAIRS = english(("a", "p"), (COPIED, "p"), ("c", "q"), ("d", "q"))
ROWS = parallel(
    (0, "en", "a", "p"),
    (0, "de", "A", "P"),
    (1, "en", COPIED, "p"),
    (1, "de", COPIED, "P"),
    (2, "en", "c", "q"),
    (2, "de", "C", "Q"),
    (3, "en", "d", "q"),
)
OUTPUTS = Path("data/translated")
REJECTED = Path(".hbir/rejected/de.jsonl")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a project with two languages and four pairs, which come translated."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "stages").symlink_to(ROOT / "stages")
    tables(PAIRS, ROWS)
    configure()
    return tmp_path


def tables(pairs: pa.Table, rows: pa.Table) -> None:
    write_table(Path("data/english.parquet"), pairs)
    write_table(Path("data/parallel.parquet"), rows)


def configure(
    collect: dict[str, Any] | None = None, checks: dict[str, Any] | None = None, **changes: Any
) -> None:
    given = DEFAULTS["translate"]
    section = given | changes | {"checks": given["checks"] | (checks or {"max_rejected": 0.5})}
    params = DEFAULTS | {"languages": ["de", "en", "es"], "translate": section}
    params["collect"] = DEFAULTS["collect"] | (collect or {})
    YAML().dump(params, Path("params.yaml"))


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(hbir, arguments)
    if result.exception and not isinstance(result.exception, HbirError):
        raise result.exception
    return result


def other(monkeypatch: pytest.MonkeyPatch, **translations: str) -> None:
    """Add an engine that reads texts."""
    kind = EngineKind(EngineParams, lambda params, assignment: Parrot(**translations), by_sentence=False)
    monkeypatch.setitem(ENGINES, "other", kind)


def test_pairs_counts_and_what_was_rejected(project: Path):
    result = run("translate", "de")
    assert result.output == (
        "translate de: 2 pairs of 0 texts; rejected: 1 copied (33.3 %); absent: 1 no_version\n"
        f"  rejected pairs: {project / REJECTED}\n"
    )
    table = read_table(OUTPUTS / "de.parquet", TRANSLATED_SCHEMA)
    assert table["query"].to_pylist() == ["A", "C"]
    assert read_json(OUTPUTS / "de.stats.json") == {
        "pairs": 2,
        "texts": 0,
        "truncated": 0,
        "rejected": {"copied": 1},
        "absent": {"no_version": 1},
    }
    [told] = map(json.loads, REJECTED.read_text().splitlines())
    assert told["query"] == {"english": COPIED, "translation": COPIED, "reason": "copied"}
    assert told["passage"] == {"english": "p", "translation": "P", "reason": None}
    before = [path.read_bytes() for path in sorted(OUTPUTS.iterdir())]
    run("translate", "de")
    assert [path.read_bytes() for path in sorted(OUTPUTS.iterdir())] == before


def test_rejected_pairs_lie_in_the_main_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An experiment in a folder of its own would take them along when it is removed."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "main"))
    assert str(tmp_path / "main" / REJECTED) in run("translate", "de").output
    assert (tmp_path / "main" / REJECTED).is_file()


def test_above_the_share_the_stage_fails_and_leaves_what_was_rejected():
    configure(checks={"max_rejected": 0.3})
    result = run("translate", "de")
    assert isinstance(result.exception, DataError)
    assert "found 33.3%: 1 copied. Look at " in str(result.exception)
    assert REJECTED.is_file()
    assert not list(OUTPUTS.glob("*"))


def test_without_rejected_pairs_there_is_no_old_file_of_them():
    run("translate", "de")
    configure(checks={"copied_words": None})
    assert run("translate", "de").output == (
        "translate de: 3 pairs of 0 texts; rejected: none; absent: 1 no_version\n"
        "  warning: 25.0% of the pairs have no translation into de: 1 no_version\n"
    )
    assert not REJECTED.exists()


def test_english_is_as_it_is_whatever_the_engine():
    assert run("translate", "en").output == "translate en: 4 pairs of 0 texts; rejected: none\n"
    tables(english(("a", "a")), PARALLEL_SCHEMA.empty_table())
    assert run("translate", "en").output == "translate en: 1 pairs of 1 texts; rejected: none\n"


def test_pairs_and_counts_come_together_or_not_at_all(monkeypatch: pytest.MonkeyPatch):
    def fail(*arguments: Any) -> None:
        raise DataError(where="disk", expected="room", found="none", hint="Free some.")

    monkeypatch.setattr("stages.translate.write_json", fail)
    assert isinstance(run("translate", "de").exception, DataError)
    assert list(OUTPUTS.iterdir()) == []


def test_an_engine_of_its_own_for_a_language(monkeypatch: pytest.MonkeyPatch):
    other(monkeypatch, a="uno", p="dos")
    configure(languages={"es": "other"})
    tables(english(("a", "p")), PARALLEL_SCHEMA.empty_table())
    assert run("translate", "es").output == "translate es: 1 pairs of 2 texts; rejected: none; 2 truncated\n"
    refused = run("translate", "de")
    assert isinstance(refused.exception, ParamsError)
    assert "an engine that reads texts" in str(refused.exception)


WRONG = [
    ({"engine": "cdlr"}, "params.yaml: translate.engine: "),
    ({"languages": {"es": "cdlr"}}, "params.yaml: translate.languages.es: "),
    ({"languages": {"fr": "cldr"}}, "params.yaml: translate.languages: expected one of de, es, found 'fr'"),
    ({"checks": {"script": 2}}, "params.yaml: translate.checks.script: "),
    ({"checks": {"skript": 1}}, "Did you mean 'script'?"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_a_typo_for_any_language_is_told_before_anything_is_read(changes, message):
    configure(**changes)
    Path("data/english.parquet").unlink()
    result = run("translate", "de")
    assert isinstance(result.exception, ParamsError)
    assert message in str(result.exception)
    assert not list(OUTPUTS.glob("*"))


def test_a_language_without_any_pair_is_an_error_and_leaves_no_output():
    configure(engine="parallel")
    tables(PAIRS, ROWS.slice(6))
    result = run("translate", "es")
    assert isinstance(result.exception, DataError)
    told = "translate es: expected a pair, found none; 3 no_translation, 1 no_version. Name an engine"
    assert told in str(result.exception)
    assert not list(OUTPUTS.glob("*"))


def lock(**changes: Any) -> None:
    """Write what DVC knows of the last run of German."""
    params = {"translate.engine": "cldr", "translate.languages": {}} | changes
    YAML().dump({"stages": {"translate@de": {"params": {"params.yaml": params}}}}, Path("dvc.lock"))


def test_what_another_language_lacks_is_told_before_anything_is_translated():
    """Its stage comes after hours."""
    configure(languages={"es": {"name": "glossary", "path": "nowhere.txt"}})
    result = run("translate", "de")
    assert isinstance(result.exception, DataError)
    assert "translate.languages.es: engine glossary, language es: expected a lexicon" in str(result.exception)
    assert not OUTPUTS.exists()


def test_a_language_that_is_done_needs_its_engine_no_more(monkeypatch: pytest.MonkeyPatch):
    """A model may have been removed, or the pairs were pulled."""
    glossary = {"name": "glossary", "path": "nowhere.txt"}
    tables(english(("a", "p")), PARALLEL_SCHEMA.empty_table())
    other(monkeypatch, a="uno", p="dos")
    configure(languages={"de": glossary, "es": "other"})
    assert isinstance(run("translate", "es").exception, DataError)
    write_table(OUTPUTS / "de.parquet", pa.table({"a": [1]}))
    for told in ({}, {"translate.languages": {"de": "parallel"}}, {"translate.languages": 5}):
        lock(**told)
        assert isinstance(run("translate", "es").exception, DataError)
    lock(**{"translate.languages": {"de": glossary}})
    assert run("translate", "es").exception is None
    lock(**{"translate.engine": glossary})
    assert run("translate", "es").exception is None
    for broken in ("[", "5", "stages: 5"):
        Path("dvc.lock").write_text(broken)
        assert isinstance(run("translate", "es").exception, DataError)


def test_outputs_that_cannot_be_written_are_told_before_anything_is_translated(
    monkeypatch: pytest.MonkeyPatch,
):
    other(monkeypatch)  # knows no text
    configure(languages={"es": "other"})
    OUTPUTS.parent.mkdir(exist_ok=True)
    OUTPUTS.touch()
    assert isinstance(run("translate", "es").exception, DataError)


def test_a_language_that_the_project_lacks():
    assert "expected one of de, en, es, found 'fr'" in str(run("translate", "fr").exception)


ITSELF = [sys.executable, "-m", "hbir", "translate", "es"]
SENTENCES = 40


def sentence(number: int) -> str:
    people, places = ("teacher", "doctor", "sister", "friend", "king"), ("river", "house", "garden", "city")
    person, place = people[number % 5], places[number % 4]
    return f"The {person} sees {'very ' * (number % 7)}old trees near the {place} number {number + 1000}."


def apertium_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder.mkdir()
    (folder / ".dvc").mkdir()
    (folder / "stages").symlink_to(ROOT / "stages")
    monkeypatch.chdir(folder)
    texts = [sentence(number) for number in range(SENTENCES)]
    pairs = [(query, f"{query} {passage}") for query, passage in pairwise(texts)]
    tables(english(*pairs), PARALLEL_SCHEMA.empty_table())
    configure(languages={"es": "apertium"}, batch_tokens=100)
    return folder


def kept(folder: Path) -> int:
    path = folder / ".hbir/translations/es.sqlite"
    if not path.is_file():
        return 0
    with closing(sqlite3.connect(path)) as memory:
        tables = memory.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (count,) = memory.execute("SELECT count(*) FROM entries").fetchone() if tables[0] else (0,)
    return int(count)


@pytest.mark.skipif(not shutil.which("apertium"), reason="apertium is not installed")
def test_killed_in_the_middle_it_goes_on_to_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    killed, whole = (apertium_project(tmp_path / name, monkeypatch) for name in ("killed", "whole"))
    with subprocess.Popen(ITSELF, cwd=killed) as process:
        while not kept(killed):
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert 0 < kept(killed) < SENTENCES
    assert not list((killed / OUTPUTS).glob("*"))
    for folder in (killed, whole):
        subprocess.run(ITSELF, cwd=folder, check=True)
        assert kept(folder) == SENTENCES
    for name in ("es.parquet", "es.stats.json"):
        assert (killed / OUTPUTS / name).read_bytes() == (whole / OUTPUTS / name).read_bytes()
    assert read_json(whole / OUTPUTS / "es.stats.json")["pairs"] > 30
