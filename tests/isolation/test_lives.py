"""How long the processes live that run hops, and that nothing of them is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pixelmill import Deadline, DecoderCrash
from pixelmill.isolation import Cells, Upbringing
from tests.cells import PATIENCE_S, PNG, POISON, about, children, operation, ticks, wait_for
from tests.pictures import encoded, photo


def test_one_that_ends_while_idle_harms_no_picture(picture: bytes) -> None:
    with Cells(1, Upbringing([str(POISON)])) as cells:
        for _ in range(3):
            os.kill(int(about(cells, picture)["pid"]), signal.SIGKILL)
            assert cells.run(picture, [], PNG).outputs


def test_a_lost_zygote_comes_back(picture: bytes) -> None:
    others = children()
    with Cells(1, Upbringing([str(POISON)])) as cells:
        before = children() - others
        cell = int(about(cells, picture)["pid"])
        zygote = int(Path(f"/proc/{cell}/stat").read_text().rsplit(")", 1)[1].split()[1])
        os.kill(zygote, signal.SIGKILL)
        wait_for(lambda: not (before - {zygote}) & children(), "its cells to end with it")
        assert cells.run(picture, [], PNG, deadline=Deadline.after(PATIENCE_S)).outputs
    assert children() <= others


def test_nothing_is_left_over_after_many_hops_and_crashes() -> None:
    small = encoded(photo(8, 8), "PNG")
    files, others = open_files(), children()
    with Cells(1, Upbringing([str(POISON)])) as cells:
        for number in range(1000):
            if number % 50 == 0:
                with pytest.raises(DecoderCrash):
                    cells.run(small, operation("segfault"), PNG)
            assert cells.run(small, [], PNG).outputs
        wait_for(lambda: len(children() - others) == 3, "no more than a zygote and two cells")
        assert open_files() - files < 40  # nine for each cell
    assert children() <= others
    assert open_files() == files


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


OUTLIVED = """
import sys
from pixelmill.isolation import Cells, Upbringing
from pixelmill.operations import make_operation
from pixelmill import plugins
plugins.load_modules([sys.argv[1]])
cells = Cells(1, Upbringing([sys.argv[1]])).start()
print("ready", flush=True)
cells.run(sys.stdin.buffer.read(), [make_operation("spin", {})])
"""


def test_nothing_outlives_a_process_that_is_killed(picture: bytes) -> None:
    process = subprocess.Popen([sys.executable, "-c", OUTLIVED, str(POISON)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        below = children(process.pid)
        assert len(below) >= 2
        process.stdin.write(picture)
        process.stdin.close()
        wait_for(lambda: any(ticks(pid) > 50 for pid in below), "the cell to be at work")
        process.kill()
    # One that has ended may stay listed: not everywhere is there somebody who asks how orphans did.
    wait_for(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in below), "all to end")
