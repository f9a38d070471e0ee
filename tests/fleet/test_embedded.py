"""The embedded fleet: real processes, started, killed and ended."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pixelmill
from pixelmill.cli import main
from pixelmill.errors import Unavailable
from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.embedded import EmbeddedFleet, FleetProcess
from pixelmill.fleet.supervisor import FIRST_DELAY_S, LONGEST_DELAY_S, STEADY_S, next_delay

DEADLINE_S = 60.0
PIPELINE = pixelmill.Pipeline().resize(50).blur(2).text("fleet", size=10).to("webp")
SMALL = "EmbeddedFleet(1, 1, 1)"


def wait_for(what: str, condition: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until, f"waited {DEADLINE_S} s for {what}"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended; one that nobody has waited for yet has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state in "ZX"


def children() -> set[int]:
    """Return the processes that this one has started and that still run."""
    own = str(os.getpid())
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        command = (stat.parent / "cmdline").read_bytes() if parent == own and state not in "ZX" else b""
        if b"pixelmill" in command:
            found.add(int(stat.parent.name))
    return found


def named(fleet: EmbeddedFleet, name: str) -> FleetProcess:
    return next(process for process in fleet.processes if process.name == name)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "photo.png"
    Image.fromarray(np.random.default_rng(5).integers(0, 256, (80, 100, 3), np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedFleet]:
    with EmbeddedFleet(1, 2, 1, log=tmp_path_factory.mktemp("log") / "fleet.log") as running:
        yield running


def test_every_instance_is_a_process_with_an_address(fleet: EmbeddedFleet) -> None:
    names = ["resize-1", "filter-1", "filter-2", "watermark-1", "orchestrator"]
    assert [process.name for process in fleet.processes] == names
    assert [process.pool for process in fleet.processes] == ["resize", "filter", "filter", "watermark", "orchestrator"]
    assert len({process.address for process in fleet.processes}) == len(names)
    assert not any(is_gone(process.pid) for process in fleet.processes)
    assert fleet.target == fleet.processes[-1].address
    assert fleet.alive()


def test_it_does_what_the_library_does(fleet: EmbeddedFleet, photo: Path) -> None:
    data = photo.read_bytes()
    with FleetExecutor(fleet.target) as executor:
        assert executor.run(data, PIPELINE).data == pixelmill.run(data, PIPELINE).data


def test_run_sends_pictures_to_a_fleet(fleet: EmbeddedFleet, photo: Path, tmp_path: Path) -> None:
    where = ["--executor", f"grpc://{fleet.target}", "-j", "3"]
    assert main(["run", str(photo), "-o", str(tmp_path), "-p", PIPELINE.to_text(), *where]) == 0
    assert (tmp_path / "photo.webp").read_bytes() == pixelmill.run(photo.read_bytes(), PIPELINE).data


def test_fleet_prints_the_instances(fleet: EmbeddedFleet, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "--target", fleet.target, "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert list(described) == ["instances"]
    fields = {"pool", "name", "address", "pid", "healthy", "calls", "in_flight"}
    assert all(set(one) == fields for one in described["instances"])
    assert {(one["pool"], one["name"], one["address"], one["pid"], one["healthy"]) for one in described["instances"]} == {
        (process.pool, process.name, process.address, process.pid, True) for process in fleet.processes[:-1]
    }
    assert main(["fleet", "--target", fleet.target]) == 0
    shown = capsys.readouterr().out
    assert all(process.address in shown for process in fleet.processes)


def test_fleet_fits_a_narrow_terminal(
    fleet: EmbeddedFleet, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["fleet", "--target", fleet.target, "--once"]) == 0
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert shown.count("healthy") == len(fleet.processes) - 1
    assert all(process.name in shown for process in fleet.processes[:-1])


def test_fleet_is_live_on_a_terminal(fleet: EmbeddedFleet) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pixelmill", "fleet", "--target", fleet.target]
    environment = os.environ | {"COLUMNS": "100", "TERM": "xterm"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while shown.count(b"watermark-1") < 2:  # a second table replaces the first
            assert select.select([ours], [], [], DEADLINE_S)[0], shown
            shown += os.read(ours, 10_000)
        process.send_signal(signal.SIGINT)
        while select.select([ours], [], [], DEADLINE_S)[0]:
            try:
                shown += os.read(ours, 10_000)
            except OSError:  # what a terminal says once its program has ended
                break
        assert process.wait(DEADLINE_S) == 0
    os.close(ours)
    assert b"Traceback" not in shown


def test_health_asks_one_server(fleet: EmbeddedFleet, capsys: pytest.CaptureFixture[str]) -> None:
    for process in fleet.processes:
        assert main(["health", process.address]) == 0
    assert capsys.readouterr().out == "serving\n" * len(fleet.processes)


@pytest.mark.parametrize("name", ["filter-1", "orchestrator"])
def test_what_is_killed_comes_back_at_its_address(fleet: EmbeddedFleet, photo: Path, name: str) -> None:
    before = named(fleet, name)
    os.kill(before.pid, signal.SIGKILL)
    wait_for(f"the end of {name}", lambda: is_gone(before.pid))
    wait_for(f"{name} to come back", lambda: named(fleet, name).pid != before.pid and fleet.alive())
    assert named(fleet, name).address == before.address
    assert main(["health", before.address]) == 0

    def used_again() -> bool:
        with FleetExecutor(fleet.target) as executor:
            executor.run(photo.read_bytes(), PIPELINE)
            return all(one.healthy and one.calls for one in executor.describe().instances)

    wait_for("every instance to get work", used_again)


def test_a_published_port_that_is_taken_is_passed_over(tmp_path: Path) -> None:
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # where another program has it already, so much the better
            taken.bind(("127.0.0.1", 50052))
            taken.listen()
        with EmbeddedFleet(1, 0, 0, log=tmp_path / "log") as fleet:
            ports = [int(process.address.rpartition(":")[2]) for process in fleet.processes]
    assert all(port not in (0, 50052) for port in ports)


def test_the_delay_before_a_restart_grows_to_a_bound_and_is_short_after_a_good_start() -> None:
    delays = [0.0]
    for _ in range(10):
        delays.append(next_delay(delays[-1], lived_s=0.5))
    assert delays[1] == FIRST_DELAY_S
    assert all(later == min(2 * earlier, LONGEST_DELAY_S) for earlier, later in pairwise(delays[1:]))
    assert delays[-1] == LONGEST_DELAY_S
    assert next_delay(LONGEST_DELAY_S, lived_s=STEADY_S + 1) == FIRST_DELAY_S


def test_leaving_ends_every_process(tmp_path: Path) -> None:
    with EmbeddedFleet(1, 1, 1, log=tmp_path / "log") as fleet:
        pids = [process.pid for process in fleet.processes]
        assert not any(map(is_gone, pids))
    assert all(map(is_gone, pids))
    assert not fleet.alive()


def test_a_fleet_that_does_not_start_leaves_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    before = children()
    fleet = EmbeddedFleet(1, 0, 0, placement="upside-down", log=log)
    with pytest.raises(Unavailable, match="expected orchestrator to start, got exit code 2; its log says why"):
        fleet.start()
    assert "upside-down" in log.read_text()
    assert not fleet.alive()
    assert children() == before


def test_no_process_outlives_a_parent_that_is_killed() -> None:
    code = (
        "import time\n"
        "from pixelmill.fleet.embedded import EmbeddedFleet\n"
        f"with {SMALL} as fleet:\n"
        "    print(*(process.pid for process in fleet.processes), flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 4
        assert not any(map(is_gone, pids))
        parent.kill()
    wait_for("the fleet's end", lambda: all(map(is_gone, pids)))


def up(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pixelmill", "up", "--resize", "1", "--filter", "1", "--watermark", "1", *arguments]
    environment = os.environ | {"COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_runs_a_fleet_until_it_is_stopped(number: signal.Signals) -> None:
    with up("--port", "0") as process:
        assert process.stdout
        shown = ""
        while "Send pictures to" not in shown:
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            shown += line
        rows = re.findall(r"^ *(\w+) +(\S+) +(127\.0\.0\.1:\d+) +(\d+) *$", shown, re.MULTILINE)
        assert [row[1] for row in rows] == ["resize-1", "filter-1", "watermark-1", "orchestrator"]
        assert main(["health", rows[-1][2]]) == 0
        process.send_signal(number)
        assert process.wait(DEADLINE_S) == 0
    assert all(is_gone(int(row[3])) for row in rows)


def test_up_says_that_its_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with up("--port", str(port)) as process:
            shown, complaints = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert (
        complaints
        == f"pixelmill: expected a free port for the orchestrator, got {port}, which is in use; --port names another\n"
    )
    assert not shown
