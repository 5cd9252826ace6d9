"""Compare the scoring of all settings with the bare matrix product, and with other tools."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

from hbir.evaluation.evaluate import evaluate
from hbir.evaluation.ranking import similarity_chunks
from perf import peers_scoring
from perf.child import peak_memory
from perf.compare import Comparison, Goal, seconds
from perf.xquad_sized import QUESTIONS, embeddings, task

CHUNK = 1024
SETTINGS = "all 122 settings of XQuAD-R with rank distance"
SHARE = 119
"""Queries that a slow peer is timed on: a tenth of those of one language."""
RUNS = 11


def comparisons() -> list[Comparison]:
    """Compare what becomes of random embeddings of XQuAD-R's size: 13,090 queries and 13,014 passages.

    Returns:
        Time against the bare product; time and memory against each peer.
    """
    passages = len(task().passages)
    peers = [
        ("ranx", "ranx", partial(peers_scoring.ranx, 256), "ranx"),
        ("pytrec_eval-terrier", "pytrec_eval", partial(peers_scoring.pytrec_eval, 256), "pytrec_eval"),
        (
            "InformationRetrievalEvaluator, mAP over all passages",
            "sentence_transformers",
            partial(_evaluator, passages),
            "sentence_transformers.sentence_transformer.evaluation",
        ),
    ]
    found = [_against_product(dimension) for dimension in (256, 384)]
    found += [_with_language_bias(dimension) for dimension in (256, 384)]
    for peer, package, score, module in peers:
        skip = "" if find_spec(package) else "it is not installed: pip install -e '.[bench]'"
        found += [_time(peer, score, skip), _memory(peer, score, module, skip)]
    return [*found, _default_depth()]


def score_all(dimension: int, language_bias: bool = False) -> None:
    """Score every setting, from embeddings to means.

    Args:
        dimension: of the embeddings.
        language_bias: whether to measure language bias further than by rank distance.
    """
    evaluate(task(), similarity_chunks(*embeddings(dimension), CHUNK), language_bias=language_bias)


def product(dimension: int) -> None:
    """Multiply the same embeddings in the same chunks, and nothing else.

    Args:
        dimension: of the embeddings.
    """
    for _ in similarity_chunks(*embeddings(dimension), CHUNK):
        pass


def _evaluator(depth: int, queries: int) -> None:
    peers_scoring.evaluator(256, queries, depth)


def _against_product(dimension: int) -> Comparison:
    return Comparison(
        name=f"scoring, {SETTINGS}, {dimension} dimensions",
        peer="the bare matrix product",
        unit="s",
        goal=Goal.at_most(2.0),
        measure_ours=lambda: seconds(lambda: score_all(dimension)),
        measure_peer=lambda: seconds(lambda: product(dimension)),
        repeats=9,
        warm_up=True,
        expected_s=15,
    )


def _with_language_bias(dimension: int) -> Comparison:
    return Comparison(
        name=f"scoring, {SETTINGS} and all measures of language bias, {dimension} dimensions",
        peer="the same without them",
        unit="s",
        goal=Goal.at_most(1.2),
        measure_ours=lambda: seconds(lambda: score_all(dimension, language_bias=True)),
        measure_peer=lambda: seconds(lambda: score_all(dimension)),
        repeats=9,
        warm_up=True,
        expected_s=20,
    )


def _time(peer: str, score: Callable[[int], None], skip: str) -> Comparison:
    return Comparison(
        name=f"scoring, {SETTINGS}: time beside {peer.partition(',')[0]}",
        peer=f"the 11 multilingual runs by {peer}",
        unit="s",
        goal=Goal.at_least(30),
        measure_ours=lambda: seconds(lambda: score_all(256)),
        measure_peer=lambda: seconds(lambda: score(SHARE)) * QUESTIONS / SHARE * RUNS,
        warm_up=True,
        skip=skip,
        note=f"the peer is timed on {SHARE} queries of {RUNS * QUESTIONS:,}",
        expected_s=20,
    )


def _memory(peer: str, score: Callable[[int], None], module: str, skip: str) -> Comparison:
    return Comparison(
        name=f"scoring, {SETTINGS}: memory beside {peer.partition(',')[0]}",
        peer=f"one multilingual run by {peer}",
        unit="MB",
        goal=Goal.at_least(5),
        measure_ours=lambda: peak_memory(score_all, 256),
        measure_peer=lambda: peak_memory(score, QUESTIONS, imports=[module]),
        repeats=3,
        skip=skip,
        note="above what importing takes",
        expected_s=80,
    )


def _default_depth() -> Comparison:
    return Comparison(
        name=f"scoring, {SETTINGS}: time beside InformationRetrievalEvaluator at its default depth",
        peer="the 11 multilingual runs by it, mAP@100",
        unit="s",
        goal=None,
        measure_ours=lambda: seconds(lambda: score_all(256)),
        measure_peer=lambda: seconds(lambda: _evaluator(100, QUESTIONS)) * RUNS,
        note="the peer is timed on one of its runs; it ranks no passage beyond the first 100",
        warm_up=True,
        expected_s=15,
    )
