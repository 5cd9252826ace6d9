"""Build folders of scores as the score stage leaves them. The numbers are invented."""

import csv
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hbir.core.files import write_json, write_table
from hbir.core.training_record import TrainingRecord
from hbir.evaluation.cells import CELLS, QUERIES
from hbir.evaluation.measures import NAMES
from hbir.evaluation.preferences import PREFERENCES
from hbir.evaluation.results import SamplerResults, read_results

LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh")
LEVELS = {  # sampler → monolingual, cross-lingual, multilingual mAP, rank distance
    "xx": (0.9612, 0.0823, 0.1398, 4100.4),
    "xy": (0.6984, 0.2841, 0.2032, 716.3),
    "hybrid": (0.9331, 0.2973, 0.2761, 834.9),
    "mixed": (0.9401, 0.1203, 0.1602, 3300.2),
    "english": (0.4102, 0.0312, 0.0507, 5210.1),
}
MEASURES = NAMES
SETTINGS = ("monolingual", "cross_lingual", "multilingual")
MIRACL = ("ar", "bn", "de", "en", "es", "fa", "fi", "fr", "hi", "id", "ja", "ko", "ru", "sw", "te", "yo", "zh")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Say what a benchmark has."""

    languages: Sequence[str] = LANGUAGES
    settings: Sequence[str] = SETTINGS
    measures: Sequence[str] | None = None
    """None: as scores were before benchmarks named their measures."""
    pool: str | None = None
    """The one language of the passages."""


QUESTIONS = 24
KINDS = {
    "cldr": Kind(),
    "miracl": Kind(languages=MIRACL, settings=SETTINGS[:1], measures=("ndcg@10", "recall@100")),
    "tatoeba": Kind(
        languages=sorted({*MIRACL, *LANGUAGES, "it", "nl", "pl", "pt", "ro", "sv"}),
        settings=SETTINGS[1:2],
        measures=("recall@1",),
        pool="en",
    ),
    "beir/my set": Kind(languages=("de", "fr"), measures=("ndcg@10",)),
    "mteb/STS22": Kind(languages=("de", "en"), settings=("mteb",), measures=("cosine_spearman",)),
}


def settings(sampler: str, factor: float = 1.0, without: Sequence[str] = ()) -> dict[str, dict[str, float]]:
    mono, cross, multi, distance = LEVELS[sampler]
    scores = {
        "monolingual": _measures(mono * factor),
        "cross_lingual": _measures(cross * factor),
        "multilingual": {**_measures(multi * factor), "rank_distance": distance / factor},
    }
    return {setting: scores[setting] for setting in SETTINGS if setting not in without}


def build(
    root: Path,
    samplers: Sequence[str] = ("xx", "xy", "hybrid"),
    languages: Sequence[str] = LANGUAGES,
    benchmarks: Sequence[str] | Mapping[str, Kind] = ("cldr",),
    changes: Mapping[str, Any] | None = None,
    groups: bool = True,
) -> list[SamplerResults]:
    """Write scores for samplers and read them back.

    Args:
        root: a folder.
        samplers: keys of LEVELS.
        languages: of every benchmark; one language leaves the monolingual and the multilingual setting.
        benchmarks: names, or names and kinds, which have languages of their own.
        changes: (sampler) → settings to use in place of the invented ones.
        groups: whether queries are grouped.
    """
    kinds = benchmarks if isinstance(benchmarks, Mapping) else dict.fromkeys(benchmarks, _plain(languages))
    for sampler in samplers:
        folder = root / sampler
        write_json(folder / "training.json", training(sampler, languages))
        final = {name: _scores(sampler, kind, 0.99) for name, kind in kinds.items()}
        write_json(folder / "final.json", final)
        for name, kind in kinds.items():
            scores = (changes or {}).get(sampler, _scores(sampler, kind))
            _write_benchmark(folder / name, name, kind, scores, groups)
            _write_queries(folder / name / "queries.parquet", name, sampler, kind, scores)
    return read_results(root, samplers)


def trained(result: SamplerResults) -> TrainingRecord:
    """Return the story of a sampler's training."""
    assert result.training
    return result.training


def _plain(languages: Sequence[str]) -> Kind:
    return Kind(
        languages=languages, settings=SETTINGS if len(languages) > 1 else ("monolingual", "multilingual")
    )


def _scores(sampler: str, kind: Kind, factor: float = 1.0) -> dict[str, dict[str, float]]:
    if "mteb" in kind.settings:
        return {"mteb": dict.fromkeys(kind.measures or (), round(LEVELS[sampler][0] * factor, 6))}
    return settings(sampler, factor, without=[name for name in SETTINGS if name not in kind.settings])


def training(sampler: str, languages: Sequence[str]) -> dict[str, Any]:
    speed = 1 + list(LEVELS).index(sampler) / 4
    steps = range(20, 1201, 20)
    validation = [
        {
            "step": s,
            "loss": _loss(s, speed) + 0.3,
            "monolingual": _loss(s, speed),
            "cross_lingual": _loss(s, speed) + 0.6,
        }
        for s in range(200, 1201, 200)
    ]
    if sampler == "xy":
        validation[-1]["loss"] = round(validation[-2]["loss"] + 0.04, 6)
    best = min(validation, key=lambda point: point["loss"])
    return {
        "sampler": sampler,
        "fingerprint": f"{sampler.encode().hex():0<64}",
        "params": {
            "temperature": 0.05,
            "learning_rate": 0.002,
            "batch_size": 64,
            "steps": 1200,
            "alpha": 0.5 if sampler == "hybrid" else None,
            "seed": 1,
            "encoder": "tiny",
        },
        "best": best,
        "final": validation[-1],
        "curve": {
            "train": [
                {"step": s, "loss": _loss(s, speed) + 0.08 * ((s // 20) % 3 - 1), "learning_rate": 0.002}
                for s in steps
            ],
            "validation": validation,
        },
        "composition": _composition(sampler, languages),
    }


def _loss(step: int, speed: float) -> float:
    return round(0.5 / speed + 3.6 * math.pow(0.5, step / 180 / speed), 6)


def _measures(level: float) -> dict[str, float]:
    offsets = (0, -0.001, -0.03, 0.02, 0.004, 0.008, 0.03)
    return {
        name: round(max(0.0, min(1.0, level + o)), 6) for name, o in zip(MEASURES[:-1], offsets, strict=True)
    }


def _scaled(scores: Mapping[str, Any], factor: float) -> dict[str, dict[str, float]]:
    return {
        setting: {
            name: value / factor if name == "rank_distance" else min(1.0, value * factor)
            for name, value in measures.items()
        }
        for setting, measures in scores.items()
    }


def _composition(sampler: str, languages: Sequence[str]) -> list[dict[str, Any]]:
    same, other = {"xy": (0, 640), "hybrid": (3520, 320)}.get(sampler, (6980, 0))
    return [
        {"query_lang": q, "passage_lang": p, "count": same if q == p else other}
        for q in languages
        for p in languages
        if (same if q == p else other)
    ]


def _write_benchmark(folder: Path, name: str, kind: Kind, scores: Mapping[str, Any], groups: bool) -> None:
    is_mteb = "mteb" in kind.settings
    summary = {
        "task": {
            "name": name,
            "version": "2.18.0+3f2a9c",
            "languages": list(kind.languages),
            "queries": 0 if is_mteb else 424 * len(kind.languages),
            "passages": 0 if is_mteb else 431 * len(kind.languages),
            **({} if kind.measures is None else {"measures": kind.measures}),
        },
        "settings": scores,
        "groups": {g: _scaled(scores, f) for g, f in (("seen", 1.02), ("unseen", 0.6))} if groups else {},
        "counts": {
            "positives": dict.fromkeys(scores, 4664),
            "tied_positives": dict.fromkeys(scores, 3),
            "left_out": dict.fromkeys(scores, 0),
            "single_positive_queries": 0,
            "not_retrieved": 0,
        },
    }
    write_json(folder / "summary.json", summary)
    with (folder / "cells.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(CELLS.names)
        writer.writerows(_cells(kind, scores))


def _cells(kind: Kind, scores: Mapping[str, Any]) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for setting, query, pool in places(kind):
        if setting == "multilingual":
            values = [f"{scores[setting][m]:.6f}" for m in MEASURES]
            rows.append([setting, query, pool, 424, 0, *values])
        elif setting in scores:
            i, j = kind.languages.index(query), kind.languages.index(pool)
            level = scores[setting]["map"] + 0.02 * ((3 * i + 5 * j) % 7 - 3)
            values = [f"{value:.6f}" for value in _measures(level).values()]
            rows.append([setting, query, pool, 424, 0, *values, ""])
    return rows


def places(kind: Kind) -> list[tuple[str, str, str]]:
    """List setting, query language and pool of every cell."""
    pools = [kind.pool] if kind.pool else kind.languages
    pairs = [
        ("monolingual" if query == pool else "cross_lingual", query, pool)
        for query in kind.languages
        for pool in pools
    ]
    everything = [("multilingual", query, "all") for query in kind.languages]
    return [place for place in pairs + everything if place[0] in kind.settings]


def _write_queries(path: Path, name: str, sampler: str, kind: Kind, scores: Mapping[str, Any]) -> None:
    """Write scores per query around the means of the summary, which they have exactly."""
    rng = np.random.default_rng([*f"{name} {sampler}".encode()])
    rows = []
    for setting, query, pool in places(kind):
        spread = rng.uniform(-1, 1, (QUESTIONS, len(MEASURES)))
        spread -= spread.mean(axis=0)
        levels = [scores.get(setting, {}).get(measure) for measure in MEASURES]
        for number in range(QUESTIONS):
            row = {
                measure: None if level is None else level * (1 + 0.2 * float(noise))
                for measure, level, noise in zip(MEASURES, levels, spread[number], strict=True)
            }
            names = {"query_id": f"{query}:{number}", "cluster": str(number), "query_lang": query, "pool": pool}
            rows.append({"setting": setting, **names, **row})
    write_table(path, pa.Table.from_pylist(rows, QUERIES))


def write_preferences(results: Sequence[SamplerResults]) -> None:
    """Write, for every benchmark with a pool of all languages, that queries prefer their language."""
    for result in results:
        for benchmark, summary in result.summaries.items():
            languages = summary.task.languages
            if "multilingual" not in summary.settings:
                continue
            even = 1 / len(languages)
            with (result.folder / benchmark / "preferences.csv").open(
                "w", encoding="utf-8", newline=""
            ) as stream:
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow(PREFERENCES.names)
                for query, passage in itertools.product(languages, languages):
                    share = 0.5 + even / 2 if query == passage else even / 2
                    writer.writerow(
                        [query, passage, f"{share:.6f}", f"{even:.6f}", f"{share:.6f}", f"{even:.6f}"]
                    )
