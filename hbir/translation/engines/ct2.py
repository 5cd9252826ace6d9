"""Translate with a model that was converted for CTranslate2: 8-bit integers on a CPU, float16 on a GPU."""

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field

from hbir.core.errors import ModelError
from hbir.core.hub.models import SAFE, Snapshot, snapshot
from hbir.core.model_folder import model_digest
from hbir.core.params import params_class
from hbir.translation.engines.converted import conversion, converted_folder, require_package
from hbir.translation.engines.engine import Assignment, Unfinished
from hbir.translation.engines.families import FAMILIES
from hbir.translation.engines.model_files import require_tokenizer
from hbir.translation.engines.sentence_model import SentenceModel
from hbir.translation.engines.tokens import input_limit
from hbir.translation.params import Count

logger = logging.getLogger(__name__)
RULES = 1
"""Version of this code, `texts` and `families`: to be raised when the same model may give another text."""
_TOKENIZER = ("*.json", "*.txt", "*.model", "*.spm")


@params_class
class Ct2Params:
    """Describe a converted model."""

    name: str
    """`ctranslate2`."""
    family: Literal["nllb", "m2m100", "opus", "madlad"]
    """What the model was converted from, which decides how it is given the language."""
    model: str | None = None
    """Folder that `ct2-transformers-converter` made, `{lang}` standing for the language."""
    tokenizer: str | None = None
    """Folder or id of the Hub with the tokenizer's files, `{lang}` standing for the language; null where they
    were copied beside the model."""
    token: str | None = None
    """What a model of OPUS-MT with several targets wants before a text; null for the table's."""
    compute: Literal["auto", "int8", "int8_float32", "float32", "int8_float16", "float16", "bfloat16"] = "auto"
    """Arithmetic; `auto` is int8 on a CPU and float16 on a GPU."""
    beams: Count = 4
    """Hypotheses searched at a time, 1 for the best token each time."""
    max_tokens: Annotated[int, Field(ge=8)] | None = None
    """Longest input; null for what the family was made for."""


class Ct2Translator(SentenceModel):
    """Run a converted model; it is loaded at the first batch."""

    def __init__(self, params: Ct2Params, assignment: Assignment) -> None:
        """Find the model.

        Args:
            params: of the engine.
            assignment: what it is made for.

        Raises:
            LanguageError: when the model does not know the language, or translates into another.
            ModelError: when CTranslate2, the model or its tokenizer is missing.
            ParamsError: when it takes less than `max_tokens`.
        """
        family = FAMILIES[params.family]
        super().__init__(family, assignment, params.token)
        self._params, self._positions = params, family.positions
        require_package(self._where)
        self._folder = converted_folder(family, params.model, self._target, self._where)
        self._source = self._tokenizer()
        self._limit = input_limit(params.max_tokens, family.limit, family.limit, self._where)
        self._read_with(self._source.path, params.tokenizer or params.model)

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Return the model's files and the options; `auto` counts as such, on whatever machine."""
        source = self._source.path
        apart = None if source == self._folder else model_digest(source, _TOKENIZER)
        return {
            "engine": "ctranslate2",
            "rules": RULES,
            "family": self._params.family,
            "files": model_digest(self._folder, ("model.bin", *SAFE)),
            "tokenizer": self._source.revision or apart,
            "token": self._token,
            "compute": self._params.compute,
            "beams": self._params.beams,
            "max_tokens": self._limit,
        }

    @property
    def arithmetic(self) -> str:
        """Return what `compute` comes to on this machine."""
        usual = "float16" if _device() == "cuda" else "int8"
        return usual if self._params.compute == "auto" else self._params.compute

    def _encode(self, texts: Sequence[str]) -> tuple[list[list[str]], list[int]]:
        ids = self._tokens.encode(texts, self._limit)["input_ids"]
        return [self._tokens.tokenizer.convert_ids_to_tokens(row) for row in ids], [len(row) for row in ids]

    def _generate(self, batch: list[list[str]], longest: int) -> list[list[str]]:
        found = self._model.translate_batch(
            batch,
            target_prefix=[[self._tokens.token]] * len(batch) if self._family.forced else None,
            max_batch_size=0,
            beam_size=self._params.beams,
            max_input_length=0,
            max_decoding_length=longest,
        )
        return [result.hypotheses[0] for result in found]

    def _sentence(self, tokens: list[str], most: int) -> str:
        text = self._tokens.decode(tokens[:most])
        return text if len(tokens) < most else Unfinished(text)

    @cached_property
    def _model(self) -> Any:
        import ctranslate2

        device, compute = _device(), self.arithmetic
        try:
            model = ctranslate2.Translator(
                str(self._folder),
                device=device,
                compute_type=compute,
                inter_threads=1,
                intra_threads=self._threads,
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                where=self._where,
                expected=f"a converted model that runs in {compute} on {device}",
                found=" ".join(str(error).split())[:300],
                hint="Set another `compute`, or convert the model again.",
            ) from error
        logger.info("%s: %s in %s on %s", self._where, self._folder, compute, device)
        return model

    def _tokenizer(self) -> Snapshot:
        found = Snapshot(self._folder, "")
        if self._params.tokenizer is not None:
            name = self._params.tokenizer.replace("{lang}", self._target)
            found = snapshot(name, None, self._where, _TOKENIZER)
        again = conversion(self._family, self._folder, self._target)
        hint = f"Copy them there, set `tokenizer`, or convert again: {again}."
        require_tokenizer(found.path, self._family, self._where, hint)
        return found


def _device() -> str:
    import ctranslate2

    return "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
