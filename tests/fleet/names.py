"""A file in place of a name server, as there is none to be had: a line for each name, which may change at any time."""

from __future__ import annotations

import os
from pathlib import Path

from tests.fleet.processes import ORCHESTRATOR

LOOKUP = """
from pathlib import Path
from pixelmill.fleet import addresses

def look_up(host):
    lines = [line.split() for line in Path({file!r}).read_text().splitlines()]
    found = next((line[1:] for line in lines if line[0] == host.name), [])
    if found == ["slow"]:
        import time
        time.sleep(3600)
    if found == ["broken"]:
        raise OSError("the name server does not answer")
    return tuple(addresses.Host(name, host.port) for name in found)

addresses._look_up = look_up
"""


class Names:
    """The file that names are looked up in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.set(filters="127.0.0.1")

    def set(self, **found: str) -> None:
        """Say what each name stands for, from now on: addresses, or "slow", or "broken"."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text("".join(f"{name} {addresses}\n" for name, addresses in found.items()), encoding="utf-8")
        os.replace(fresh, self.path)

    @property
    def code(self) -> str:
        """The code of an orchestrator that looks names up here."""
        return LOOKUP.format(file=str(self.path)) + ORCHESTRATOR
