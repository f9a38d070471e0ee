"""Writes constraints.txt: the newest version of everything that `pip install '.[dev]'` takes, exactly pinned.

Run by `make constraints`, with the oldest Python that the project supports, so that the versions exist for it.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Written by `make constraints`: the versions that Pixelmill is developed and tested with.\n"


def resolve() -> dict[str, str]:
    """Asks pip which distributions a fresh install would take; installs nothing.

    Returns:
        The version of each distribution by its normalized name, without the project itself.
    """
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--dry-run",
        "--ignore-installed",
        "--report",
        "-",
        f"{ROOT}[dev]",
    ]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    found = {item["metadata"]["name"]: item["metadata"]["version"] for item in report["install"]}
    normalized = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found.items()}
    return {name: version for name, version in normalized.items() if name != "pixelmill"}


if __name__ == "__main__":
    pins = sorted(resolve().items())
    (ROOT / "constraints.txt").write_text(HEADER + "".join(f"{name}=={version}\n" for name, version in pins))
    print(f"constraints.txt: {len(pins)} distributions")
