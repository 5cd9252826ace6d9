"""Presets: what is said of them against their architectures and against the metadata of mteb."""

import json
from typing import Any

import mteb
import pytest
import torch
from click.testing import CliRunner
from rich.console import Console
from transformers import BertConfig, BertModel, MT5Config, MT5EncoderModel, XLMRobertaConfig, XLMRobertaModel

from hbir.commands.encoders import encoders
from hbir.encoding.presets import PRESETS, SCRATCH
from hbir.reporting.encoders import show_presets

XLMR = {"vocab_size": 250002, "type_vocab_size": 1, "pad_token_id": 1, "max_position_embeddings": 514}
LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
T5: dict[str, dict[str, int]] = {
    "mt5-small": {"d_model": 512, "d_ff": 1024, "num_layers": 8, "num_heads": 6},
    "mt5-base": {"d_model": 768, "d_ff": 2048, "num_layers": 12, "num_heads": 12},
    "mt5-large": {"d_model": 1024, "d_ff": 2816, "num_layers": 24, "num_heads": 16},
}
IN_MTEB = [name for name in PRESETS if name not in SCRATCH and name != "mbert" and not name.startswith("mt5")]


def architecture(name: str) -> Any:
    """Build a preset's architecture without its weights."""
    if name in T5:
        return MT5EncoderModel(MT5Config(vocab_size=250112, feed_forward_proj="gated-gelu", **T5[name]))
    if name in ("mbert", "labse"):
        return BertModel(BertConfig(vocab_size=119547 if name == "mbert" else 501153))
    if name == "multilingual-e5-small":  # BERT with XLM-RoBERTa's tokenizer
        return BertModel(BertConfig(vocab_size=250037, hidden_size=384, intermediate_size=1536))
    sizes: dict[str, Any] = XLMR | (LARGE if "base" not in name else {})
    if name == "bge-m3":
        sizes["max_position_embeddings"] = 8194
    return XLMRobertaModel(XLMRobertaConfig(**sizes))


@pytest.mark.parametrize("name", [name for name in PRESETS if name not in SCRATCH])
def test_parameters(name: str):
    with torch.device("meta"):
        count = sum(weight.numel() for weight in architecture(name).parameters())
    dense = 768 * 768 + 768 if name == "labse" else 0
    assert PRESETS[name].parameters == count + dense


@pytest.mark.parametrize("name", IN_MTEB)
def test_mteb_says_the_same(name: str):
    preset, meta = PRESETS[name], mteb.get_model_meta(PRESETS[name].id)
    assert preset.parameters == pytest.approx(meta.n_parameters, rel=0.01)
    assert preset.safetensors == ("safetensors" in meta.framework)
    assert preset.licence.lower() == meta.license
    # mteb counts the positions of these, of which two are before the first token.
    before = 2 if name in ("multilingual-e5-base", "multilingual-e5-large") else 0
    assert preset.longest == meta.max_tokens - before
    prompts = (meta.loader_kwargs or {}).get("model_prompts")
    assert prompts is None or preset.prompts == prompts


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_table_is_readable_and_whole(width: int):
    console = Console(width=width, record=True)
    show_presets(console)
    lines = console.export_text().splitlines()
    assert max(map(len, lines[:-4])) <= width
    rows: dict[str, str] = {}
    for line in lines:
        name = line.split()[0] if line.strip() else ""
        rows[name] = f"{rows.get(name, '')} {line}"
    assert [name for name in rows if name in PRESETS] == list(PRESETS)
    assert all(
        preset.id in rows[name] and preset.source in rows[name] for name, preset in PRESETS.items() if preset.id
    )
    told = ("472 M", "109", "cls", "Query: / Passage:", "512", "2007.01852", "sentence-transformers/LaBSE")
    assert all(text in rows["labse"] for text in told)
    assert "none" in rows["bge-m3"]
    marked = {name for name in PRESETS if f"{name} *" in rows[name]}
    assert marked == {name for name, preset in PRESETS.items() if not preset.safetensors}
    assert any("python -m hbir convert bge-m3 data/encoders/bge-m3" in line for line in lines)


def test_json_names_the_prompts_that_are_used():
    listed = json.loads(CliRunner().invoke(encoders, ["--json"], catch_exceptions=False).output)
    assert list(listed) == list(PRESETS)
    assert listed["labse"]["prompts"] == {"query": "Query: ", "document": "Passage: "}
    assert listed["multilingual-e5-base"]["prompts"] == {"query": "query: ", "document": "passage: "}
    assert listed["bge-m3"]["prompts"] == {"query": "", "document": ""}
