"""Find the files of an encoder by a preset's name, an id of the Hub or a folder."""

import difflib
from pathlib import Path
from typing import NamedTuple

from hbir.core.errors import ModelError, ParamsError
from hbir.core.hub.models import SAFE, Snapshot, require_safetensors, snapshot
from hbir.core.lines import expanded
from hbir.encoding.checks import require_encoder
from hbir.encoding.presets import PRESETS, SCRATCH, Preset

CODE = "*.py"
"""Files that are fetched only of a model that is trusted."""
_WATCHED = "data/encoders/<name>"
"""Where DVC notices that a converted encoder changes."""
_BY_ID = {preset.id: preset for preset in PRESETS.values() if preset.id}


class Source(NamedTuple):
    """Hold where an encoder's files lie, and what is known of them."""

    path: Path
    revision: str
    """Commit of the Hub; empty for a folder."""
    preset: Preset | None
    """Where it was named by one, or by the id of one."""


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
    found, preset = fetch_model(name, revision, where, (*SAFE, CODE) if trusted else SAFE)
    require_encoder(found.path, where, trusted)
    require_safetensors(found.path, name, where, "" if revision else found.revision, _WATCHED)
    return Source(found.path, found.revision, preset)


def fetch_model(
    name: str, revision: str | None, where: str, patterns: tuple[str, ...]
) -> tuple[Snapshot, Preset | None]:
    """Find the files of a model, whatever kind it is of.

    Args:
        name: a preset, an id of the Hub or a folder; a preset is one of the Hub's, whatever folder is here.
        revision: a commit, branch or tag of the Hub; None for the recorded commit.
        where: what to call the model in a message.
        patterns: which files are wanted.

    Returns:
        The files, and the preset that was named by its name or id.

    Raises:
        ModelError: when there is none of that name.
    """
    if name in SCRATCH:
        raise _unknown(name, where)
    if name in PRESETS:
        return snapshot(PRESETS[name].id, revision, where, patterns, folders=False), PRESETS[name]
    is_folder = expanded(name, where).is_dir()
    if not is_folder and "/" not in name:
        raise _unknown(name, where)
    return snapshot(name, revision, where, patterns), None if is_folder else _BY_ID.get(name)


def refuse_revision(revision: str | None, where: str, found: str) -> None:
    """Refuse a revision of what has none.

    Args:
        revision: as it was given.
        where: the key or option that gave it.
        found: what it was given for.

    Raises:
        ParamsError: when there is one.
    """
    if revision is not None:
        raise ParamsError(
            where=where,
            expected="null, since only models of the Hub have revisions",
            found=f"{revision} for {found}",
            hint="Leave it out, or name a model of the Hub.",
        )


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
        expected="a preset, an id of the Hub (owner/name) or the folder of a model",
        found=found,
        hint=hint,
    )
