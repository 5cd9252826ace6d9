"""Translate with a model that was converted for CTranslate2: 8-bit integers on a CPU, float16 on a GPU."""

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from hbir.core.errors import ModelError
from hbir.core.hashing import folder_digest
from hbir.core.hub_models import Snapshot, snapshot
from hbir.core.lines import expanded
from hbir.core.params import params_class
from hbir.translation.families import FAMILIES, Family, model_of, token_of
from hbir.translation.params import Count
from hbir.translation.texts import Texts, room

logger = logging.getLogger(__name__)
_TOKENIZER = ("*.json", "*.txt", "*.model", "*.spm")


@params_class
class Ct2Params:
    """Describe a converted model."""

    name: str
    """`ctranslate2`."""
    model: str
    """Folder that `ct2-transformers-converter` made, `{lang}` standing for the language."""
    family: Literal["nllb", "m2m100", "opus", "madlad"]
    """What the model was converted from, which decides how it is told the language."""
    tokenizer: str | None = None
    """Folder or id of the Hub with the tokenizer's files; null where they were copied beside the model."""
    token: str | None = None
    """What a model of OPUS-MT with several targets wants before a text; null for the table's."""
    compute: Literal["auto", "int8", "int8_float32", "float32", "int8_float16", "float16", "bfloat16"] = "auto"
    """Arithmetic; `auto` is int8 on a CPU and float16 on a GPU."""
    beams: Count = 4
    """Hypotheses searched at a time, 1 for the best token each time."""
    max_tokens: Annotated[int, Field(ge=8)] | None = None
    """Longest input; null for what the family was made for."""


class Ct2Translator:
    """Run a converted model; it is loaded at the first batch."""

    def __init__(self, params: Ct2Params, target: str, threads: int) -> None:
        """Find the model.

        Args:
            params: of the engine.
            target: the language's ISO 639-1 code.
            threads: CPU threads.

        Raises:
            LanguageError: when the model does not know the language.
            ModelError: when CTranslate2, the model or its tokenizer is missing.
        """
        self._params, self._threads = params, threads
        self._where = f"engine ctranslate2, language {target}"
        family = FAMILIES[params.family]
        self._token = token_of(family, target, params.token, self._where)
        self._forced = family.forced
        _require_package(self._where)
        self._folder = _converted(params, family, target, self._where)
        self._source = self._tokenizer(family)
        self._limit = params.max_tokens or family.limit
        own = params.token is not None
        self._texts = Texts(family, self._source.path, self._token, own, self._where)

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Return the model's files and the options; `auto` counts as such, on whatever machine."""
        return {
            "engine": "ctranslate2",
            "family": self._params.family,
            "files": folder_digest(self._folder),
            "tokenizer": self._source.revision or folder_digest(self._source.path),
            "token": self._token,
            "compute": self._params.compute,
            "beams": self._params.beams,
            "max_tokens": self._limit,
        }

    @property
    def limit(self) -> int:
        """Return the longest input in tokens, special ones included."""
        return self._limit

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Count tokens.

        Args:
            texts: sentences.

        Returns:
            Tokens of each, special ones included, before any truncation.
        """
        return self._texts.lengths(texts)

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Translate one batch in one go.

        Args:
            texts: sentences, none empty; those beyond the limit lose their end.

        Returns:
            As many translations, in the same order.
        """
        ids = self._texts.encode(texts, self._limit)["input_ids"]
        rooms = [room(len(row), self._limit) for row in ids]
        found = self._model.translate_batch(
            [self._texts.tokenizer.convert_ids_to_tokens(row) for row in ids],
            target_prefix=[[self._texts.token]] * len(ids) if self._forced else None,
            max_batch_size=0,
            beam_size=self._params.beams,
            max_input_length=0,
            max_decoding_length=max(rooms),
        )
        pairs = zip(found, rooms, strict=True)
        return [self._texts.decode(result.hypotheses[0][:most]) for result, most in pairs]

    @cached_property
    def _model(self) -> Any:
        import ctranslate2

        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        usual = "float16" if device == "cuda" else "int8"
        compute = usual if self._params.compute == "auto" else self._params.compute
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

    def _tokenizer(self, family: Family) -> Snapshot:
        if self._params.tokenizer is not None:
            return snapshot(self._params.tokenizer, None, self._where, _TOKENIZER)
        lacking = [name for name in family.files if not (self._folder / name).is_file()]
        if lacking:
            raise ModelError(
                where=self._where,
                expected=f"the tokenizer in {self._folder}",
                found=f"no {', '.join(lacking)}",
                hint=f"Copy them there, set `tokenizer`, or convert again: {conversion(family, self._folder)}.",
            )
        return Snapshot(self._folder, "")


def conversion(family: Family, folder: Path, model: str | None = None) -> str:
    """Write the command that converts a model.

    Args:
        family: of the model.
        folder: where to put the result.
        model: a folder or id of the Hub; None for the family's own.

    Returns:
        A command line.
    """
    name = model or family.model or "Helsinki-NLP/opus-mt-en-<language>"
    options = f"--model {name} --output_dir {folder} --quantization int8 --copy_files {' '.join(family.files)}"
    return f"`ct2-transformers-converter {options}`"


def _require_package(where: str) -> None:
    try:
        import ctranslate2  # noqa: F401
    except ImportError as error:
        raise ModelError(
            where=where,
            expected="the package ctranslate2",
            found=str(error),
            hint="Run `pip install 'hbir[translate]'`.",
        ) from error


def _converted(params: Ct2Params, family: Family, target: str, where: str) -> Path:
    folder = expanded(model_of(family, params.model, target, where), where)
    if (folder / "model.bin").is_file():
        return folder
    found = "a model that was not converted" if (folder / "config.json").is_file() else "none"
    raise ModelError(
        where=where,
        expected=f"a converted model in {folder}",
        found=found,
        hint=f"Convert one: {conversion(family, folder)}.",
    )
