"""Write the model card that goes with a trained encoder."""

from collections.abc import Iterator
from typing import Any

from hbir.core.samplers import SAMPLERS
from hbir.core.training_record import TrainingRecord
from hbir.encoding.origin import Origin
from hbir.encoding.presets import PRESETS
from hbir.encoding.prompts import SIDES

_CARD = """---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags: [sentence-transformers, information-retrieval, multilingual, hbir]
{base}---
# hbir {sampler}

A multilingual dual encoder trained on `{sampler}` batches: {composition}.

```python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("path/to/this/folder")
queries = model.encode_query(["Which currency is used in Japan?"])
passages = model.encode_document(["The currency of Japan is the Japanese yen."])
print(model.similarity(queries, passages))
```

{notes}

| | step | validation loss | monolingual | cross-lingual |
|---|---|---|---|---|
| best (this model) | {best.step} | {best.loss:.4f} | {best.monolingual:.4f} | {best.cross_lingual} |
| final | {final.step} | {final.loss:.4f} | {final.monolingual:.4f} | {final.cross_lingual} |

Fingerprint of the run: `{fingerprint}`. Its params and curves are in `training.json`.
"""


def model_card(training: TrainingRecord, prompts: dict[str, str], origin: Origin | None) -> str:
    """Describe a trained encoder.

    Args:
        training: its record.
        prompts: the encoder's own, by side.
        origin: the record of the starting point; None where it has none.

    Returns:
        Markdown with the header that the Hub reads.
    """
    params = training.params
    composition = SAMPLERS[training.sampler].description.format(**params)
    notes = [*_start(origin), *_trained(params), _prompts(prompts)]
    return _CARD.format(
        **{**vars(training), "composition": composition, "base": _base(origin), "notes": " ".join(notes)}
    )


def _base(origin: Origin | None) -> str:
    if not origin or not origin.revision:
        return ""
    preset = PRESETS.get(origin.name)
    return f"base_model: {preset.id if preset else origin.name}\n"


def _start(origin: Origin | None) -> Iterator[str]:
    if origin:
        commit = f" at commit `{origin.revision}`" if origin.revision else ""
        yield f"Training started from `{origin.name}`{commit}."


def _trained(params: dict[str, Any]) -> Iterator[str]:
    if "lora.rank" in params:
        rank, alpha = params["lora.rank"], params["lora.alpha"]
        yield f"Low-rank additions were trained (LoRA, rank {rank}, alpha {alpha}) and merged into the weights."
    if params["freeze_embeddings"]:
        yield "The embeddings of tokens and positions stayed as they were."


def _prompts(prompts: dict[str, str]) -> str:
    query, document = (f"`{text}`" if (text := prompts.get(side)) else "none" for side in SIDES)
    if query == document == "none":
        return "Queries and passages get no prompt."
    return f"Queries get the prompt {query} and passages {document}, saved with the model."
