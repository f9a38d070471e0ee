"""Processes that run hops, as the tests of isolation see them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pixelmill import OperationFailed, Output, engine
from pixelmill.isolation import Cells
from pixelmill.operations import Operation, make_operation
from tests.plugins import registered

POISON = Path(__file__).parent / "poison.py"
PATIENCE_S = 60.0
PNG = Output(format="png")


def wait_for(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.01)


@contextmanager
def poisonous() -> Iterator[None]:
    """Have the operations of poison.py here, too, where they are never run."""
    before = vars(engine)["read"]
    with registered(POISON):
        vars(engine)["read"] = before
        yield


def operation(name: str, **parameters: object) -> list[Operation]:
    return [make_operation(name, parameters)]


def children(pid: int | str = "self") -> set[int]:
    """Return the processes below one."""
    found: set[int] = set()
    with suppress(OSError):  # it may end at any moment
        for task in Path(f"/proc/{pid}/task").iterdir():
            below = {int(text) for text in (task / "children").read_text().split()}
            found |= below.union(*map(children, below))
    return found


def about(cells: Cells, picture: bytes) -> dict[str, str]:
    """Return what a cell tells of itself."""
    with pytest.raises(OperationFailed) as caught:
        cells.run(picture, operation("tell"), PNG)
    return dict(re.findall(r"(\w+)=(\S+)", str(caught.value)))


def spinning() -> list[int]:
    """Return the cells that have been computing for a while. They are two below this process: the zygote is between."""
    cells = {below for pid in children() for below in children(pid)}
    return [pid for pid in cells if ticks(pid) > 100]


def ticks(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11])
    except OSError:
        return 0
