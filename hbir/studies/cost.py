"""Estimate what the experiments of a study cost before they run, with the arithmetic shown."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hbir.benchmarks.cldr import NAME as CLDR
from hbir.benchmarks.miracl import NAME as MIRACL
from hbir.benchmarks.miracl import PASSAGES
from hbir.benchmarks.registry import parse_entry
from hbir.core.rows import OF, compared_rows
from hbir.core.samplers import with_stage
from hbir.encoding.presets import SCRATCH
from hbir.encoding.shapes import PEAKS, Shape, shape_of
from hbir.inputs.check import Params, check
from hbir.studies.existing import Found
from hbir.studies.run import trainings

USED = 0.45
"""Share of a GPU's peak that is assumed to be used. It is the goal of `perf.gpu`, not a measurement."""
QUERY_TOKENS, PASSAGE_TOKENS = 16, 96
"""Assumed mean lengths, where the limits allow them."""
CPU_FLOPS = 6e10
"""Operations per second of one CPU thread, counted with the lengths above: 600 pairs/s of the default encoder
by two threads of an AMD EPYC in `make repro` (docs/performance.md)."""
CPU_START, CPU_TRAINING, CPU_SCORING = 40.0, 10.0, 10.0
"""Seconds of an experiment, of each training and of each scoring beside the work itself, measured likewise."""
TEXTS = {
    "xquad-r": 26_104,
    "xtreme-r-lareqa": 26_104,
    "mlqa-r": 24_733,
    "mewsli-x": 1_030_000,
    "tatoeba": 72_000,
    "mtop": 110_000,
    "beir/scifact": 5_483,
    "beir/nfcorpus": 3_956,
    "beir/fiqa": 58_286,
}
"""Queries and passages of a benchmark in all its languages, some of them rounded."""
CLDR_TEXTS = 900
"""The same of the embedded benchmark, in each language."""
UNKNOWN_TEXTS = 50_000
"""What a run of experiments counts for another benchmark."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Say what one experiment takes, beside what earlier ones leave in DVC's cache."""

    trainings: int
    scorings: int
    hours: float
    is_cpu: bool
    """Whether it is of an encoder that is made here, and so runs on a CPU."""


def costs(found: Sequence[Found], gpu: str) -> list[Cost | None]:
    """Estimate every experiment, in the order in which they run.

    Args:
        found: what a study wants; what is there costs nothing.
        gpu: a name in PEAKS.

    Returns:
        The cost of each; None where the sizes of its encoder are not known. A training that an earlier one
        shares is not counted again.
    """
    done: set[tuple[str, str]] = set()
    result: list[Cost | None] = []
    for one in found:
        wanted = dict(_wanted(one.planned.params))
        new = {item for item in wanted.items() if item not in done}
        done |= set(wanted.items())
        result.append(_cost(one.planned.params, len(new) if one.state != "there" else 0, one, gpu))
    return result


def assumptions(gpu: str) -> str:
    """Say how the hours come about.

    Args:
        gpu: a name in PEAKS.

    Returns:
        Some sentences.
    """
    peak = f"{PEAKS[gpu] / 1e12:.0f} TFLOP/s, its bfloat16 peak, · {USED:.0%}"
    return (
        f"Hours on one {gpu}: operations / ({peak}, the share of it that is assumed to be used, · 3600). "
        "Operations of a text of t tokens in a training: 3 · t · (2 · weights of the layers + layers · 4 · t · "
        f"width), in scoring a third of it. Assumed: queries of {QUERY_TOKENS} tokens and passages of "
        f"{PASSAGE_TOKENS}. Nothing of this was measured; translation, downloads and starting are not counted."
    )


def _cost(params: Mapping[str, Any], number: int, one: Found, gpu: str) -> Cost | None:
    whole = check(dict(params))
    shape = shape_of(whole.encoder)
    if shape is None:
        return None
    is_cpu = whole.encoder.name in SCRATCH
    scorings = len(compared_rows(params)) if one.state != "there" else 0
    pairs = number * whole.batches.size * whole.batches.steps
    texts = scorings * sum(
        UNKNOWN_TEXTS if (known := texts_of(entry, whole)) is None else known
        for entry in whole.evaluate.benchmarks
    )
    operations = pairs * pair_operations(shape, whole) + texts * text_operations(shape, whole)
    if is_cpu:
        seconds = operations / (CPU_FLOPS * whole.project.threads)
        seconds += CPU_START * (scorings > 0) + number * CPU_TRAINING + scorings * CPU_SCORING
    else:
        seconds = gpu_seconds(operations, gpu)
    return Cost(trainings=number, scorings=scorings, hours=seconds / 3600, is_cpu=is_cpu)


def _wanted(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name what decides each training that an experiment needs."""
    shared = trainings(params)
    own = json.dumps([params["batches"]["hybrid"], params.get("overrides")], sort_keys=True, default=str)
    return [
        (sampler, f"{shared} {own}" if sampler not in with_stage() or sampler == "hybrid" else shared)
        for sampler in _trained(params)
    ]


def _trained(params: Mapping[str, Any]) -> list[str]:
    """List the samplers of which an experiment needs the models."""
    averaged = OF if params.get("merged") else ()
    return list(dict.fromkeys([*(params.get("samplers") or []), *(params.get("baselines") or []), *averaged]))


def lengths(whole: Params) -> tuple[int, int]:
    """Assume how long texts are.

    Args:
        whole: params.yaml.

    Returns:
        Tokens of a query and of a passage.
    """
    encoder = whole.encoder
    return min(QUERY_TOKENS, encoder.max_query_tokens), min(PASSAGE_TOKENS, encoder.max_passage_tokens)


def pair_operations(shape: Shape, whole: Params) -> float:
    """Count what a training does for a pair.

    Args:
        shape: of the encoder.
        whole: params.yaml.

    Returns:
        Floating-point operations.
    """
    return sum(map(shape.flops, lengths(whole)))


def text_operations(shape: Shape, whole: Params) -> float:
    """Count what scoring does for a text.

    Args:
        shape: of the encoder.
        whole: params.yaml.

    Returns:
        Floating-point operations.
    """
    return shape.flops(lengths(whole)[1]) / 3


def gpu_seconds(operations: float, gpu: str) -> float:
    """Say how long a card takes.

    Args:
        operations: floating-point ones.
        gpu: a name in PEAKS.

    Returns:
        Seconds on one.
    """
    return operations / (PEAKS[gpu] * USED)


def texts_of(entry: Any, whole: Params) -> int | None:
    """Count what is embedded of a benchmark, in the languages that are asked for.

    Args:
        entry: of `evaluate.benchmarks`.
        whole: params.yaml.

    Returns:
        Queries and passages; None where nobody knows.
    """
    params = parse_entry(entry)[1]
    languages = params.languages or whole.project.languages
    if params.name == MIRACL:
        return sum(PASSAGES.get(language, 0) for language in languages)
    if params.name == CLDR:
        return CLDR_TEXTS * len(languages)
    return TEXTS.get(params.name)
