"""The stages translate and collect, as far as they have to do with engines and checks."""

import json
import logging
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
from hbir.core.records import ENGLISH, PARALLEL, TRANSLATED
from hbir.translation import engines
from hbir.translation.engines import EngineKind
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
    kind = EngineKind(EngineParams, lambda params: Parrot(**translations))
    monkeypatch.setattr(engines, "KINDS", {**engines.KINDS, "other": kind})


def test_pairs_counts_and_what_was_rejected(project: Path):
    result = run("translate", "de")
    assert result.output == (
        "translate de: 2 pairs of 0 texts; rejected: 1 copied (33.3 %); absent: 1 no_version\n"
        f"  rejected pairs: {project / REJECTED}\n"
    )
    table = read_table(OUTPUTS / "de.parquet", TRANSLATED)
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
    assert not OUTPUTS.exists()


def test_without_rejected_pairs_there_is_no_old_file_of_them():
    run("translate", "de")
    configure(checks={"copied_words": None})
    assert run("translate", "de").output.endswith("rejected: none; absent: 1 no_version\n")
    assert not REJECTED.exists()


def test_english_is_as_it_is_whatever_the_engine():
    assert run("translate", "en").output == "translate en: 4 pairs of 0 texts; rejected: none\n"
    tables(english(("a", "a")), PARALLEL.empty_table())
    assert run("translate", "en").output == "translate en: 1 pairs of 1 texts; rejected: none\n"


def test_pairs_and_counts_come_together_or_not_at_all(monkeypatch: pytest.MonkeyPatch):
    def fail(*arguments: Any) -> None:
        raise DataError(where="disk", expected="room", found="none", hint="Free some.")

    monkeypatch.setattr("hbir.core.files.write_json", fail)
    assert isinstance(run("translate", "de").exception, DataError)
    assert list(OUTPUTS.iterdir()) == []


def test_an_engine_of_its_own_for_a_language(monkeypatch: pytest.MonkeyPatch):
    other(monkeypatch, a="uno", p="dos")
    configure(languages={"es": "other"})
    tables(english(("a", "p")), PARALLEL.empty_table())
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
@pytest.mark.parametrize("command", [["collect"], ["translate", "de"]], ids=lambda command: command[0])
def test_a_typo_for_any_language_is_told_before_anything_is_read(command, changes, message):
    configure(
        {"sources": [{"kind": "jsonl", "name": "faq", "path": "none.jsonl", "query": "q", "passage": "p"}]},
        **changes,
    )
    result = run(*command)
    assert isinstance(result.exception, ParamsError)
    assert message in str(result.exception)
    assert not OUTPUTS.exists()


def test_a_language_that_the_project_lacks():
    assert "expected one of de, en, es, found 'fr'" in str(run("translate", "fr").exception)


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({}, ["de, es"]),
        ({"languages": {"es": "other"}}, ["de"]),
        ({"engine": "other"}, []),
        ({"engine": "other", "languages": {"de": {"name": "cldr"}}}, ["de"]),
    ],
)
def test_collect_tells_which_languages_cannot_have_plain_texts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, changes, warned: list[str]
):
    other(monkeypatch)
    rows = [json.dumps({"q": f"question {number}", "p": f"passage {number}"}) for number in range(3)]
    Path("faq.jsonl").write_text("\n".join(rows))
    source = {"kind": "jsonl", "name": "faq", "path": "faq.jsonl", "query": "q", "passage": "p"}
    configure({"sources": [source]}, **changes)
    with caplog.at_level(logging.WARNING, "stages"):
        assert run("collect").exception is None
    expected = [f"translate: engine cldr will refuse the texts of faq in {langs}." for langs in warned]
    assert [record.getMessage() for record in caplog.records if record.name == "stages.collect"] == expected
    assert len(read_table(Path("data/english.parquet"), ENGLISH)) == 3
