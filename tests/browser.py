"""Look at a page in Chromium, where there is one."""

import shutil
import subprocess
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NONE = "no Chromium here"


def shown(address: str, folder: Path, width: int = 1280, milliseconds: int = 5000) -> tuple[str, str]:
    """Open a page and return its DOM after a while, and what Chromium said on its console.

    Args:
        address: of the page.
        folder: for Chromium's profile.
        width: of the window, in pixels; Chromium makes none narrower than 500.
        milliseconds: of the page's own time.
    """
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0", "--dump-dom")
    sizes = (f"--window-size={width},1000", f"--virtual-time-budget={milliseconds}")
    command = [str(CHROMIUM), *options, *sizes, f"--user-data-dir={folder}/profile", address]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if ":CONSOLE" in line)
