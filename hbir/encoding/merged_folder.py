"""Write the average of two encoders as a folder with a model card."""

from collections.abc import Sequence
from pathlib import Path

from sentence_transformers import SentenceTransformer

from hbir.encoding.merge import Part
from hbir.encoding.model import save_encoder
from hbir.encoding.prompts import SIDES

_CARD = """---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags: [sentence-transformers, information-retrieval, multilingual, model-merging, hbir]
---
# {title}

The average of the weights of two dual encoders of one architecture: {parts}. Nothing was trained for it
([arXiv 2507.08480](https://arxiv.org/abs/2507.08480)): every number is the weighted mean of two, in float32.

```python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("path/to/this/folder")
queries = model.encode_query(["Which currency is used in Japan?"])
passages = model.encode_document(["The currency of Japan is the Japanese yen."])
print(model.similarity(queries, passages))
```

{prompts}
"""


def save_merged(model: SentenceTransformer, folder: Path, title: str, parts: Sequence[Part]) -> None:
    """Save an average, the same bytes for the same weights and names.

    Args:
        model: what `average` returned.
        folder: an empty folder, as a rule that of `hbir.core.files.atomic_folder`.
        title: of the card.
        parts: the models that it is made of.
    """
    save_encoder(model, folder)
    named = " and ".join(f"{part.weight:g} of `{part.name}`" for part in parts)
    card = _CARD.format(title=title, parts=named, prompts=_prompts(model.prompts))
    (folder / "README.md").write_text(card, encoding="utf-8")


def _prompts(prompts: dict[str, str]) -> str:
    query, document = (f"`{text}`" if (text := prompts.get(side)) else "none" for side in SIDES)
    if query == document == "none":
        return "Queries and passages get no prompt."
    return f"Queries get the prompt {query} and passages {document}, saved with the model."
