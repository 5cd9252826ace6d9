"""Write the page of the benchmarks from what the code knows of each."""

from dataclasses import fields

from docs.generate.markdown import code, item, paragraph, table
from hbir.benchmarks.about import About
from hbir.benchmarks.registry import list_benchmarks

INTRODUCTION = """Score any encoder on one of them by `python -m hbir benchmark NAME`, or name it in
`evaluate.benchmarks` of `params.yaml`. [Data](../data.md#benchmarks) says how files are found, and [add a
benchmark](../how-to/benchmark.md) how to bring your own."""
SETTINGS = """The main measure is named first; [measures](measures.md) explains measures and settings."""


def page() -> str:
    """Write the page.

    Returns:
        Its Markdown.
    """
    known = list_benchmarks()
    rows = [(code(about.name), about.asks, about.settings, about.measures) for about in known]
    parts = ["# Benchmarks\n\n", paragraph(INTRODUCTION), paragraph(SETTINGS)]
    parts.append(table(["name", "asks", "settings", "measures"], rows))
    for about in known:
        parts += [f"## {code(about.name)}\n\n", *_facts(about), "\n"]
    return "".join(parts)


def _facts(about: About) -> list[str]:
    shown = ("name", "asks", "settings", "measures")
    values = {field.name: getattr(about, field.name) for field in fields(about) if field.name not in shown}
    return [item(f"**{name}**: {value.replace('<', '&lt;')}") for name, value in values.items()]
