"""Write the comparison as one HTML page without scripts, fonts or pictures from elsewhere."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hbir.core.training_record import CURVES, CurveName
from hbir.evaluation.results import SamplerResults
from hbir.reporting.columns import MISSING, notes
from hbir.reporting.curves import SHAPES, Curve, line_chart, shape_path
from hbir.reporting.distances import SHOWN, distance_view
from hbir.reporting.heat import composition_map
from hbir.reporting.reproduce import Origin, environment_names
from hbir.reporting.rivals import rivals
from hbir.reporting.scores import benchmark_scores
from hbir.reporting.verdicts import LEGEND, Found
from hbir.reporting.views import benchmark_view, overview

TEMPLATES = Path(__file__).parent / "templates"
COLOURS = 12
"""Classes of style.css that tell rows apart, by colour and by dashes."""

LONG = 12
"""Characters of a name beside which a bar of the usual panel would have no room."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Hold one line of the table of parameters."""

    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Tell whether the samplers differ in it."""
        return len(set(self.values)) > 1


def comparison_page(
    results: Sequence[SamplerResults],
    headline: str,
    facts: Mapping[str, str] | None = None,
    found: Found = None,
    origin: Origin | None = None,
) -> str:
    """Write the page.

    Args:
        results: one entry per sampler.
        headline: the sampler to point at.
        facts: name → text, what the samplers share: encoder, data, commit.
        found: the headline's differences to the others, where they were looked for.
        origin: what made the results, where it is known.

    Returns:
        HTML.
    """
    loader = FileSystemLoader(TEMPLATES)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    benchmarks, colours = benchmark_scores(results), colour_classes(results)
    views = [benchmark_view(scores, results, headline, found) for scores in benchmarks]
    style = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))
    return environment.get_template("page.html.j2").render(
        style=style,
        policy=content_policy(f"\n{style}"),
        headline=headline,
        verdict_legend=LEGEND,
        facts={name.replace("_", " "): text for name, text in (facts or {}).items()},
        results=results,
        colours=colours,
        benchmarks=views,
        distances=[distance_view(results, scores.name, colours, headline) for scores in benchmarks],
        percentiles=list(SHOWN),
        origin=origin,
        samplers=[result.sampler for result in results],
        places=places(results, origin) if origin else ([], []),
        overview=overview(benchmarks, results),
        shape_path=shape_path,
        long_names=max(len(result.sampler) for result in results) > LONG,
        charts=[loss_chart(results, kind, headline) for kind in reversed(CURVES)],
        trained=[result for result in results if result.training],
        rivals=rivals(results),
        compositions=[composition_map(r.sampler, r.training.composition) for r in results if r.training],
        settings=parameters(results),
        notes=notes(
            [c for view in views for table in (view.scores.main, view.bias.table) for c in table.columns],
            {group for scores in benchmarks for group in scores.groups},
        ),
    )


def content_policy(style: str) -> str:
    """Say what a browser may do with the page: show it with its own style, and nothing else.

    No script runs, nothing is loaded and nothing sent, whatever a name in the page holds.

    Args:
        style: the content of the element `style`, to the byte.

    Returns:
        A content security policy. Attributes `style` are allowed: the lengths of bars and strengths of colours.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    allowed = f"style-src 'none'; style-src-elem 'sha256-{digest}'; style-src-attr 'unsafe-inline'"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def colour_classes(results: Sequence[SamplerResults]) -> dict[str, str]:
    """Give every row a colour and a pattern of dashes; where they begin again, also a shape.

    Colours that any eye tells apart are few: a thirteenth row has those of the first, and shapes on its line.

    Args:
        results: one entry per sampler.

    Returns:
        Sampler → CSS classes.
    """
    shapes = ["", *(f" {name}" for name in SHAPES)]
    return {
        result.sampler: f"s{number % COLOURS}{shapes[number // COLOURS % len(shapes)]}"
        for number, result in enumerate(results)
    }


def loss_chart(results: Sequence[SamplerResults], kind: CurveName, headline: str) -> Markup:
    """Draw the loss of every sampler.

    Args:
        results: one entry per sampler.
        kind: train or validation; in the latter the best checkpoints are circled.
        headline: the sampler whose line is thicker.

    Returns:
        An `svg` element, empty when nothing was recorded.
    """
    curves, colours = [], colour_classes(results)
    for result in results:
        training = result.training
        points = tuple((point.step, point.loss) for point in training.curve.points(kind)) if training else ()
        style = colours[result.sampler] + (" headline" if result.sampler == headline else "")
        best = training.best.step if training and kind == "validation" else None
        if points:
            curves.append(Curve(name=result.sampler, style=style, points=points, marked=best))
    if not curves:
        return Markup("")
    ends = ", ".join(f"{curve.name} ends at {curve.points[-1][1]:.3f}" for curve in curves)
    return line_chart(curves, f"{kind} loss over the steps: {ends}", "step", f"{kind} loss")


def parameters(results: Sequence[SamplerResults]) -> list[Setting]:
    """Collect the parameters of the runs.

    Args:
        results: one entry per sampler.

    Returns:
        The short fingerprints, then one line per parameter by name.
    """
    names = sorted({name for result in results for name in result.record.params})
    prints = Setting(name="fingerprint", values=tuple(r.record.fingerprint[:12] for r in results))
    return [
        prints,
        *(
            Setting(name=name, values=tuple(_plain(r.record.params.get(name)) for r in results))
            for name in names
        ),
    ]


def places(results: Sequence[SamplerResults], origin: Origin) -> tuple[list[str], list[Setting]]:
    """Collect where and with what the models were trained.

    Args:
        results: one entry per sampler.
        origin: what made them.

    Returns:
        The columns, a single one where all samplers have the same values, and one line per name; no lines where
        nothing is known.
    """
    samplers = [result.sampler for result in results]
    found = [origin.environments.get(sampler, {}) for sampler in samplers]
    names = environment_names(origin.environments)
    if all(one == found[0] for one in found):
        samplers, found = ["every sampler"], found[:1]
    return samplers, [Setting(name=n, values=tuple(one.get(n, MISSING) for one in found)) for n in names]


def _plain(value: Any) -> str:
    if value is None:
        return MISSING
    return value if isinstance(value, str) else json.dumps(value)
