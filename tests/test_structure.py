"""The house: imports go down only, dvc.yaml declares what stages import, every param is described and used."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hbir.batching.compositions import COMPOSITIONS
from hbir.cli import TOOLS
from hbir.core.samplers import SAMPLERS, with_stage
from hbir.evaluation.params import EvaluateParams

ROOT = Path(__file__).parents[1]
FLOORS = {
    "core": 0,
    "benchmarks": 1,
    "cldr": 1,
    "cluster": 1,
    "collection": 2,
    "translation": 2,
    "batching": 2,
    "encoding": 2,
    "retrieval": 3,
    "training": 3,
    "evaluation": 3,
    "reporting": 4,
    "tracking": 4,
    "inputs": 5,
    "debias": 5,
    "studies": 6,
    "commands": 7,
}
SAME_FLOOR = {("benchmarks", "cldr"), ("evaluation", "retrieval"), ("tracking", "reporting")}
"""Which package may import which of its own floor."""
NEVER_DECLARED = {"tracking"}
"""It records what happened; no output depends on it."""
WITHOUT_TORCH = (
    "core",
    "cldr",
    "benchmarks",
    "cluster",
    "collection",
    "translation",
    "batching",
    "reporting",
    "inputs",
    "studies",
)
STAGES = (
    "inputs",
    "collect",
    "translate",
    "build_batches",
    "encoder",
    "train",
    "merge_samplers",
    "score",
    "evaluate",
)
PIPELINE = YAML(typ="safe").load(ROOT / "dvc.yaml")


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the modules of hbir that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hbir"):
            found.update({f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)})
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name.startswith("hbir"))
    return frozenset(found)


def file_of(module: str) -> Path | None:
    path = ROOT / module.replace(".", "/")
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def closure(start: Path) -> set[str]:
    """Return the packages of hbir that a file imports, directly or not, tracking apart."""
    waiting, seen = [start], {start}
    while waiting:
        for module in imported(waiting.pop()):
            path = file_of(module)
            if path and path not in seen and package(path) not in NEVER_DECLARED:
                seen.add(path)
                waiting.append(path)
    return {name for path in seen if (name := package(path))}


def package(path: Path) -> str | None:
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "hbir" and len(parts) > 2 else None


@pytest.mark.parametrize("name", FLOORS)
def test_imports_go_down_only(name: str):
    wrong = []
    for path in (ROOT / "hbir" / name).rglob("*.py"):
        for module in imported(path):
            other = module.split(".")[1] if module.count(".") else name
            allowed = (
                other == name
                or other not in FLOORS
                or FLOORS[other] < FLOORS[name]
                or (name, other) in SAME_FLOOR
            )
            if not allowed:
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert not wrong


def test_every_package_has_a_floor():
    assert {path.parent.name for path in (ROOT / "hbir").glob("*/__init__.py")} == set(FLOORS)


@pytest.mark.parametrize("stage", PIPELINE["stages"])
def test_a_stage_declares_the_code_that_it_imports(stage: str):
    definition = PIPELINE["stages"][stage]
    deps = {dep for dep in definition["deps"] if dep.startswith(("stages", "hbir"))}
    command = definition["cmd"].split()[3].replace("-", "_")
    expected = {f"stages/{command}.py"} | {
        f"hbir/{name}" for name in closure(ROOT / "stages" / f"{command}.py")
    }
    assert deps == expected


def test_every_stage_has_a_thin_command():
    files = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}
    assert files == set(STAGES)
    for name in STAGES:
        assert (ROOT / "stages" / f"{name}.py").read_text().count("\n") < 60


def test_a_training_stage_declares_all_training_params():
    for stage in (*(f"train_{name}" for name in with_stage()), "train_baseline"):
        overrides = f"overrides.{stage.removeprefix('train_')}" if stage != "train_baseline" else "overrides"
        expected = {"seed", "threads", "encoder.trust_remote_code", overrides, "train"}
        assert set(PIPELINE["stages"][stage]["params"]) == expected


def test_the_samplers_stages_differ_in_the_sampler_alone():
    stages = [str(PIPELINE["stages"][f"train_{name}"]).replace(name, "NAME") for name in with_stage()]
    assert len(set(stages)) == 1


def test_every_sampler_has_a_stage_or_is_a_baseline():
    trained = {name.removeprefix("train_") for name in PIPELINE["stages"] if name.startswith("train_")}
    assert trained == {*with_stage(), "baseline"}
    assert {sampler.composition for sampler in SAMPLERS.values()} == set(COMPOSITIONS)


def test_what_loads_an_encoder_declares_whether_its_code_is_trusted():
    """The encoder stage declares its whole section."""
    loading = [name for name in PIPELINE["stages"] if name.startswith(("train_", "merge", "score"))]
    assert len(loading) > 10
    for stage in loading:
        assert "encoder.trust_remote_code" in PIPELINE["stages"][stage]["params"]


def test_a_stage_that_scores_declares_what_it_uses_of_evaluate():
    every = {f"evaluate.{key}" for key in EvaluateParams.__annotations__}
    every -= {"evaluate.adjustments", "evaluate.launcher", "evaluate.cluster"}  # none changes a score
    learning = {"evaluate.adjustment_passages", "evaluate.lir_directions"}
    unused = {
        "score": learning,
        "score_adjusted": {"evaluate.embeddings", "evaluate.last_step"},  # neither is scored
        "score_floor": learning | {"evaluate.embeddings", "evaluate.batch_size", "evaluate.last_step"},
    }
    for name, stage in PIPELINE["stages"].items():
        if name.startswith("score"):
            kind = next((kind for kind in ("score_adjusted", "score_floor") if name.startswith(kind)), "score")
            declared = {key for key in stage["params"] if key.startswith("evaluate")}
            assert declared == every - unused[kind], name
            assert {"languages", "threads"} <= set(stage["params"])
            assert ("data/pairs.parquet" in stage["deps"]) == (kind == "score_adjusted")


def test_params_yaml_has_every_key():
    from hbir.core.params import read_params
    from hbir.inputs.check import check

    params = read_params(ROOT / "params.yaml")
    whole = check(params)._asdict()
    for name in whole.keys() - {"project"}:
        assert set(params[name]) == set(type(whole[name]).__annotations__), name


def test_every_param_is_used():
    """A field that no code reads is a promise that nobody keeps."""
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("hbir", "stages")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "params.py"
    )
    for path in (ROOT / "hbir").rglob("params.py"):
        if path.parent.name == "core":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                for field in node.body:
                    if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                        name = field.target.id
                        if node.name != "TrainParams" or name not in ("xx", "xy", "hybrid", "mixed", "english"):
                            assert f".{name}" in code or f"self.{name}" in path.read_text(), f"{path}: {name}"


@pytest.mark.parametrize("name", WITHOUT_TORCH)
def test_torch_stays_out(name: str):
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "hbir" / name).rglob("*.py")
        if path.name != "__init__.py"
    ]
    code = f"import sys, {', '.join(modules)}\n"
    code += (
        "print([m for m in ('torch', 'transformers', 'sentence_transformers', 'mlflow') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("stage", ["inputs", "collect", "translate", "build_batches"])
def test_the_stages_without_a_model_import_no_torch(stage: str):
    code = f"import sys, runpy; sys.path.insert(0, '.'); runpy.run_path('stages/{stage}.py')\n"
    code += "print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_nothing_large_is_imported_for_help():
    code = "import sys\nfrom hbir.cli import hbir\nhbir(['--help'], standalone_mode=False)\n"
    code += "heavy = ('torch', 'numpy', 'pyarrow', 'mlflow', 'babel', 'pydantic')\n"
    code += "print([m for m in heavy if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip().endswith("[]")


LARGE = ("torch", "mlflow", "matplotlib", "faiss", "datasets", "pandas", "peft", "scipy", "sklearn", "dvc")
"""What takes a tenth of a second or more to import; of what embeds, torch and faiss."""


@pytest.mark.parametrize(
    ("commands", "allowed"),
    [
        (["inputs", "collect", "translate", "build-batches", "evaluate"], []),
        (list(TOOLS), []),
        (["encoder", "train", "score"], ["torch", "faiss"]),
    ],
    ids=["light stages", "tools", "stages that embed"],
)
def test_a_command_starts_without_what_it_may_not_need(commands: list[str], allowed: list[str]):
    """A no-op of DVC calls none of them, but each stage pays for its imports before it does anything."""
    code = "import sys\nfrom hbir.cli import hbir\n"
    code += f"for name in {commands}:\n    hbir([name, '--help'], standalone_mode=False)\n"
    code += f"print([m for m in {LARGE} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == str([name for name in LARGE if name in allowed])


def test_a_run_is_logged_without_what_mlflow_only_mentions(tmp_path: Path):
    code = "import sys\nfrom pathlib import Path\nfrom hbir.tracking.live import LiveRun\n"
    code += f"run = LiveRun(Path({str(tmp_path)!r}))\n"
    code += "run.start('0' * 64, 'xx', {'seed': 1})\nrun.train(1, 2.0, 0.1, 3.0)\nrun.finish('FINISHED')\n"
    code += "print([m for m in ('mlflow', 'pandas', 'scipy', 'sklearn') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "['mlflow']"
    assert "tracking:" not in result.stderr
