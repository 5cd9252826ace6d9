"""Count what the checks of translations reject in real parallel texts, with the thresholds of params.yaml."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import click

from hbir.core.lines import read_jsonl
from hbir.core.params import read_params, section
from hbir.translation.checks.checks import make_checks
from hbir.translation.params import TranslateParams

Row = tuple[str, str, str]
"""Language, English text and translation."""


@click.command()
def main() -> None:
    """Print a line per kind of text; HBIR_DATA names the folder that holds xquad-r/ and parallel-docs/."""
    data = Path(os.environ["HBIR_DATA"])
    params = section(read_params(), "translate", TranslateParams).checks
    checks_of = cache(partial(make_checks, params))
    for name, rows in (("XQuAD-R", xquad(data / "xquad-r")), ("blocks", blocks(data / "parallel-docs"))):
        found = Counter(checks_of(lang).reason(english, translation) for lang, english, translation in rows)
        texts = found.total()
        del found[None]
        listed = ", ".join(f"{count:,} {reason}" for reason, count in found.most_common())
        click.echo(f"{name}: {found.total():,} of {texts:,} rejected, {found.total() / texts:.2%}: {listed}")


def xquad(folder: Path) -> Iterator[Row]:
    """Read the questions and contexts, which people translated.

    Args:
        folder: with a file per language.

    Yields:
        Each with its English text.
    """
    texts = {path.stem: _texts(path) for path in sorted(folder.glob("*.json"))}
    english = texts.pop("en")
    for lang, translated in texts.items():
        yield from ((lang, english[key], text) for key, text in translated.items() if key in english)


def blocks(folder: Path) -> Iterator[Row]:
    """Read the blocks of documents, which a machine translated.

    Args:
        folder: with blocks.jsonl.gz.

    Yields:
        Each with its English text.
    """
    for _, row in read_jsonl(folder / "blocks.jsonl.gz"):
        english = row["text"].get("en")
        others = ((lang, text) for lang, text in row["text"].items() if lang != "en" and english)
        yield from ((lang, english, text) for lang, text in others)


def _texts(path: Path) -> dict[str, str]:
    content = json.loads(path.read_text(encoding="utf-8"))
    paragraphs = [paragraph for document in content["data"] for paragraph in document["paragraphs"]]
    contexts = {f"context {paragraph['qas'][0]['id']}": paragraph["context"] for paragraph in paragraphs}
    return contexts | {each["id"]: each["question"] for paragraph in paragraphs for each in paragraph["qas"]}


if __name__ == "__main__":
    main()
