"""Write the page of the parameters from their classes and from params.yaml."""

from collections.abc import Iterable, Iterator
from typing import Any

from docs.generate.fields import FieldDoc, as_yaml, fields, summary
from docs.generate.markdown import code, item, paragraph
from hbir.batching.params import BatchParams
from hbir.benchmarks.registry import LOADERS
from hbir.collection.params import CollectParams
from hbir.collection.sources import KINDS as SOURCES
from hbir.core.params import read_params
from hbir.core.project import Project
from hbir.core.resources import ResourceParams
from hbir.encoding.params import EncoderParams
from hbir.evaluation.params import EvaluateParams
from hbir.tracking.params import TrackingParams
from hbir.training.params import Overrides, TrainParams
from hbir.translation.engines.registry import ENGINES
from hbir.translation.params import TranslateParams

SECTIONS: dict[str, type[Any]] = {
    "collect": CollectParams,
    "translate": TranslateParams,
    "batches": BatchParams,
    "encoder": EncoderParams,
    "train": TrainParams,
    "evaluate": EvaluateParams,
    "tracking": TrackingParams,
    "resources": ResourceParams,
}
INTRODUCTION = """Every choice of the pipeline is a key of `params.yaml`. Change it there, or for one
experiment with `dvc exp run -S key=value`. In brackets: what a key takes, and its value in `params.yaml`."""
OVERRIDES = """What one sampler trains with in place of the value in `train`, such as `-S
overrides.xx.temperature=0.1`. Null keeps the shared value."""
SOURCE = """An entry of `collect.sources` is a mapping: its `kind`, and the keys of that kind. A key with a
default may be left out."""
BENCHMARK = """An entry of `evaluate.benchmarks` or `collect.leak_guard` is a name, or a mapping of `name` and
these keys."""
ENGINE = """`translate.engine`, and a value under `translate.languages`, is the name of an engine, or a mapping
of `name` and these keys."""


def page() -> str:
    """Write the page.

    Returns:
        Its Markdown.
    """
    values = read_params()
    parts = ["# Parameters\n\n", paragraph(INTRODUCTION), "## Top level\n\n"]
    parts.append(_valued(list(fields(Project)), values))
    for name, cls in SECTIONS.items():
        parts += [f"## {name}\n\n", paragraph(summary(cls)), _valued(list(fields(cls, f"{name}.")), values)]
        if name == "train":
            parts += ["## overrides\n\n", paragraph(OVERRIDES), _optional(fields(Overrides))]
    for title, text, classes in _entries():
        parts += [f"## {title}\n\n", paragraph(text), *_kinds(classes)]
    return "".join(parts)


def undescribed() -> list[str]:
    """List the keys without a docstring.

    Returns:
        Their names; mappings are described by their own keys.
    """
    classes: list[type[Any]] = [Project, *SECTIONS.values(), Overrides]
    classes += [cls for _, _, kinds in _entries() for cls in kinds.values()]
    return [
        f"{cls.__name__}.{field.key}"
        for cls in classes
        for field in fields(cls)
        if not field.text and not field.is_group and field.key not in ("kind", "name")
    ]


def _entries() -> list[tuple[str, str, dict[str, type[Any]]]]:
    """List what an entry of a list may be: title, introduction, and the class of each kind."""
    return [
        ("Sources", SOURCE, SOURCES.classes()),
        ("Benchmarks", BENCHMARK, LOADERS.classes()),
        ("Engines", ENGINE, ENGINES.classes()),
    ]


def _kinds(classes: dict[str, type[Any]]) -> Iterator[str]:
    """Describe kinds that share a class together."""
    by_class: dict[type[Any], list[str]] = {}
    for name, cls in classes.items():
        by_class.setdefault(cls, []).append(name)
    for cls, names in by_class.items():
        keys = [field for field in fields(cls) if field.key not in ("kind", "name")]
        yield f"### {', '.join(map(code, names))}\n\n"
        yield _optional(keys) if keys else "No further key.\n\n"


def _optional(keys: Iterable[FieldDoc]) -> str:
    return _list(
        (field, "required" if field.default is None else f"default {code(field.default)}") for field in keys
    )


def _valued(keys: Iterable[FieldDoc], values: dict[str, Any]) -> str:
    return _list((field, code(_value(values, field.key))) for field in keys if not field.is_group)


def _list(keys: Iterable[tuple[FieldDoc, str]]) -> str:
    """Set one item per key: its name, what it takes, a value, and its meaning."""
    items = (
        item(f"**`{field.key}`** ({'; '.join(filter(None, (field.takes, value)))}). {field.text}")
        for field, value in keys
    )
    return "".join(items) + "\n"


def _value(values: Any, key: str) -> str:
    for name in key.split("."):
        if not isinstance(values, dict) or name not in values:
            return ""
        values = values[name]
    return as_yaml(values)
