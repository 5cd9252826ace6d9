"""Stand in for `dvc repro`: note what is called with which GPU, take a while, or fail."""

import os
import sys
import time
from pathlib import Path


def note(text: str) -> None:
    with Path(".calls").open("a", encoding="utf-8") as stream:
        stream.write(f"{text}\n")


def main() -> int:
    arguments = [word for word in sys.argv[1:] if word != "--wait-for-lock"]
    name = " ".join(arguments)
    note(f"begin {name} {os.environ.get('CUDA_VISIBLE_DEVICES', '-')}")
    if Path(".fails").exists() and Path(".fails").read_text(encoding="utf-8") in arguments:
        sys.stdout.write("Error: params.yaml: wrong. Mend it.\nERROR: failed to reproduce 'train_xx'\n")
        return 255
    waits = Path(".waits").read_text(encoding="utf-8") if Path(".waits").exists() else None
    while waits in arguments and "end repro --single-item train_hybrid" not in Path(".calls").read_text():
        time.sleep(0.1)
    time.sleep(0.5)
    note(f"end {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
