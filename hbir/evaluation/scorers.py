"""Open what a row of the tables scores: a trained model, one that nothing trained, or no model at all."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sentence_transformers import SentenceTransformer

from hbir.core import paths
from hbir.core.hashing import digest, file_digest
from hbir.core.rival_record import RIVAL, RivalRecord, has_record, read_record, write_rival
from hbir.core.rows import BM25, Row
from hbir.core.training_record import FINAL_MODEL, TRAINING
from hbir.encoding.fingerprint import encoder_fingerprint
from hbir.encoding.joined import device_of
from hbir.encoding.model import load_encoder
from hbir.encoding.ranks import ALONE, Ranks
from hbir.evaluation.adjustments import Adjustment
from hbir.evaluation.evaluate import Evaluation
from hbir.evaluation.learning import learn
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.same import require_same_scoring
from hbir.evaluation.scoring import Benchmark
from hbir.retrieval.workers import Load

Score = Callable[[Benchmark], Evaluation]
Params = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Score one row on one benchmark after the other."""

    row: Row
    best: Score
    final: Score | None = None
    """Of the last checkpoint, where that is another than the best and asked for."""
    skips_last: bool = False
    """Whether the last checkpoint is another than the best, and not asked for."""
    record: RivalRecord | None = None
    """What is said of the row; None where the folder of its model says it."""

    def scores(self, benchmark: Benchmark) -> bool:
        """Tell whether it can be scored on a benchmark.

        Args:
            benchmark: the benchmark.

        Returns:
            Whether it can: by itself a model on all, the others where the passages are held in memory.
        """
        return benchmark.is_held or (self.row.model is not None and not self.row.adjustment)

    def write_record(self, folder: Path, unscored: Sequence[str]) -> None:
        """Put what is said of the row beside its scores.

        Args:
            folder: of the scores.
            unscored: the benchmarks that it could not be scored on.
        """
        if self.record:
            write_rival(folder / RIVAL, replace(self.record, unscored=list(unscored)))
            return
        model = paths.MODELS / self.row.name
        name = RIVAL if (model / RIVAL).is_file() else TRAINING
        shutil.copyfile(model / name, folder / name)


def open_scorer(row: Row, params: EvaluateParams, seed: int, trusted: bool, ranks: Ranks = ALONE) -> Scorer:
    """Open what a row scores.

    Args:
        row: which one.
        params: the section `evaluate`.
        seed: the base seed.
        trusted: whether code that comes with a model may run.
        ranks: processes that embed together.

    Returns:
        The scorer; its model is loaded.

    Raises:
        HbirError: when a model or a file is missing or broken, or another one in one of the processes.
    """
    if row.adjustment:
        return _adjusted(row, row.adjustment, params, trusted, ranks)
    if row.model is None:
        return _floor(row, params, seed, trusted)
    folder = paths.MODELS / row.model
    last = folder / FINAL_MODEL
    load_best, load_last = (partial(load_encoder, path, trust_remote_code=trusted) for path in (folder, last))
    best = load_best(device=device_of(ranks))
    final = load_last(device=device_of(ranks)) if last.is_dir() and params.last_step else None
    require_same_scoring(ranks, f"score {row.name}", [best, *([final] if final else [])], params)
    return Scorer(
        row=row,
        best=partial(_score, best, load=load_best),
        final=partial(_score, final, load=load_last) if final else None,
        skips_last=last.is_dir() and not params.last_step,
        record=None if has_record(folder) else _record(row, encoder_fingerprint(best), {}),
    )


def _adjusted(row: Row, name: str, params: EvaluateParams, trusted: bool, ranks: Ranks) -> Scorer:
    folder = paths.MODELS / str(row.model)
    model = load_encoder(folder, device_of(ranks), trusted)
    require_same_scoring(ranks, f"score {row.name}", [model], params, pairs=file_digest(paths.PAIRS))
    adjustment = learn(model, name, paths.PAIRS, params, ranks)
    base = read_record(folder) if has_record(folder) else None
    given: Params = {"adjustment": name, "adjustment_passages": params.adjustment_passages}
    if name == "lir":
        given["lir_directions"] = params.lir_directions
    fingerprint = base.fingerprint if base else encoder_fingerprint(model)
    parts = [fingerprint, file_digest(paths.PAIRS), given]
    record = _record(row, digest(json.dumps(parts)), (base.params if base else {}) | given)
    note = f"learnt from {', '.join(adjustment.languages)}, and for other languages from all of these together"
    return Scorer(
        row=row, best=partial(_score, model, adjustment=adjustment), record=replace(record, note=note)
    )


def _floor(row: Row, params: EvaluateParams, seed: int, trusted: bool) -> Scorer:
    # Imported where they are needed: bm25s brings numba along, which takes a second.
    from hbir.evaluation.floors import score_bm25, score_random

    given: Params = {}
    score: Callable[..., Evaluation] = partial(score_bm25, bias=params.language_bias)
    if row.name != BM25:
        model = load_encoder(paths.INITIAL, trust_remote_code=trusted)
        given = {"seed": seed, "dimension": model.get_embedding_dimension() or 1}
        score = partial(score_random, **given, bias=params.language_bias)
    return Scorer(
        row=row,
        best=lambda benchmark: benchmark.score_held(lambda task, chunk: score(task, chunk=chunk)),
        record=_record(row, digest(json.dumps([row.name, given])), given),
    )


def _score(
    model: SentenceTransformer,
    benchmark: Benchmark,
    adjustment: Adjustment | None = None,
    load: Load | None = None,
) -> Evaluation:
    return benchmark.score(model, adjustment=adjustment, load=load)


def _record(row: Row, fingerprint: str, params: Params) -> RivalRecord:
    return RivalRecord(sampler=row.name, fingerprint=fingerprint, params=params)
