"""Two surroundings that differ in all that must not matter."""

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_DROPPED = ("COV_", "DVC_", "GIT_", "LC_", "MLFLOW_", "PYTEST_", "PYTHON", "XDG_")
"""How the variables begin that would lead programs elsewhere."""
TURKISH = ("tr_TR", "ISO-8859-9")
"""A locale whose small letters, commas and bytes are not those of English; made where the system can."""
NOBODY = "nobody"
_SWITCH = ("--clear-groups", "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")
"""Another user may write nothing of ours, and may read everything: Python often lies in somebody's home."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Say where and as whom a clone runs the pipeline."""

    folder: str
    """Of the clone, below a temporary one."""
    locale: str
    zone: str
    umask: int
    hash_seed: str
    name: str
    """What USER says."""
    user: str | None = None
    """Another user of the system who runs it; None: whoever runs this."""
    locales: Path | None = None
    """Where the locale was made."""

    def environment(self, base: Path) -> dict[str, str]:
        """Return the variables of a process, those of this one that lead nowhere else among them.

        Args:
            base: a folder with the homes of this clone.

        Returns:
            Name → text.
        """
        kept = {name: text for name, text in os.environ.items() if not name.startswith(_DROPPED)}
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        homes = {"HOME": "home", "TMPDIR": "tmp", "DVC_SITE_CACHE_DIR": "site"}
        made = {"LOCPATH": str(self.locales)} if self.locales else {}
        return {
            **kept,
            **made,
            **{name: str(base / folder) for name, folder in homes.items()},
            "PATH": programs,
            "USER": self.name,
            "LOGNAME": self.name,
            "LC_ALL": self.locale,
            "LANG": self.locale,
            "TZ": self.zone,
            "PYTHONHASHSEED": self.hash_seed,
            "DVC_NO_ANALYTICS": "1",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    @property
    def prefix(self) -> list[str]:
        """Return what stands before a command so that the other user runs it."""
        return as_user(self.user) if self.user else []

    def __str__(self) -> str:
        """Describe them in one line."""
        who = self.user or "the same user"
        seed = f"PYTHONHASHSEED={self.hash_seed}"
        return f"{self.folder}, LC_ALL={self.locale}, TZ={self.zone}, umask {self.umask:03o}, {seed}, {who}"


def as_user(name: str) -> list[str]:
    """Name the program that becomes another user, and its arguments; root alone may run it.

    Args:
        name: of the user.

    Returns:
        What stands before a command.
    """
    user = pwd.getpwnam(name)
    return ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), *_SWITCH]


def two(locales: Path) -> tuple[Surroundings, Surroundings]:
    """Choose the surroundings of two clones, as different as this system allows.

    Args:
        locales: a folder in which a locale may be made.

    Returns:
        Both.
    """
    one = Surroundings(
        folder="b/deeper/a folder of Åsa", locale="C.UTF-8", zone="UTC", umask=0o022, hash_seed="0", name="Åsa"
    )
    is_made = _made(*TURKISH, locales)
    other = Surroundings(
        folder="a",
        locale=TURKISH[0] if is_made else "C",
        locales=locales if is_made else None,
        zone="Pacific/Kiritimati",  # where it is tomorrow
        umask=0o077,
        hash_seed="4294967295",
        name="ann",
        user=NOBODY if _can_switch(NOBODY) else None,
    )
    return one, other


def _made(name: str, encoding: str, folder: Path) -> bool:
    """Make a locale where the system has its sources."""
    folder.mkdir(parents=True, exist_ok=True)
    if not shutil.which("localedef"):
        return False
    command = ["localedef", "-i", name, "-f", encoding, str(folder / name)]
    subprocess.run(command, capture_output=True, check=False)
    return (folder / name).is_dir()


def _can_switch(name: str) -> bool:
    """Tell whether this process may become a user who can run our Python."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return False
    try:
        prefix = as_user(name)
    except KeyError:
        return False
    return subprocess.run([*prefix, sys.executable, "-c", ""], capture_output=True, check=False).returncode == 0
