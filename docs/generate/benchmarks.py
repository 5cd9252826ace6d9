"""Write the page of the benchmarks from their registry."""

import inspect
import sys

from docs.generate.markdown import code, paragraph, plain, table
from hbir.benchmarks.registry import FAMILIES, LOADERS

INTRODUCTION = "x"


def page() -> str:
    """Write the page.

    Returns:
        Its Markdown.
    """
    rows = []
    for name, loader in {**LOADERS, **FAMILIES}.items():
        module = inspect.getdoc(sys.modules[loader.load.__module__]) or ""
        rows.append((code(name), plain(module.split("\n\n")[0])))
    return "# Benchmarks\n\n" + paragraph(INTRODUCTION) + table(["name", "what"], rows)
