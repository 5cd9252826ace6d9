"""Write the model card that goes with a trained encoder."""

from typing import Any

_CARD = """---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags: [sentence-transformers, information-retrieval, multilingual, hbir]
---
# hbir {sampler}

A multilingual dual encoder trained on `{sampler}` batches: {composition}.

```python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("path/to/this/folder")
queries = model.encode_query(["Which currency is used in Japan?"])
passages = model.encode_document(["The currency of Japan is the Japanese yen."])
print(model.similarity(queries, passages))
```

Questions get the prompt `Query: ` and passages `Passage: `, both saved with the model.

| | step | validation loss | monolingual | cross-lingual |
|---|---|---|---|---|
| best (this model) | {best[step]} | {best[loss]:.4f} | {best[monolingual]:.4f} | {best[cross_lingual]} |
| final | {final[step]} | {final[loss]:.4f} | {final[monolingual]:.4f} | {final[cross_lingual]} |

Fingerprint of the run: `{fingerprint}`. Its params and curves are in `training.json`.
"""
_COMPOSITIONS = {
    "xx": "every batch in one language",
    "xy": "question and passage of every pair in two languages, mixed row by row",
    "hybrid": "a coin decides per batch between one language (probability alpha = {alpha}) and mixed pairs",
    "mixed": "question and passage of every pair in one language, the languages mixed within the batch",
    "english": "English alone",
}


def model_card(training: dict[str, Any]) -> str:
    """Describe a trained encoder.

    Args:
        training: the content of training.json.

    Returns:
        Markdown with the header that the Hub reads.
    """
    composition = _COMPOSITIONS[training["sampler"]].format(**training["params"])
    return _CARD.format(**{**training, "composition": composition})
