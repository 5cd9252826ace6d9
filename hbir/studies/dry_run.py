"""Say what a run would do: every experiment, what it costs, and what is missing for it."""

from collections.abc import Iterator, Sequence

from hbir.studies.ask import Asked
from hbir.studies.cost import Cost, assumptions, costs
from hbir.studies.lacking import lacking
from hbir.studies.words import duration


def dry_run(asked: Asked, gpu: str) -> str:
    """Describe a run.

    Args:
        asked: the study with its experiments, whose params were checked.
        gpu: on which the hours are estimated, a name in `hbir.encoding.shapes.PEAKS`.

    Returns:
        Lines of text.
    """
    found = costs(asked.found, gpu)
    lines = [asked.summary()]
    for one, cost in zip(asked.found, found, strict=True):
        what = f"{one.state}" if one.state != "missing" else _cost(cost, gpu)
        lines.append(f"  {one.planned.name}: {what}")
    lines += _total(found, gpu, asked.study.jobs)
    missing = lacking([one.planned.params for one in asked.found])
    lines += ["Still lacking:", *(f"  {line}" for line in missing)] if missing else ["Nothing is lacking."]
    return "\n".join(lines)


def _cost(cost: Cost | None, gpu: str) -> str:
    if cost is None:
        return "the sizes of its encoder are not known"
    work = f"{_counted(cost.trainings, 'training')}, {_counted(cost.scorings, 'scoring')}"
    return f"{work}, about {_time(cost.hours, cost.is_cpu, gpu)}"


def _total(found: Sequence[Cost | None], gpu: str, jobs: int) -> Iterator[str]:
    known = [cost for cost in found if cost is not None]
    for is_cpu in (True, False):
        hours = sum(cost.hours for cost in known if cost.is_cpu is is_cpu)
        if hours:
            at_once = f", {jobs} at a time" if is_cpu and jobs > 1 else ""
            time = _time(hours / jobs if is_cpu else hours, is_cpu, gpu)
            yield f"All that is to make: about {time}{at_once}."
    if any(not cost.is_cpu for cost in known):
        yield assumptions(gpu)


def _time(hours: float, is_cpu: bool, gpu: str) -> str:
    return f"{duration(hours * 3600)} on a CPU" if is_cpu else f"{hours:.1f} h on one {gpu}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
