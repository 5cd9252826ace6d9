"""Translate with a model of transformers: NLLB-200, M2M-100, OPUS-MT or MADLAD-400."""

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field

from hbir.core.hub.models import Snapshot, require_safetensors, snapshot
from hbir.core.model_folder import model_digest
from hbir.core.params import params_class
from hbir.translation.engines.engine import Assignment, Unfinished
from hbir.translation.engines.families import FAMILIES
from hbir.translation.engines.loading import beam_cache, cache_option, load_model
from hbir.translation.engines.model_files import (
    check_generation_config,
    positions_of,
    read_family_config,
    require_tokenizer,
)
from hbir.translation.engines.sentence_model import SentenceModel
from hbir.translation.engines.targets import model_of
from hbir.translation.engines.tokens import input_limit
from hbir.translation.params import Count

logger = logging.getLogger(__name__)
RULES = 1
"""Version of this code, `texts` and `families`: to be raised when the same model may give another text."""


@params_class
class NeuralParams:
    """Describe a model that transformers runs."""

    name: str
    """`nllb`, `m2m100`, `opus` or `madlad`."""
    model: str | None = None
    """Id of the Hub or folder, `{lang}` standing for the language; null for the family's smallest."""
    revision: str | None = None
    """Commit, branch or tag of the Hub; null for the one of the first load."""
    beams: Count | None = None
    """Hypotheses searched at a time, 1 for the best token each time; null for what the model comes with."""
    max_tokens: Annotated[int, Field(ge=8)] | None = None
    """Longest input; null for what the model takes."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Of the weights; `auto` is bf16 on a GPU and fp32 on a CPU."""


@params_class
class OpusParams(NeuralParams):
    """Describe a model of OPUS-MT."""

    token: str | None = None
    """What a model with several targets wants before a text, such as `>>pol<<`; null for the table's."""


class NeuralTranslator(SentenceModel):
    """Run a model of transformers; it is loaded at the first batch."""

    def __init__(self, params: NeuralParams, assignment: Assignment) -> None:
        """Find the model.

        Args:
            params: of the engine.
            assignment: what it is made for.

        Raises:
            LanguageError: when the model does not know the language, or translates into another.
            ModelError: when it is missing, of another family, without its tokenizer, or pickled.
            ParamsError: when it takes less than `max_tokens`.
        """
        family = FAMILIES[params.name]
        super().__init__(family, assignment, getattr(params, "token", None))
        self._params = params
        self._name = model_of(family, params.model, self._target, self._where)
        self._snapshot: Snapshot = snapshot(self._name, params.revision, self._where)
        require_safetensors(self._snapshot.path, self._name, self._where)
        config = read_family_config(self._snapshot.path, family, self._where)
        check_generation_config(self._snapshot.path, self._where)
        self._positions = positions_of(config, family, self._where)
        most = min(self._positions or family.limit, family.limit)
        self._limit = input_limit(params.max_tokens, self._positions or family.limit, most, self._where)
        require_tokenizer(self._snapshot.path, family, self._where, "Put the model's own files there.")
        self._read_with(self._snapshot.path, params.model)

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Return the model's version and the options; `auto` counts as such, on whatever machine."""
        version = {"model": self._name, "revision": self._snapshot.revision}
        if not self._snapshot.revision:
            version = {"files": model_digest(self._snapshot.path)}
        return {
            "engine": self._params.name,
            "rules": RULES,
            **version,
            "token": self._token,
            "beams": self._params.beams,
            "max_tokens": self._limit,
            "precision": self._params.precision,
        }

    @property
    def arithmetic(self) -> Literal["fp32", "bf16"]:
        """Return what `precision` comes to on this machine."""
        import torch

        if self._params.precision != "auto":
            return self._params.precision
        return "bf16" if torch.cuda.is_available() else "fp32"

    def _encode(self, texts: Sequence[str]) -> tuple[Any, list[int]]:
        batch = self._tokens.encode(texts, self._limit, padding=True, return_tensors="pt")
        return batch, batch["attention_mask"].sum(1).tolist()

    def _generate(self, batch: Any, longest: int) -> list[list[int]]:
        import torch

        with torch.inference_mode():
            inputs = batch.to(self._model.device)
            found = self._model.generate(
                **inputs, max_new_tokens=longest, **{cache_option(): beam_cache()}, **self._options
            )
        rows: list[list[int]] = found.tolist()
        return rows

    @cached_property
    def _options(self) -> dict[str, int]:
        options = {} if self._params.beams is None else {"num_beams": self._params.beams}
        if self._family.forced:
            options["forced_bos_token_id"] = self._tokens.tokenizer.convert_tokens_to_ids(self._tokens.token)
        return options

    def _sentence(self, tokens: list[int], most: int) -> str:
        # First stand the decoder's start and, where it is forced, the language. Each sentence has a room of its
        # own, whatever the longest of the batch has: a translation does not depend on its company.
        written = tokens[1 : 1 + most]
        tokenizer = self._tokens.tokenizer
        text = self._tokens.decode(tokenizer.convert_ids_to_tokens(written[self._family.forced :]))
        # The last token says nothing: Marian is made to put an end there.
        return text if tokenizer.eos_token_id in written[: most - 1] else Unfinished(text)

    @cached_property
    def _model(self) -> Any:
        import torch

        torch.set_num_threads(self._threads)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.float32 if self.arithmetic == "fp32" else torch.bfloat16
        model = load_model(self._snapshot.path, self._name, dtype, self._where)
        # Its own limit of length gives way to the one of each batch.
        model.generation_config.max_length = None
        logger.info("%s: %s in %s on %s", self._where, self._name, self.arithmetic, device)
        return model.to(device).eval()
