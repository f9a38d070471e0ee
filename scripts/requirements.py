"""Prints what Pixelmill and some of its extras require, one a line, for the container image.

python3 requirements.py [EXTRAS]        # by commas; pyproject.toml is in the working directory
"""

import sys
import tomllib
from pathlib import Path


def main() -> None:
    """Runs the command. An extra that there is not ends it with a message."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    del extras["dev"]  # which is for working on the project, and names the project itself
    wanted = " ".join(sys.argv[1:]).replace(",", " ").split()
    if unknown := [name for name in wanted if name not in extras]:
        sys.exit(f"expected some of {', '.join(sorted(extras))} for PIXELMILL_EXTRAS, got {', '.join(unknown)}")
    print(*project["dependencies"], *(line for name in wanted for line in extras[name]), sep="\n")


if __name__ == "__main__":
    main()
