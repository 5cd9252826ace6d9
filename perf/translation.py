"""Time translation by a Marian model: transformers' own way, ours, CTranslate2, and the memory.

Transformers 5 has no pipeline `translation` any more; its way is rebuilt here: one text at a time is cut into
tokens, generated with the model's own settings, and decoded. The model has OPUS-MT's depth and random
weights. Such a model never stops well, so each translation gets as many tokens as its source, in every
way alike, and the bias of the last layer keeps the end of the sentence away before.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import click

from hbir.benchmarks.registry import load
from hbir.core.sentences import sentence_breaks
from hbir.translation.engines.ct2 import Ct2Params, Ct2Translator
from hbir.translation.engines.engine import Assignment, Segment, Translator
from hbir.translation.engines.families import FAMILIES
from hbir.translation.engines.neural import NeuralTranslator, OpusParams
from hbir.translation.memory.memorised import MemorisedEngine
from hbir.translation.memory.memory import Memory
from tests.translation.engines.models import marian

BATCH_TOKENS = 1024
"""As in params.yaml."""


@click.command()
@click.option("--sentences", default=200, show_default=True)
@click.option("--repeats", default=3, show_default=True)
@click.option("--threads", default=1, show_default=True, help="With 2, one text at a time is slower.")
@click.option("--beams", default=4, show_default=True)
@click.option("--width", default=256, show_default=True, help="Of the model; OPUS-MT has 512.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder to leave the model and the sentences in.")
def main(sentences: int, repeats: int, threads: int, beams: int, width: int, keep: Path | None) -> None:
    """Print sentences per second, medians of some runs, and ratios to the first way."""
    texts = english(sentences)
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        model, converted = make(folder, texts, beams, width)
        (folder / "sentences.json").write_text(json.dumps(texts))
        task = Assignment("de", threads, "perf")
        ours = NeuralTranslator(OpusParams(name="opus", model=str(model)), task)
        params = Ct2Params(name="ctranslate2", model=str(converted), family="opus", beams=beams)
        fast = Ct2Translator(params, task)
        with (
            patch("hbir.translation.engines.neural.room", _as_long),
            patch("hbir.translation.engines.ct2.room", _as_long),
        ):
            _report(texts, ours, fast, repeats, folder)


def english(count: int) -> list[str]:
    """Take real English sentences.

    Args:
        count: how many.

    Returns:
        Of XQuAD-R's passages where HBIR_DATA is set, else of the embedded corpus; none twice.
    """
    name = "xquad-r" if "HBIR_DATA" in os.environ else "cldr"
    passages = dict.fromkeys(text for task in load(name, ["en"]) for text in getattr(task, "passages", ()))
    cuts = (text[a:b].strip() for text in passages for a, b in sentence_breaks(text))
    return list(dict.fromkeys(cut for cut in cuts if cut))[:count]


def make(folder: Path, texts: Sequence[str], beams: int, width: int) -> tuple[Path, Path]:
    """Make the model, and convert it.

    Args:
        folder: where to put both.
        texts: what to train the vocabulary on.
        beams: of its generation config.
        width: of its layers.

    Returns:
        The model of transformers, and that of CTranslate2 in int8.
    """
    from ctranslate2.converters import TransformersConverter
    from transformers import MarianMTModel

    path = marian(folder / "opus", sentences=texts, size=8000, **_sizes(width))
    model = MarianMTModel.from_pretrained(str(path))
    model.final_logits_bias[0, model.config.eos_token_id] = -1e4
    model.generation_config.num_beams = beams
    model.save_pretrained(str(path))
    files = list(FAMILIES["opus"].files)
    converter = TransformersConverter(str(path), copy_files=files)
    return path, Path(converter.convert(str(folder / "ct2"), quantization="int8"))


def one_at_a_time(ours: NeuralTranslator, texts: Sequence[str]) -> list[str]:
    """Translate as the pipeline did by default, with the same weights.

    Args:
        ours: the translator that has loaded them.
        texts: sentences.

    Returns:
        Their translations.
    """
    import torch

    tokenizer, model = ours._tokens.tokenizer, ours._model
    found = []
    for text in texts:
        inputs = tokenizer(text, return_tensors="pt")
        with torch.inference_mode():
            ids = model.generate(**inputs, max_new_tokens=inputs["input_ids"].shape[1])
        found.append(tokenizer.decode(ids[0], skip_special_tokens=True))
    return found


def _report(texts: list[str], ours: NeuralTranslator, fast: Ct2Translator, repeats: int, folder: Path) -> None:
    for translator in (ours, fast):
        translator.translate(texts[:2])
    segments = [Segment(key="", text=text) for text in texts]
    times: dict[str, list[float]] = {}
    for number in range(repeats):
        _timed(times, "transformers, one text at a time", lambda: one_at_a_time(ours, texts))
        for name, translator in (("opus", ours), ("ctranslate2", fast)):
            path = folder / f"{number}-{name}.sqlite"
            _timed(times, name, _engine(name, translator, path, segments))
            _timed(times, f"{name}, from the memory", _engine(name, translator, path, segments))
    base = median(next(iter(times.values())))
    for name, runs in times.items():
        speed = len(texts) / median(runs)
        spread = f"{min(runs):.2f} to {max(runs):.2f} s"
        click.echo(f"{name:35} {speed:10,.1f} sentences/s   x {base / median(runs):,.1f}   {spread}")
    again = median(times["opus"]) / median(times["opus, from the memory"])
    click.echo(f"second run of opus: x {again:,.0f}")


def _engine(name: str, translator: Translator, path: Path, segments: list[Segment]) -> Callable[[], Any]:
    def run() -> list[str | None]:
        engine = MemorisedEngine(name, translator, Memory(path), "de", BATCH_TOKENS)
        return engine.translate(segments)

    return run


def _timed(times: dict[str, list[float]], name: str, run: Callable[[], Any]) -> None:
    start = time.perf_counter()
    run()
    times.setdefault(name, []).append(time.perf_counter() - start)


def _sizes(width: int) -> dict[str, Any]:
    return {
        "d_model": width,
        "encoder_layers": 6,
        "decoder_layers": 6,
        "encoder_attention_heads": 8,
        "decoder_attention_heads": 8,
        "encoder_ffn_dim": 4 * width,
        "decoder_ffn_dim": 4 * width,
        "max_position_embeddings": 512,
        "init_std": 0.02,
    }


def _as_long(tokens: int, limit: int) -> int:
    return min(tokens, limit - 1)


if __name__ == "__main__":
    main()
