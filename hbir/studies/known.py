"""Know which measures a study can ask for."""

from collections.abc import Sequence

from hbir.core.params import unknown
from hbir.evaluation.bias_suite import BIAS_NAMES
from hbir.evaluation.measures import NAMES
from hbir.evaluation.results import SamplerResults
from hbir.studies.study_file import MAIN


def refuse_unknown(measures: Sequence[str], example: SamplerResults) -> None:
    """Check that a study's measures are some.

    Args:
        measures: names, as in the study.
        example: scores, some of whose benchmarks may have measures of their own, such as a cut-off mAP.

    Raises:
        ParamsError: when one is none of these, nor any that this project computes. Those that no benchmark here
            has are no fault: a study may be run with other benchmarks.
    """
    scored = [settings for summary in example.summaries.values() for settings in summary.settings.values()]
    known = {MAIN, *NAMES, *BIAS_NAMES, *(name for values in scored for name in values)}
    for name in measures:
        if name not in known:
            raise unknown("study.measures", name, known)
