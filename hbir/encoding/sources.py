"""Find the files of an encoder by a preset's name, an id of the Hub or a folder."""

import difflib
from pathlib import Path
from typing import NamedTuple

from hbir.core.errors import ModelError
from hbir.core.hub_models import SAFE, require_safetensors, snapshot
from hbir.core.lines import expanded
from hbir.encoding.kinds import require_encoder
from hbir.encoding.presets import PRESETS, SCRATCH, Preset

CODE = "*.py"
"""Files that are fetched only of a model that is trusted."""


class Source(NamedTuple):
    """Hold where an encoder's files lie, and what is known of them."""

    path: Path
    revision: str
    """Commit of the Hub; empty for a folder."""
    preset: Preset | None
    """Where it was named by one."""


def find_source(name: str, revision: str | None, where: str, trusted: bool = False) -> Source:
    """Find an encoder, download what is missing of it, and make sure that it can be used.

    Args:
        name: a preset, an id of the Hub or a folder.
        revision: a commit, branch or tag of the Hub; None for the recorded commit.
        where: what to call the encoder in a message.
        trusted: whether code that comes with it may run.

    Returns:
        Its files.

    Raises:
        ModelError: when there is none of that name, it is no encoder, or it has no weights in safetensors.
    """
    preset = PRESETS.get(name)
    if name in SCRATCH or (preset is None and "/" not in name and not expanded(name, where).is_dir()):
        raise _unknown(name, where)
    patterns = (*SAFE, CODE) if trusted else SAFE
    found = snapshot(preset.id if preset else name, revision, where, patterns)
    require_encoder(found.path, where, trusted)
    require_safetensors(found.path, name, where)
    return Source(found.path, found.revision, preset)


def _unknown(name: str, where: str) -> ModelError:
    if name in SCRATCH:
        found = f"{name}, which the stage `encoder` makes from scratch"
        hint = f"Set `encoder.name: {name}`, run `dvc repro`, and name the folder of a model."
    else:
        near = difflib.get_close_matches(name, PRESETS, n=1, cutoff=0.5)
        found = f"{name!r}, and no such folder"
        hint = f"Did you mean {near[0]!r}?" if near else "`python -m hbir encoders` lists the presets."
    return ModelError(
        where=where,
        expected="a preset, an id of the Hub (owner/name) or the folder of an encoder",
        found=found,
        hint=hint,
    )
