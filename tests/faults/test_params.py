"""A params.yaml or a study that is broken, hostile, or names what it must not."""

import os
from pathlib import Path

import pytest

from tests.faults.harness import both, cases, params, refusal, write

PARAMS = "params.yaml"


def text(change):
    """Write params.yaml anew from its bytes."""

    def make():
        path = Path(PARAMS)
        path.write_bytes(change(path.read_bytes()))

    return make


def added(lines: str):
    return text(lambda content: content + f"\n{lines}\n".encode())


def instead(old: str, new: str):
    return text(lambda content: content.replace(old.encode(), new.encode(), 1))


def folder_instead():
    Path(PARAMS).unlink()
    Path(PARAMS).mkdir()


def link_to(path: str, target: str):
    def make():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).unlink(missing_ok=True)
        Path(path).symlink_to(target)

    return make


def pipe():
    Path(PARAMS).rename("stages/params.yaml")
    os.mkfifo(PARAMS)


def pipe_at(path: str):
    def make():
        Path(path).parent.mkdir(parents=True)
        os.mkfifo(path)

    return make


BEIR = params(evaluate__benchmarks=[{"name": "beir/x", "data": "data/benchmarks/x"}])
LAUGHS = "\n".join(
    ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
)
SOURCE = {"kind": "jsonl", "name": "x", "path": "data/sources/x.jsonl"}


def source(**keys):
    return params(collect__sources=[SOURCE | keys])


@cases(
    ("empty", write(PARAMS, b""), "inputs"),
    ("a list", write(PARAMS, "- a\n- b\n"), "inputs"),
    ("a word", write(PARAMS, "nothing"), "inputs"),
    ("random bytes", write(PARAMS, bytes(range(256))), "inputs"),
    ("UTF-16", text(lambda content: content.decode().encode("utf-16")), "inputs"),
    ("Windows-1252", text(lambda content: content + b"\n# caf\xe9\n"), "inputs"),
    ("half a file", text(lambda content: content[:1500]), "inputs"),
    ("tabs", added("\tkey: 1"), "inputs"),
    ("a key twice", added("seed: 2"), "inputs"),
    ("two documents", added("---\nseed: 2"), "inputs"),
    ("an unknown key", added("sead: 2"), "inputs", "sead"),
    ("a key gone", instead("seed: 1", ""), "inputs", "seed"),
    ("a tag of Python", added("x: !!python/object/apply:os.system ['touch RAN']"), "inputs"),
    ("a tag of Python as the seed", instead("seed: 1", "seed: !!python/name:os.system"), "inputs"),
    ("an unknown tag", instead("seed: 1", "seed: !secret 1"), "inputs"),
    ("anchors that explode", added(LAUGHS), "inputs", "anchors"),
    ("an anchor in itself", added("x: &x [*x]"), "inputs", "levels"),
    ("an anchor twice", added("x: &a 1\ny: &a 2"), "inputs", "duplicate anchor 'a'"),
    ("an anchor that is none", added("x: *none"), "inputs"),
    ("nested without end", added("x: " + "[" * 5000), "inputs"),
    ("nested deeply", added("x: " + "[" * 60 + "]" * 60), "inputs", "levels"),
    ("a list as a key", added("? [a, b]\n: 1"), "inputs"),
    ("two megabytes", added("#" * 2_000_000), "inputs", "1 MiB"),
    ("a folder", folder_instead, "collect"),
    ("a pipe", pipe, "compare", "a pipe or a device"),
    ("a link to a device", link_to(PARAMS, "/dev/zero"), "compare", "a pipe or a device"),
    ("a link to itself", link_to(PARAMS, PARAMS), "compare"),
    ("a pickle", write(PARAMS, b'\x80\x04cbuiltins\nexec\n(S\'open("RAN", "w")\'\ntR.'), "inputs"),
    ("a seed without end", instead("seed: 1", "seed: " + "9" * 5000), "inputs"),
    ("a seed of text", params(seed="1"), "inputs", "seed"),
    ("a seed of truth", params(seed=True), "inputs", "seed"),
    ("no seed", params(seed=None), "inputs", "seed"),
    ("a rate that is no number", params(train__learning_rate=float("nan")), "inputs", "learning_rate"),
    ("a rate without end", params(train__learning_rate=float("inf")), "inputs", "learning_rate"),
    ("negative steps", params(batches__steps=-1), "inputs", "steps"),
    ("a size of half", params(batches__size=2.5), "inputs", "size"),
    ("a share above 1", params(collect__near_duplicates=1.5), "inputs", "near_duplicates"),
    ("a section that is a list", params(train=[1, 2]), "inputs", "train"),
    ("a section that is null", params(evaluate=None), "inputs", "evaluate"),
    ("a day as a name", text(lambda c: c.replace(b"name: tiny", b"name: [2026-11-27]")), "inputs", "encoder"),
    ("a language that climbs", params(languages=["de", "en", "../../etc"]), "inputs"),
    ("a language of two lines", params(languages=["de", "en", "fr\nde"]), "inputs"),
    ("a language twice", params(languages=["de", "en", "de"]), "inputs"),
    ("one language", params(languages=["en"], batches__languages="all"), "inputs"),
    ("a sampler that climbs", params(samplers=["../xx"], sampler="../xx"), "inputs"),
    ("half a character", text(lambda c: c.replace(b"name: tiny", b'name: "\\ud800"')), "inputs", "encoder"),
    ("an encoder whose name is too long", params(encoder__name="./" + "a" * 5000), "encoder"),
    ("an encoder with a zero byte", text(lambda c: c.replace(b"name: tiny", b'name: "./a\\0b"')), "encoder"),
    ("an encoder of the system", params(encoder__name="/etc"), "inputs", "encoder.name"),
    ("an encoder that climbs", params(encoder__name="data/encoders/../../../etc"), "inputs", "encoder.name"),
    (
        "a memory that is not set",
        params(translate__memory="$NOT_SET/x", translate__engine="glossary"),
        "inputs",
    ),
    ("a benchmark that climbs", params(evaluate__benchmarks=["../../etc"]), "inputs"),
    ("a benchmark elsewhere", params(evaluate__benchmarks=[{"name": "xquad-r", "data": "/etc"}]), "inputs"),
    ("an unknown kind", source(kind="pickle"), "inputs", "kind"),
    ("a source of the system", source(path="/etc/passwd"), "inputs", "x.path"),
    ("a source that climbs", source(path="data/sources/../../params.yaml"), "inputs", "x.path"),
    ("a source at home", source(path="~/x.jsonl"), "inputs", "x.path"),
    ("a source that is not there", source(), "inputs", "x.path"),
    ("a source whose folder is a link", both(source(), link_to("data/sources", "/etc")), "inputs"),
    ("a source that is a dead link", both(source(), link_to("data/sources/x.jsonl", "/none")), "inputs"),
    ("a source that is a link to itself", both(source(), link_to("data/sources/x.jsonl", "x.jsonl")), "inputs"),
    (
        "a source that is a pipe",
        both(source(), pipe_at("data/sources/x.jsonl")),
        "inputs",
        "a pipe or a device",
    ),
    (
        "a benchmark with a pipe in it",
        both(BEIR, pipe_at("data/benchmarks/x/a")),
        "inputs",
        "a pipe or a device",
    ),
    ("two sources of one name", params(collect__sources=[SOURCE, SOURCE]), "inputs", "name"),
    ("a launcher with an open quote", params(train__launcher="torchrun '"), "inputs", "launcher"),
)
@pytest.mark.usefixtures("project")
def test_refused(case):
    refusal(case)


STUDY = "studies/mine.yaml"


@cases(
    ("a study that is no YAML", write(STUDY, "a: ["), "study show mine"),
    ("a study of explosions", write(STUDY, LAUGHS), "study show mine", "anchors"),
    ("a study that is a list", write(STUDY, "[1, 2]"), "study show mine"),
    ("a study that asks nothing", write(STUDY, "seed: 2"), "study show mine", "study"),
    ("a study that extends itself", write(STUDY, "extends: mine\nseed: 2"), "study show mine", "extends"),
    ("a study that climbs", write(STUDY, "extends: ../params\nseed: 2"), "study show mine", "extends"),
    ("a study with an unknown key", write(STUDY, "study: {question: a, seeds: [1], x: 1}"), "study show mine"),
    ("a study whose forms are nothing", write(STUDY, "study: {question: a, forms: null}"), "study show mine"),
    (
        "a study with a form of words",
        write(STUDY, "study: {question: a, forms: {small: x}}"),
        "study show mine",
    ),
    ("a study with bad seeds", write(STUDY, "study: {question: a, seeds: ['../1']}"), "study show mine"),
    ("a study that is not there", write(STUDY, "seed: 2"), "study show ../../etc/passwd"),
    ("a study of Python", write(STUDY, "a: !!python/object/apply:os.system ['touch RAN']"), "study show mine"),
)
@pytest.mark.usefixtures("project")
def test_studies_are_refused(case):
    refusal(case)
