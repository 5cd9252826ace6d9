"""Several processes score an encoder together: the same files, byte for byte, as with one."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hbir.core.errors import HbirError, RanksError
from hbir.core.hashing import folder_digest
from hbir.core.training_record import write_training
from hbir.encoding.joined import joined
from hbir.encoding.model import load_encoder, prepare_torch
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.run_writer import run_writer
from hbir.evaluation.same import require_same_scoring
from hbir.evaluation.save import save
from hbir.evaluation.scoring import Benchmark
from hbir.retrieval import building
from tests.encoding.test_encoder import saved
from tests.evaluation.test_scoring import write_lines
from tests.several import Ended, run_all, values
from tests.training.conftest import make_record

ROOT = Path(__file__).parents[2]
SLOW = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an encoder, and a benchmark in which many passages have the same text, and so the same score."""
    folder = tmp_path_factory.mktemp("shared")
    saved(folder / "model")
    sides = [(lang, number) for lang in ("de", "en") for number in range(37)]
    rows = [
        {"_id": f"{lang}{n}", "text": f"text {n % 9} {'and so on ' * (n % 4)}", "lang": lang}
        for lang, n in sides
    ]
    write_lines(folder / "mine/corpus.jsonl", rows)
    write_lines(folder / "mine/queries.jsonl", [row | {"text": row["text"] + "?"} for row in rows[::3]])
    judged = [
        f"{row['_id']}\t{lang}{n}\t1" for row in rows[::3] for lang in ("de", "en") for n in range(0, 37, 5)
    ]
    (folder / "mine/qrels").mkdir()
    (folder / "mine/qrels/test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judged]) + "\n")
    return folder


def entries(data: Path) -> dict[str, Any]:
    mine = {"name": "beir/mine", "data": str(data / "mine")}
    return {"held": mine, "streamed": mine | {"exact_limit": 0}, "cldr": "cldr"}


def score(data: Path, out: Path, names: tuple[str, ...], kept: str | None) -> None:
    """Score, and let the first process write what a user would."""
    params = EvaluateParams(benchmarks=["cldr"], query_chunk=7, batch_size=2, embeddings=kept)
    with joined("score here") as ranks, pytest.MonkeyPatch.context() as patch:
        patch.setattr("hbir.evaluation.streamed._CHUNK_OF_BATCHES", 3)
        prepare_torch(1)
        model = load_encoder(data / "model", device="cpu")
        require_same_scoring(ranks, "score here", [model], params)
        for name in names:
            benchmark = Benchmark(entries(data)[name], ["de", "en"], params, ranks)
            writes = ranks.is_first and name != "streamed"
            with run_writer(out / f"{name}.trec" if writes else None, "m") as writer:
                evaluation = benchmark.score(model, writer)
            if ranks.is_first:
                save(evaluation, out / name)


@pytest.mark.parametrize(
    ("size", "names"),
    [
        (2, ("held", "streamed")),
        pytest.param(3, ("held", "streamed", "cldr"), marks=SLOW),
        pytest.param(5, ("held", "streamed"), marks=SLOW),
    ],
)
@pytest.mark.compares
def test_files_are_those_of_one_process(data: Path, tmp_path: Path, size: int, names: tuple[str, ...]):
    score(data, tmp_path / "alone", names, str(tmp_path / "kept-alone"))
    values(size, score, data, tmp_path / "together", names, str(tmp_path / "kept-together"))
    assert len(list((tmp_path / "alone").rglob("*.trec"))) == len(names) - 1
    for one, other in (("alone", "together"), ("kept-alone", "kept-together")):
        assert folder_digest(tmp_path / one) == folder_digest(tmp_path / other)


@SLOW
@pytest.mark.compares
def test_without_a_folder_for_embeddings_too(data: Path, tmp_path: Path):
    score(data, tmp_path / "alone", ("streamed",), None)
    values(3, score, data, tmp_path / "together", ("streamed",), None)
    assert folder_digest(tmp_path / "alone") == folder_digest(tmp_path / "together")


def told(ended: list[Ended]) -> list[HbirError]:
    """Return what is said to the user; all the others end without a word."""
    assert all(each.code == 1 for each in ended), ended
    assert all(isinstance(each.value, HbirError | SystemExit) for each in ended), ended
    return [each.value for each in ended if isinstance(each.value, HbirError)]


def dying(data: Path, out: Path, number: int) -> None:
    """Score until one of the processes gets a signal: when it embeds its second chunk of a corpus."""
    real, chunks = building._chunk, 0

    def embedded(*arguments: Any) -> Any:
        nonlocal chunks
        chunks += 1
        if chunks == 2 and os.environ["RANK"] == "1":
            os.kill(os.getpid(), number)
        return real(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "_chunk", embedded)
        score(data, out, ("streamed",), str(out / "kept"))


@SLOW
def test_a_rank_that_dies_ends_the_others_and_what_was_kept_is_used(data: Path, tmp_path: Path):
    ended = run_all(3, dying, data, tmp_path / "out", signal.SIGKILL)
    assert [each.code for each in ended] == [1, -signal.SIGKILL, 1]
    error = ended[0].value
    assert isinstance(error, RanksError)
    assert str(error).startswith("score here: expected 3 processes until the end, found rank 1 gone. ")
    assert isinstance(ended[2].value, SystemExit)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["kept"]
    assert [path.stat().st_size > 0 for path in (tmp_path / "out").rglob("embeddings.f16")] == [True]

    values(2, score, data, tmp_path / "out", ("streamed",), str(tmp_path / "out/kept"))
    score(data, tmp_path / "alone", ("streamed",), str(tmp_path / "alone/kept"))
    assert folder_digest(tmp_path / "alone") == folder_digest(tmp_path / "out")


def other(data: Path, out: Path, changes: Mapping[str, Any]) -> None:
    """Score, one of the ranks another encoder, with other params or on another corpus."""
    if os.environ["RANK"] == "1":
        data = changes.get("data", data)
        with pytest.MonkeyPatch.context() as patch:
            real = EvaluateParams
            patch.setattr(
                sys.modules[__name__],
                "EvaluateParams",
                lambda **given: replace(real(**given), **changes["params"]),
            )
            score(data, out, ("streamed",), None)
    else:
        score(data, out, ("streamed",), None)


@pytest.mark.parametrize(
    "part", ["encoder", pytest.param("params", marks=SLOW), pytest.param("data", marks=SLOW)]
)
def test_ranks_that_work_with_something_else_are_refused(data: Path, tmp_path: Path, part: str):
    changes: dict[str, Any] = {"params": {"batch_size": 3} if part == "params" else {}}
    if part != "params":
        changes["data"] = tmp_path / "other"
        (tmp_path / "other").mkdir()
        for name in ("model", "mine"):
            (tmp_path / "other" / name).symlink_to(data / name)
    if part == "encoder":
        (tmp_path / "other/model").unlink()
        saved(tmp_path / "other/model", seed=2)
    if part == "data":
        (tmp_path / "other/mine").unlink()
        (tmp_path / "other/mine").mkdir()
        corpus = (data / "mine/corpus.jsonl").read_text()
        (tmp_path / "other/mine/corpus.jsonl").write_text(corpus.replace("text 3 ", "another text 3 "))
        for name in ("queries.jsonl", "qrels"):
            (tmp_path / "other/mine" / name).symlink_to(data / "mine" / name)
    [error] = told(run_all(3, other, data, tmp_path / "out", changes))
    work = "benchmark beir/mine" if part == "data" else "score here"
    assert str(error).startswith(
        f"{work}: rank 1 of 3: expected what rank 0 works with, found another value of {part}. "
    )
    assert not (tmp_path / "out").exists()


def project(root: Path, data: Path, launcher: str | None) -> Path:
    """Make a project with a trained model and an adjustment of it."""
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["languages"], params["threads"] = ["de", "en"], 1
    evaluate = {"benchmarks": [entries(data)["streamed"], "cldr"], "batch_size": 4, "embeddings": "kept"}
    params["evaluate"] |= evaluate | {"launcher": launcher}
    root.mkdir()
    yaml.dump(params, root / "params.yaml")
    (root / "stages").symlink_to(ROOT / "stages")
    model = saved(root / "models" / "xx", seed=1)
    saved(model / "final", seed=2)
    write_training(model / "training.json", make_record("xx"))
    return root


def run(root: Path, *arguments: str) -> str:
    """Run a command of hbir to its end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DVC_ROOT": str(root)}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@SLOW
@pytest.mark.compares
def test_the_stage_starts_itself_by_its_launcher(data: Path, tmp_path: Path):
    launched = "torchrun --standalone --nproc-per-node 3"
    roots = [project(tmp_path / name, data, by) for name, by in (("alone", None), ("together", launched))]
    output = [run(root, "hbir", "score", "xx") for root in roots]
    assert [one.count("score xx: beir/mine, cldr in 2 languages") for one in output] == [1, 1]
    for name in ("scores", "metrics", "kept"):
        assert folder_digest(roots[0] / name) == folder_digest(roots[1] / name)


@SLOW
@pytest.mark.compares
def test_the_command_benchmark_runs_under_a_launcher(data: Path, tmp_path: Path):
    command = ["hbir", "benchmark", "beir/mine", "--model", str(data / "model"), "--data", str(data / "mine")]
    command += ["--threads", "1", "--out", "scores.json", "--queries", "queries.csv", "--save-run", "run.trec"]
    (tmp_path / "alone").mkdir()
    (tmp_path / "together").mkdir()
    run(tmp_path / "alone", *command)
    output = run(
        tmp_path / "together", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", *command
    )
    assert output.count("multilingual") == run(tmp_path / "alone", *command).count("multilingual")
    assert folder_digest(tmp_path / "alone") == folder_digest(tmp_path / "together")
