"""Bring a model of the Hugging Face Hub to this machine at a known commit, or find it in a local folder."""

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from hbir.core.errors import HbirError, ModelError
from hbir.core.files import read_json
from hbir.core.hub.repository import REVISIONS, TIMEOUT, Repository, is_id
from hbir.core.lines import expanded

SAFE = ("*.safetensors", "*.json", "*.txt", "*.model", "*.spm", "*.jinja")
"""Files of a model that hold no code: weights, configs, vocabularies, templates."""
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
"""Weights whose loading could run code."""
WEIGHTS = ("pytorch_model*.bin",)
"""Those among them that libraries look for: in one file, or in the shards that an index beside them lists."""
_ONLINE = "Connect to the network, or put the model into a local folder and name that."


class Snapshot(NamedTuple):
    """Hold where a model lies and which version of it that is."""

    path: Path
    revision: str
    """The commit, 40 hexadecimal digits; empty for a local folder."""


def snapshot(
    name: str, revision: str | None, where: str, patterns: Sequence[str] = SAFE, folders: bool = True
) -> Snapshot:
    """Find a model's files, and download what is missing.

    Args:
        name: a local folder, or an id of the Hub such as `FacebookAI/xlm-roberta-base`.
        revision: a commit, branch or tag of the Hub; None for what was recorded at the first load, else what
            the Hub's cache on this machine has, else the newest commit.
        where: what to call the model in a message.
        patterns: which files are wanted.
        folders: whether it may be a folder, which comes before the Hub's.

    Returns:
        The folder and its commit; without network, what is cached of it.

    Raises:
        ModelError: when it is neither a folder nor an id that the Hub knows and can serve.
    """
    if folders:
        folder = expanded(name, where)
        if folder.is_dir():
            return Snapshot(folder, "")
        _check_id(name, where)
    repository = Repository(name, revision, "model", where, _ONLINE)
    try:
        sha = repository.commit(None if revision else _cached(name))
        return Snapshot(_downloaded(repository, sha, patterns), sha)
    except HbirError as error:
        raise ModelError(
            where=where, expected=f"the model {name} of the Hub", found=error.found, hint=error.hint
        ) from error


def require_safetensors(
    folder: Path, name: str, where: str, commit: str = "", target: str = "<folder>"
) -> None:
    """Refuse a model without weights, or with pickled ones alone, be it in one of its modules.

    Args:
        folder: the model's files.
        name: as the user wrote it.
        where: what to call the model in a message.
        commit: the one of the Hub that this machine keeps to; empty where the user named one, or a folder.
        target: where a model in safetensors should be written to.

    Raises:
        ModelError: when there is no `*.safetensors` below the folder, or none beside a pickle of weights.
    """
    safe = {path.parent for path in folder.rglob("*.safetensors")}
    pickles = WEIGHTS if safe else PICKLED
    paths = [path for pattern in pickles for path in folder.rglob(pattern) if path.parent not in safe]
    if safe and not paths:
        return
    pickled = sorted(str(path.relative_to(folder)) for path in paths)
    found = f"{pickled[0]} alone, whose loading could run code" if pickled else "none"
    raise ModelError(
        where=where,
        expected=f"weights of {name} in safetensors",
        found=f"{found} at commit {commit}" if commit else found,
        hint=_way_out(folder, name, pickled, commit, target),
    )


def _way_out(folder: Path, name: str, pickled: list[str], commit: str, target: str) -> str:
    if pickled and not any(folder.rglob(WEIGHTS[0])):
        return (
            "Rename it to pytorch_model.bin if it holds the weights of the config.json beside it, by name, and "
            f"run `python -m hbir convert {name} {target}`; else choose another model."
        )
    if not pickled and folder == expanded(name, ""):
        return "Name a folder that holds model.safetensors."
    convert = f"Run `python -m hbir convert {name} {target}`, which reads pickled weights as bare numbers,"
    newer = f"; or remove its line from .hbir/{REVISIONS}, for the newest commit" if commit else ""
    return f"{convert} and name that folder; or name a `revision` that has safetensors{newer}."


def _check_id(name: str, where: str) -> None:
    # `models/hybrid` could be an id, but in a project it is a folder that is not there yet.
    inside = "/" in name and Path(name).parent.is_dir() and _cached(name) is None if is_id(name) else True
    if not inside:
        return
    hint = (
        "Check the path, or run `dvc repro`, which makes the models of a project; an experiment in a folder of "
        "its own (`--temp`, `--queue`) has only what Git and DVC hold: `dvc add` it, or name its whole path"
    )
    other = f"; if an id of the Hub is meant, fetch it first with `hf download {name}`" if is_id(name) else ""
    raise ModelError(
        where=where, expected="the folder of a model", found=f"no {name} here", hint=f"{hint}{other}."
    )


def _cached(name: str) -> str | None:
    """Return the commit that the Hub's cache took for the main branch."""
    from huggingface_hub import try_to_load_from_cache

    files = (try_to_load_from_cache(name, file) for file in ("config.json", "modules.json"))
    return next((Path(file).parent.name for file in files if isinstance(file, str)), None)


def _downloaded(repository: Repository, sha: str, patterns: Sequence[str]) -> Path:
    from huggingface_hub import snapshot_download

    try:
        repository.look_up(sha)
    except HbirError:
        kept = _kept(repository.id, sha, patterns)
        if kept is None:
            raise
        _require_whole(kept, repository, patterns)
        return kept
    with repository.explained():
        wanted = list(patterns)
        return Path(snapshot_download(repository.id, revision=sha, allow_patterns=wanted, etag_timeout=TIMEOUT))


def _kept(name: str, sha: str, patterns: Sequence[str]) -> Path | None:
    """Return what is cached of a commit, if nothing is missing of what is wanted."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, revision=sha, local_files_only=True, allow_patterns=list(patterns)))
    except LocalEntryNotFoundError:
        return None


def _require_whole(folder: Path, repository: Repository, patterns: Sequence[str]) -> None:
    """Refuse what another program left in the cache, which may be a single file."""
    if "*.safetensors" not in patterns:
        return
    weights = any(path.is_file() for kind in ("*.safetensors", *WEIGHTS) for path in folder.rglob(kind))
    lacking = _absent_shard(folder, patterns) if weights else "weights"
    if lacking:
        raise ModelError(
            where=repository.where,
            expected=f"the model {repository.id} of the Hub",
            found=f"a part of it in the cache, without {lacking}, and no answer from the Hub",
            hint=repository.hint,
        )


def _absent_shard(folder: Path, patterns: Sequence[str]) -> str | None:
    """Return the first of the wanted files that an index lists and the folder does not have."""
    for index in sorted(folder.rglob("*.index.json")):
        for shard in sorted(set(read_json(index)["weight_map"].values())):
            if any(fnmatch(shard, wanted) for wanted in patterns) and not (index.parent / shard).is_file():
                return str(shard)
    return None
