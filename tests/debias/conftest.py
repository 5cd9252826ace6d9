"""A small encoder from scratch, and parallel texts in three languages."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hbir.debias.options import Options
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import prepare_torch, save_encoder
from tests.encoding.builder import make_params

_WORDS = {
    "en": "river stone wind light garden winter letter bridge forest summer music paper island morning",
    "de": "Fluss Stein Wind Licht Garten Winter Brief Brücke Wald Sommer Musik Papier Insel Morgen",
    "zh": "河 石 风 光 园 冬 信 桥 林 夏 乐 纸 岛 晨",
}
WORDS = {lang: words.split() for lang, words in _WORDS.items()}
"""Word n of one language is word n of the others."""


def sentence(number: int, lang: str, count: int = 12) -> str:
    """Make a text whose words are the same in every language, and those of no other number."""
    drawn = random.Random(number).choices(range(len(WORDS["en"])), k=count)
    return ("" if lang == "zh" else " ").join(WORDS[lang][place] for place in drawn)


def rows(count: int = 60, langs: Sequence[str] = ("en", "de", "zh")) -> list[dict[str, Any]]:
    return [
        {"id": f"doc{number % 15}#{number}", "text": {lang: sentence(number, lang) for lang in langs}}
        for number in range(count)
    ]


def write(path: Path, lines: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def options(**changes: Any) -> Options:
    given: dict[str, Any] = {
        "model": "model",
        "texts": ("texts.jsonl",),
        "out": Path("out"),
        "minutes": 1,
        "batch_size": 4,
        "prompts": {"query": None, "document": None},
        "threads": 1,
    }
    return Options(**(given | changes))


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a small encoder as anybody would."""
    prepare_torch(1)
    texts = [sentence(number, lang) for number in range(20) for lang in WORDS]
    folder = tmp_path_factory.mktemp("encoder") / "small"
    folder.mkdir()
    save_encoder(initial_encoder(make_params(longest=40), texts, seed=1), folder)
    return folder
