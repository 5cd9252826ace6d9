"""Make mMARCO's training pairs a file that the source kind `parallel` reads.

mMARCO is MS MARCO in machine translation: the queries and passages of all languages have the same ids, and
the training triples name query, relevant and irrelevant passage by id (Source: Bonifacio et al., 2021,
arXiv 2108.13897). The relevant pairs are taken once each.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import click

from hbir.core.errors import DataError, HbirError
from hbir.core.files import atomic_file
from hbir.core.hub.datasets import HubDataset
from hbir.core.lines import broken, read_lines

DATASET = "unicamp-dl/mmarco"
REVISION = "4618200568100aa0bf7fbf494d8d022e7ecab9a6"
TRIPLES = "data/triples.train.ids.small.tsv"
QUERIES = "data/google/queries/train/{}_queries.train.tsv"
PASSAGES = "data/google/collections/{}_collection.tsv"
LANGUAGES = {
    "ar": "arabic",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "hi": "hindi",
    "ru": "russian",
    "zh": "chinese",
}
"""Those that the paper trains on, and their names in the files."""


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--dataset", default=DATASET, help="Id on the Hub, or a folder with the same files.")
def main(out: Path, dataset: str) -> None:
    """Write OUT, such as data/sources/mmarco/pairs.jsonl.gz; about 32 GB are downloaded first."""
    try:
        click.echo(f"{write_pairs(out, dataset):,} pairs")
    except HbirError as error:
        raise click.ClickException(str(error)) from error


def write_pairs(out: Path, dataset: str) -> int:
    """Join ids and texts of all languages.

    Args:
        out: the `.jsonl.gz` file to write.
        dataset: id on the Hub, or a folder with the same files.

    Returns:
        The number of pairs.

    Raises:
        DataError: when a file is missing or broken, or a language lacks a text that is asked for.
    """
    pairs = _pairs(_fetch(dataset, TRIPLES))
    queries, passages = {query for query, _ in pairs}, {passage for _, passage in pairs}
    asked = {lang: _texts(_fetch(dataset, QUERIES.format(name)), queries) for lang, name in LANGUAGES.items()}
    told = {lang: _texts(_fetch(dataset, PASSAGES.format(name)), passages) for lang, name in LANGUAGES.items()}
    with (
        atomic_file(out) as temporary,
        temporary.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as stream,
    ):
        for query, passage in pairs:
            text = {lang: {"title": asked[lang][query], "body": told[lang][passage]} for lang in LANGUAGES}
            row = {"id": f"{query}#{passage}", "text": text}
            stream.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
    return len(pairs)


def _fetch(dataset: str, file: str) -> Path:
    revision = REVISION if dataset == DATASET else None
    hint = f"Connect to the network, or fetch {file} from https://huggingface.co/datasets/{DATASET}."
    return HubDataset(dataset, revision, "mmarco", hint).fetch(file)


def _pairs(path: Path) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for _, (query, passage, _negative) in _fields(path, 3):
        found[query, passage] = None
    return list(found)


def _texts(path: Path, wanted: set[str]) -> dict[str, str]:
    texts = {name: text for _, (name, text) in _fields(path, 2) if name in wanted}
    absent = wanted - texts.keys()
    if absent:
        raise DataError(
            where=str(path),
            expected="a text of every id that the triples name",
            found=f"none of {', '.join(sorted(absent)[:5])}",
            hint="Fetch the file again.",
        )
    return texts


def _fields(path: Path, count: int) -> Iterator[tuple[int, list[str]]]:
    for number, line in read_lines(path):
        fields = line.split("\t")
        if len(fields) != count:
            raise broken(path, number, f"{count} values between tabs", str(len(fields)))
        yield number, fields


if __name__ == "__main__":
    main()
