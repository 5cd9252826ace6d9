"""Name the encoders that hbir knows by a short name, and what is known of each."""

from dataclasses import dataclass
from typing import Literal

PROMPTS = {"query": "Query: ", "document": "Passage: "}
"""The paper's prefixes, under the names that `encode_query` and `encode_document` look for."""

PoolingMode = Literal["mean", "cls", "max"]
_E5 = {"query": "query: ", "document": "passage: "}
_NONE = {"query": "", "document": ""}


@dataclass(frozen=True, kw_only=True)
class Preset:
    """Describe an encoder that has a short name.

    What was checked, without a download: the numbers of parameters by building each architecture with its
    published sizes; ids, longest inputs, licences and formats of the weights of XLM-RoBERTa, LaBSE,
    multilingual E5 and BGE-M3 against the metadata that the package mteb holds of them
    (tests/encoding/test_presets.py, both); those of multilingual BERT and the ids of mT5 against copies of
    their model cards. mT5's licence and weights were not seen: its safetensors are known from pull requests
    alone, so its main branches are taken to have pickled ones.
    """

    id: str
    """On the Hub; empty for an encoder that is made from scratch."""
    parameters: int
    """Weights of what is loaded, for mT5 the encoder alone; 0 where params.yaml decides."""
    languages: int
    """Of its pre-training, as its source counts them; 0 where the training texts decide."""
    pooling: PoolingMode
    """How token embeddings become one, in the published model or, for a bare one, here."""
    prompts: dict[str, str] | None = None
    """What it was published with; None for an encoder that knows none, which gets the paper's."""
    longest: int
    """Tokens of its longest input; 0 where params.yaml decides."""
    safetensors: bool = True
    """Whether its main branch has weights in safetensors."""
    licence: str = ""
    """SPDX identifier, where it was checked."""
    source: str
    """Its paper on arXiv."""


_XLMR = "1911.02116"
_MT5 = "2010.11934"
_ME5 = "2402.05672"
PRESETS: dict[str, Preset] = {
    "tiny": Preset(id="", parameters=0, languages=0, pooling="mean", longest=0, source="made here"),
    "static": Preset(id="", parameters=0, languages=0, pooling="mean", longest=0, source="made here"),
    "xlm-roberta-base": Preset(
        id="FacebookAI/xlm-roberta-base",
        parameters=278_043_648,
        languages=100,
        pooling="mean",
        longest=512,
        licence="MIT",
        source=_XLMR,
    ),
    "xlm-roberta-large": Preset(
        id="FacebookAI/xlm-roberta-large",
        parameters=559_890_432,
        languages=100,
        pooling="mean",
        longest=512,
        licence="MIT",
        source=_XLMR,
    ),
    "labse": Preset(
        id="sentence-transformers/LaBSE",
        parameters=471_517_440,
        languages=109,
        pooling="cls",
        longest=512,
        licence="Apache-2.0",
        source="2007.01852",
    ),
    "mbert": Preset(
        id="google-bert/bert-base-multilingual-cased",
        parameters=177_853_440,
        languages=104,
        pooling="mean",
        longest=512,
        licence="Apache-2.0",
        source="1810.04805",
    ),
    "mt5-small": Preset(
        id="google/mt5-small",
        parameters=146_940_608,
        languages=101,
        pooling="mean",
        longest=1024,
        safetensors=False,
        source=_MT5,
    ),
    "mt5-base": Preset(
        id="google/mt5-base",
        parameters=277_040_256,
        languages=101,
        pooling="mean",
        longest=1024,
        safetensors=False,
        source=_MT5,
    ),
    "mt5-large": Preset(
        id="google/mt5-large",
        parameters=564_446_720,
        languages=101,
        pooling="mean",
        longest=1024,
        safetensors=False,
        source=_MT5,
    ),
    "multilingual-e5-small": Preset(
        id="intfloat/multilingual-e5-small",
        parameters=117_653_760,
        languages=100,
        pooling="mean",
        prompts=_E5,
        longest=512,
        licence="MIT",
        source=_ME5,
    ),
    "multilingual-e5-base": Preset(
        id="intfloat/multilingual-e5-base",
        parameters=278_043_648,
        languages=100,
        pooling="mean",
        prompts=_E5,
        longest=512,
        licence="MIT",
        source=_ME5,
    ),
    "multilingual-e5-large": Preset(
        id="intfloat/multilingual-e5-large",
        parameters=559_890_432,
        languages=100,
        pooling="mean",
        prompts=_E5,
        longest=512,
        licence="MIT",
        source=_ME5,
    ),
    "bge-m3": Preset(
        id="BAAI/bge-m3",
        parameters=567_754_752,
        languages=100,
        pooling="cls",
        prompts=_NONE,
        longest=8192,
        safetensors=False,
        licence="MIT",
        source="2402.03216",
    ),
}
"""By the name that `encoder.name` and `--model` take. mT5's positions are relative: 1,024 tokens are what it
was pre-trained on, and no limit."""
SCRATCH = tuple(name for name, preset in PRESETS.items() if not preset.id)
