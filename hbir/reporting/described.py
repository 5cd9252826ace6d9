"""Describe in a few words what the samplers of a project share: encoder, languages, sources and engine."""

from collections.abc import Mapping
from typing import Any


def description(params: Mapping[str, Any]) -> dict[str, str]:
    """Name what two projects may differ in, in a few words each.

    Args:
        params: as in params.yaml; sections may be missing.

    Returns:
        Texts by name: `encoder`, `vocabulary`, `languages`, `training_languages`, `sources`, `engine` and
        `benchmarks`, as far as they are known.
    """
    encoder, translate = params.get("encoder") or {}, params.get("translate") or {}
    name, revision = encoder.get("name"), encoder.get("revision")
    engines = {"": translate.get("engine"), **(translate.get("languages") or {})}
    found = {
        "encoder": f"{name} at {revision}" if revision else name,
        "vocabulary": (encoder.get(name) or {}).get("vocabulary") if isinstance(name, str) else None,
        "languages": _joined(params.get("languages")),
        "training_languages": _joined((params.get("batches") or {}).get("languages")),
        "sources": _joined(
            [_entry(entry, "kind") for entry in (params.get("collect") or {}).get("sources") or []]
        ),
        "engine": _joined(
            [f"{lang}: {_entry(entry, 'name')}".removeprefix(": ") for lang, entry in engines.items() if entry]
        ),
        "benchmarks": _joined(
            [_entry(entry, "name") for entry in (params.get("evaluate") or {}).get("benchmarks") or []]
        ),
    }
    return {key: str(value) for key, value in found.items() if value not in (None, "")}


def _joined(values: Any) -> str:
    return ", ".join(map(str, values)) if isinstance(values, list) else str(values or "")


def _entry(entry: Any, key: str) -> str:
    """Name an entry of a list in params.yaml: its kind or name, and the file, folder or dataset it reads."""
    if not isinstance(entry, Mapping):
        return str(entry)
    where = next((entry[name] for name in ("path", "dataset", "data") if entry.get(name)), "")
    return f"{entry.get(key, '')} {where}".strip()
