"""Find this machine's own results where dvc.lock names those of another machine.

Another CPU gives other last digits, so other hashes. DVC looks into its run cache when a stage's dependencies
differ from dvc.lock, not when its outputs alone are missing; without an entry in dvc.lock it does look.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dvc.stage import PipelineStage


def forget_foreign(root: Path) -> list[str]:
    """Take out of dvc.lock the stages whose outputs are not here, but which ran here on these dependencies.

    The next `dvc repro` then checks their outputs out of the run cache and runs nothing for them.

    Args:
        root: a project with `.dvc`.

    Returns:
        The names of the stages that were taken out.
    """
    from dvc.dvcfile import LOCK_FILE, Lockfile
    from dvc.repo import Repo
    from dvc.stage import PipelineStage

    with Repo(str(root)) as repo, repo.lock:
        stages = [stage for stage in repo.index.stages if isinstance(stage, PipelineStage)]
        forgotten = [stage for stage in stages if _is_absent(stage) and _ran_here(stage)]
        lock = Lockfile(repo, str(root / LOCK_FILE))
        for stage in forgotten:
            lock.remove_stage(stage)
    return [str(stage.name) for stage in forgotten]


def _is_absent(stage: "PipelineStage") -> bool:
    """Tell whether an output that dvc.lock names is not in the cache."""
    return any(out.use_cache and out.hash_info and out.changed_cache() for out in stage.outs)


def _ran_here(stage: "PipelineStage") -> bool:
    """Ask DVC's run cache about a stage as if dvc.lock named no output of it."""
    from dvc.stage.cache import RunCacheNotFoundError
    from dvc_data.hashfile.hash_info import HashInfo

    if not all(dep.exists for dep in stage.deps):
        return False  # a fresh clone: what this stage reads is still to be made
    for out in stage.outs:
        out.hash_info = HashInfo()
    try:
        stage.repo.stage_cache.restore(stage, dry=True)
    except RunCacheNotFoundError:
        return False
    return True
