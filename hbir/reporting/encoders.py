"""Show the table of encoders that have a short name."""

from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hbir.encoding.presets import PRESETS, PROMPTS, Preset

_COLUMNS = ("name", "size", "langs", "pooling", "prefixes", "longest")
_WIDE = ("arXiv", "Hub")
_RIGHT = ("size", "langs", "longest")
_WITH_IDS = 120
"""Columns of a terminal that has room for paper and id in the same line."""
_NOTES = (
    "`encoder.name` and `--model` take these names, any other id of the Hub, and folders.",
    "tiny (XLM-RoBERTa in small) and static (token embeddings) start untrained.",
    "prefixes: in training; `benchmark` and `search` use those that a model was published with.",
    "* pickled weights: run `python -m hbir convert bge-m3 data/encoders/bge-m3`, and name that folder.",
)


def presets_as_plain_values() -> dict[str, dict[str, Any]]:
    """Describe the presets for programs.

    Returns:
        By name, the fields of the preset and its `prompts`.
    """
    return {name: asdict(preset) | {"prompts": _prompts(preset)} for name, preset in PRESETS.items()}


def show_presets(console: Console) -> None:
    """Print the table of presets.

    Size, in parameters, and languages are those of the pre-trained weights that are loaded, `longest` counts
    tokens. Paper and id on the Hub have a line of their own where the terminal is narrow.

    Args:
        console: where to.
    """
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    wide = console.width >= _WITH_IDS
    for column in (*_COLUMNS, *_WIDE) if wide else _COLUMNS:
        table.add_column(column, justify="right" if column in _RIGHT else "left", no_wrap=True)
    for name, preset in PRESETS.items():
        origin = (preset.source, preset.id)
        table.add_row(*_cells(name, preset), *(origin if wide else ()))
    named = [(name, preset) for name, preset in PRESETS.items() if preset.id and not wide]
    lines = [f"{name:<22}{preset.id} ({preset.source})" for name, preset in named]
    console.print(table)
    console.print("\n".join([*lines, *_NOTES]), markup=False, highlight=False, soft_wrap=True)


def _cells(name: str, preset: Preset) -> list[str]:
    prompts = _prompts(preset)
    return [
        name if preset.safetensors else f"{name} *",
        f"{preset.parameters / 1e6:,.0f} M" if preset.id else "",
        str(preset.languages or ""),
        preset.pooling,
        " / ".join(text.strip() for text in prompts.values()) if any(prompts.values()) else "none",
        f"{preset.longest:,}" if preset.id else "",
    ]


def _prompts(preset: Preset) -> dict[str, str]:
    return PROMPTS if preset.prompts is None else preset.prompts
