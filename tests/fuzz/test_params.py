"""params.yaml and studies: any YAML, and the real ones with something else in one place."""

import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hbir.core.params import read_params
from hbir.inputs.check import check
from hbir.studies.study_file import forms_of, read_study
from tests.fuzz.harness import STRANGE, TEXTS, changed, damaged, fuzz, survives

ROOT = Path(__file__).parents[2]
PARAMS = (ROOT / "params.yaml").read_bytes()
STUDY = (ROOT / "studies/seeds.yaml").read_bytes()


def as_yaml(value: Any) -> bytes:
    stream = io.BytesIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = True
    yaml.dump(value, stream)
    return stream.getvalue()


def values(content: bytes) -> Any:
    return YAML(typ="safe", pure=True).load(content.decode())


PLAIN = (
    "a 1 1e3 .nan -.inf ~ yes 0o7 0x_1 0b2 1_000 2026-11-27 2026-99-99 1:30 ' = << # @ ` | ... --- *a *none &a"
)
TAGGED = "!!python/name:os.system !!set !x !!null"
RARE = """!!binary /w==
!!set {a}
!!omap [a: 1]
!!timestamp 1
!!int x
!!float 1_e
!!bool maybe
&a 1
&a [*a]
%YAML 9.9
? a
- a
"\\ud800"
<<: [*a, b]
<<: 5"""
SCALARS = st.sampled_from(
    [*PLAIN.split(), *TAGGED.split(), *RARE.splitlines(), "|\n  x", ">-\n  x", "\t", "\u2028", "9" * 5000]
)
KEYS = st.one_of(st.sampled_from(["a", "b", "<<", "? ", "- ", "[a]", "{a: b}", "&k k", "!!str s", "''"]), TEXTS)


@st.composite
def yaml_like(draw: st.DrawFn) -> str:
    """Draw lines that look like YAML, its rarer parts most of all."""
    lines = []
    for _ in range(draw(st.integers(0, 5))):
        indent = " " * draw(st.sampled_from([0, 0, 2, 4]))
        key = f"{draw(KEYS)}: " if draw(st.booleans()) else "- "
        lines.append(f"{indent}{key}{draw(SCALARS)}")
    return "\n".join(lines)


def checked(path: Path) -> None:
    check(read_params(path))


def test_the_real_ones_are_read(place: Path):
    (place / "params.yaml").write_bytes(PARAMS)
    assert survives(checked, place / "params.yaml")


@fuzz(st.one_of(yaml_like(), yaml_like().map(lambda text: f"{text}\n---\n{text}"), st.text()))
def test_any_yaml(place: Path, text: str):
    (place / "params.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    survives(checked, place / "params.yaml")


@fuzz(st.one_of(changed(values(PARAMS)).map(as_yaml), damaged(PARAMS)))
def test_params(place: Path, content: bytes):
    (place / "params.yaml").write_bytes(content)
    survives(checked, place / "params.yaml")


@fuzz(st.lists(st.tuples(st.sampled_from(sorted(values(PARAMS))), STRANGE), min_size=1, max_size=2))
def test_whole_sections(place: Path, changes: list[tuple[str, Any]]):
    (place / "params.yaml").write_bytes(as_yaml(values(PARAMS) | dict(changes)))
    survives(checked, place / "params.yaml")


QUESTION = changed(values(STUDY)["study"]).map(lambda section: values(STUDY) | {"study": section})


@fuzz(st.one_of(changed(values(STUDY)).map(as_yaml), QUESTION.map(as_yaml), damaged(STUDY)))
def test_studies(place: Path, content: bytes):
    project = place / "project"
    (project / "studies").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "params.yaml", project)
    (project / "studies/mine.yaml").write_bytes(content)

    def read(_: Path) -> None:
        for form in forms_of("mine") or ["full"]:
            read_study("mine", form)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        survives(read, project)
