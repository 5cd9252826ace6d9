"""Two real clones have the same bytes, and one that computes as another CPU does has the same scores."""

from pathlib import Path

import pytest

from verify.clones import reproduce_all
from verify.differences import compare, first_fault
from verify.outputs import digests as outputs
from verify.outputs import environments, lacking, read_metrics
from verify.scores import compare_scores
from verify.surroundings import two

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]
ROOT = Path(__file__).parents[2]


def test_two_clones_and_a_cpu_without_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # another user works in it
    surroundings = two(tmp_path / "locales")
    one, other = reproduce_all(ROOT, tmp_path, surroundings)
    compared = compare(outputs(one), outputs(other))
    assert first_fault(compared) == ""
    assert {each.stage for each in compared} >= {
        "collect",
        "translate@es",
        "train_hybrid",
        "score@xy",
        "evaluate",
    }
    assert lacking(environments(one)) == []
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    [third] = reproduce_all(ROOT, tmp_path / "third", surroundings[:1])
    fault = first_fault(compare(outputs(one), outputs(third)))
    assert fault.startswith(("encoder", "train", "score")), fault
    scores = compare_scores(*(read_metrics(root / "metrics") for root in (one, third)))
    assert scores
    assert [score for score in scores if not score.is_within] == []
