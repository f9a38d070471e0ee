"""The demo as a user runs it: its own process, a real fleet, real pictures."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from pixelmill.fleet.embedded import EmbeddedFleet

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = ROOT / "examples" / "photos"
STEMS = ("sample", "chelsea", "coffee", "hubble", "rocket")
MARK = "PIXELMILL_TEST_RUN"
START_S = 60.0


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with EmbeddedFleet(1, 2, 1) as fleet:
        yield fleet.target


def demo(*arguments: str | Path, script: str = "client/pipeline_demo.py") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / script, *arguments], capture_output=True, text=True, check=False, timeout=120
    )


def open_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lines_with(word: str, text: str) -> list[str]:
    return [line for line in text.splitlines() if word in line]


def test_sends_the_sample_and_the_photographs(target: str, tmp_path: Path) -> None:
    done = demo("--target", target, "--output", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for stem in STEMS:
        classic, finished = Image.open(tmp_path / f"{stem}-processed.png"), Image.open(tmp_path / f"{stem}-pipeline.jpg")
        assert (classic.format, finished.format) == ("PNG", "JPEG")
        assert classic.size == finished.size
        classic.load()
        finished.load()
    with Image.open(tmp_path / "sample-processed.png") as sample:
        assert sample.size == (1280, 720)
    assert len(list(tmp_path.iterdir())) == 2 * len(STEMS)


def test_shows_who_did_what(target: str, tmp_path: Path) -> None:
    done = demo("--target", target, "--output", tmp_path, PHOTOS / "coffee.png")
    resizing, watermark = lines_with("STAGE 1", done.stdout), lines_with("STAGE 3", done.stdout)
    assert resizing[0].startswith("🖼️  STAGE 1: Resizing image... (using resize-1:")
    assert watermark[0].startswith("🏷️  STAGE 3: Adding watermark... (using watermark-1:")
    assert "🎨 STAGE 2: Applying 3 filter(s)..." in done.stdout.splitlines()
    filters = [
        lines_with(f"[{number}/3] Applying {name}... (using filter-", done.stdout)
        for number, name in enumerate(("BLUR", "SHARPEN", "SEPIA"), 1)
    ]
    assert [len(lines) for lines in filters] == [1, 1, 1]
    assert [line.split()[0] for line in lines_with("600×400 → 600×400", done.stdout)] == ["coffee", "coffee"]
    # One picture, sent twice: each time it was resized once, filtered three times and marked once.
    calls: Counter[str] = Counter()
    for pool, count in re.findall(r"(\w+)-\d +127\.0\.0\.1:\d+ +● healthy +(\d+)", done.stdout):
        calls[pool] += int(count)
    assert calls == {"resize": 2, "filter": 6, "watermark": 2}


def test_writes_pictures_with_the_watermark_and_the_right_colors(target: str, tmp_path: Path) -> None:
    assert demo("--target", target, "--output", tmp_path, PHOTOS / "hubble.jpg").returncode == 0
    with Image.open(tmp_path / "hubble-processed.png") as picture:
        corner = picture.crop((picture.width - 200, picture.height - 50, picture.width, picture.height))
        beside = picture.crop((0, picture.height - 50, 200, picture.height))
        # The sky there is dark and blurred; white text at opacity 0.8 is not.
        assert ImageStat.Stat(corner.convert("L")).extrema[0][1] > 190
        assert ImageStat.Stat(beside.convert("L")).extrema[0][1] < 120
        red, _, blue = ImageStat.Stat(beside).mean
        assert red > blue


def test_goes_on_after_a_bad_picture(target: str, tmp_path: Path) -> None:
    text, missing, output = tmp_path / "no-picture.jpg", tmp_path / "missing.jpg", tmp_path / "output"
    text.write_text("not a picture")
    done = demo("--target", target, "--output", output, text, missing, PHOTOS / "coffee.png")
    assert done.returncode == 1
    problems = done.stderr.splitlines()
    assert [problem.split(": ")[:2] for problem in problems] == [
        ["✗ no-picture.jpg", "INVALID_ARGUMENT"],
        [f"✗ {missing}", "No such file or directory"],
    ]
    assert sorted(path.name for path in output.iterdir()) == ["coffee-pipeline.jpg", "coffee-processed.png"]


def test_pictures_of_one_name_do_not_overwrite_each_other(target: str, tmp_path: Path) -> None:
    for folder, color in (("a", "red"), ("b", "blue")):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (40, 30), color).save(tmp_path / folder / "x.png")
    done = demo("--target", target, "--output", tmp_path / "out", tmp_path / "a" / "x.png", tmp_path / "b" / "x.png")
    assert done.returncode == 0
    names = ["x-2-pipeline.jpg", "x-2-processed.png", "x-pipeline.jpg", "x-processed.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names


def test_says_how_to_start_an_orchestrator_where_none_answers(tmp_path: Path) -> None:
    target = f"127.0.0.1:{open_port()}"
    done = demo("--target", target, "--output", tmp_path / "out")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"✗ no orchestrator answers on {target}.")
    for way in ("make demo", "pixelmill up", "docker-compose up --build", "python services/orchestrator_service.py"):
        assert way in done.stderr
    assert not (tmp_path / "out").exists()


class Run:
    """`scripts/demo.py` as a process that can be found again with all that it started: all have its mark in common."""

    def __init__(self, output: Path, **environment: str) -> None:
        self.mark = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "scripts" / "demo.py", "--output", output],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, MARK: self.mark, **environment},
        )

    def processes(self) -> int:
        """Return how many processes have the mark."""
        return sum(self.mark.encode() in _environment(folder) for folder in Path("/proc").glob("[0-9]*"))

    def wait_until_starting(self) -> None:
        """Return when some of the fleet's processes have been started."""
        until = time.monotonic() + START_S
        while self.processes() < 4:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < until, "no process of a fleet was started"
            time.sleep(0.01)

    def wait_until_up(self) -> None:
        """Return when the demo has said that the fleet is up."""
        assert self.process.stdout is not None
        assert "an orchestrator on 127.0.0.1:" in self.process.stdout.readline()


def _environment(folder: Path) -> bytes:
    try:
        return (folder / "environ").read_bytes()
    except OSError:  # it has ended, or is another user's
        return b""


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")


@needs_proc
def test_make_demo_runs_a_fleet_and_ends_it(tmp_path: Path) -> None:
    run = Run(tmp_path)
    stdout, stderr = run.process.communicate(timeout=120)
    assert (run.process.returncode, stderr) == (0, "")
    assert run.processes() == 0
    assert {f"{stem}-processed.png" for stem in STEMS} <= {path.name for path in tmp_path.iterdir()}
    used = re.findall(r"(\w+-\d) +127\.0\.0\.1:\d+ +● healthy +\d+", stdout)
    pools = {"resize": 3, "filter": 5, "watermark": 3}
    assert used == [f"{pool}-{number}" for pool, count in pools.items() for number in range(1, count + 1)]
    _, _, log = stdout.partition("The orchestrator's log of the first picture")
    assert [line.partition("...")[0] for line in log.splitlines() if "..." in line] == [
        "🖼️  STAGE 1: Resizing image",
        "🎨 STAGE 2: Applying 3 filter(s)",
        "   [1/3] Applying BLUR",
        "   [2/3] Applying SHARPEN",
        "   [3/3] Applying SEPIA",
        "🏷️  STAGE 3: Adding watermark",
    ]


@needs_proc
@pytest.mark.parametrize(
    ("number", "wait", "code"),
    [(signal.SIGINT, Run.wait_until_up, 130), (signal.SIGTERM, Run.wait_until_starting, 143)],
    ids=["Ctrl-C while it runs", "SIGTERM while it starts"],
)
def test_an_interrupted_make_demo_leaves_nothing_behind(
    number: signal.Signals, wait: Callable[[Run], None], code: int, tmp_path: Path
) -> None:
    run = Run(tmp_path)
    wait(run)
    assert run.processes() > 1
    run.process.send_signal(number)
    _, stderr = run.process.communicate(timeout=60)
    assert (run.process.returncode, stderr) == (code, "")
    assert run.processes() == 0


@needs_proc
def test_a_make_demo_that_cannot_start_says_why(tmp_path: Path) -> None:
    run = Run(tmp_path, PIXELMILL_MAX_PIXELS="many")
    stdout, stderr = run.process.communicate(timeout=60)
    assert (run.process.returncode, stdout) == (1, "")
    assert "expected resize-1 to start" in stderr
    assert "max_pixels" in stderr
    assert run.processes() == 0
