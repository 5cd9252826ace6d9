"""Collect the pages of the reference."""

from pathlib import Path

from docs.generate import benchmarks, commands, measures, params, samplers

REFERENCE = Path(__file__).parents[1] / "reference"
NOTE = "<!-- Written by `python -m docs.generate`: change the code, not this page. -->\n"


def pages() -> dict[str, str]:
    """Write every page of the reference anew.

    Returns:
        File name → its Markdown.
    """
    texts = {
        "commands.md": commands.page(),
        "params.md": params.page(),
        "samplers.md": samplers.page(),
        "measures.md": measures.page(),
        "benchmarks.md": benchmarks.page(),
    }
    return {name: f"{NOTE}\n{text.rstrip()}\n" for name, text in texts.items()}


def write_pages() -> None:
    """Write the pages to their folder."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
