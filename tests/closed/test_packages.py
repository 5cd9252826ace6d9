"""What is installed is named exactly, and what the public's machines do is what is done here."""

import json
import re
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from ruamel.yaml import YAML

from docs.generate import audit
from docs.generate.hashes import hashed

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()


def test_every_package_of_the_lock_has_one_version_and_no_address():
    lines = [line for line in LOCK if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    names = [line.partition("==")[0].lower().replace("_", "-") for line in lines]
    assert len(names) == len(set(names)) > 200


def test_the_lock_installs_on_the_python_of_debian_12():
    """It is 3.11.2; a package that wants a later 3.11 stopped `make install` there."""
    installed = {f"{found.name}=={found.version}": found.metadata for found in distributions()}
    described = {line: installed[line] for line in LOCK if line in installed}
    wanted = {line: about["Requires-Python"] for line, about in described.items() if "Requires-Python" in about}
    assert wanted
    assert [line for line, given in wanted.items() if "3.11.2" not in SpecifierSet(given)] == []


def test_hashes_are_those_of_pip_s_report():
    def item(name: str, digest: str):
        archive = {"archive_info": {"hashes": {"sha256": digest}}}
        return {"metadata": {"name": name, "version": "1.0"}, "download_info": archive}

    head, *lines = hashed({"install": [item("B", "b" * 64), item("a", "a" * 64)]}).splitlines()
    assert head.startswith("# Made by `make hashes`")
    assert lines == [f"a==1.0 --hash=sha256:{'a' * 64}", f"b==1.0 --hash=sha256:{'b' * 64}"]


KNOWN: dict[str, Any] = {"name": "a", "version": "1.0", "vulns": []}
HOLED = {
    "name": "b",
    "version": "2.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"], "description": ""}],
}
UNKNOWN = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([KNOWN], 0, "1 packages audited, 0 known holes."),
        ([KNOWN, UNKNOWN], 0, "1 packages audited, 0 known holes; nothing is known of c."),
        ([KNOWN, *[UNKNOWN] * 7], 0, "nothing is known of c, c, c, c, c, and 2 more."),
        ([KNOWN, HOLED], 1, "b 2.0: PYSEC-1, mended in 2.1\n2 packages audited, 1 known holes."),
        ([UNKNOWN], 1, "Nothing was audited: none of the 1 packages is known"),
        ([], 1, "Nothing was audited"),
    ],
)
def test_an_audit_of_nothing_is_no_success(packages, code: int, said: str, tmp_path: Path, capsys):
    (tmp_path / "report").write_text(json.dumps({"dependencies": packages, "fixes": []}))
    assert audit.main(tmp_path / "report", tmp_path / "log") == code
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("log", "said"), [("Traceback\n  a\nProxyError: no\n\n", "ProxyError: no\n"), ("", "no report")]
)
def test_an_audit_without_its_data_says_so_in_a_line(log: str, said: str, tmp_path: Path, capsys):
    (tmp_path / "log").write_text(log)
    assert audit.main(tmp_path / "none", tmp_path / "log") == 1
    out = capsys.readouterr().out
    assert out.startswith("Nothing was audited: ")
    assert said in out
    assert out.count("\n") == 1


def test_the_installation_is_held_to_hashes_where_there_are_some():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "if [ -f requirements.hashes ]" in text
    assert "--require-hashes -r requirements.hashes" in text


def workflow(name: str) -> dict[str, Any]:
    """Read a workflow, which may read the repository, and nothing else."""
    text = (ROOT / ".github/workflows" / name).read_text(encoding="utf-8")
    read: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    assert read["permissions"] == {"contents": "read"}
    assert "secrets" not in text
    for job in read["jobs"].values():
        checkouts = [step for step in job["steps"] if "checkout" in step.get("uses", "")]
        assert [step["with"]["persist-credentials"] for step in checkouts] == [False]
        assert job["timeout-minutes"]
    return read


def test_the_workflow_runs_what_ci_runs_and_may_only_read():
    jobs = workflow("ci.yml")["jobs"]
    assert jobs["locked"]["steps"][-1]["run"] == "bash .ci/run"
    assert jobs["newer"]["strategy"]["matrix"]["python"] == ["3.12", "3.13"]


def test_the_nightly_workflow_runs_the_fuzzing_of_the_makefile():
    nightly = workflow("nightly.yml")
    assert list(nightly["on"]) == ["schedule", "workflow_dispatch"]
    [job] = nightly["jobs"].values()
    assert job["steps"][-1]["run"].startswith("make fuzz ")
    assert {path.name for path in (ROOT / ".github/workflows").iterdir()} == {"ci.yml", "nightly.yml"}


def test_the_container_tests_itself():
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    assert " && make test \\\n" in text
    assert " && rm -rf /tmp/pytest-of-hbir\n" in text  # which is larger than the image
    assert "USER hbir" in text.partition(" && make test")[0]


def test_docker_and_podman_leave_the_same_out():
    """Each reads a file of its own."""
    names = (".containerignore", "Containerfile.dockerignore")
    podmans, dockers = ((ROOT / name).read_text(encoding="utf-8") for name in names)
    assert podmans == dockers
    assert {".venv", "models", "data/sources/*"} <= set(podmans.splitlines())
