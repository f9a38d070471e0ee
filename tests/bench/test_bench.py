"""`pixelmill bench` as a user runs it, on real fleets: it counts what was sent, and says what it counts."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from pixelmill.bench.figures import SCHEMA, Document, Run, read
from pixelmill.bench.tables import evenness, show
from pixelmill.cli import main
from pixelmill.errors import InvalidPipeline
from pixelmill.fleet.authority import pair_in
from pixelmill.fleet.embedded import EmbeddedFleet
from tests.bench.conftest import PIPELINE
from tests.fleet.certificates import make
from tests.fleet.processes import PATIENCE_S
from tests.plugins import ROOT

DOCUMENT = (ROOT / "docs" / "benchmark.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def bench(picture: Path, output: Path, *arguments: str, code: int = 0) -> Document:
    command = ["bench", "--picture", str(picture), "-p", PIPELINE, "-c", "4", "--output", str(output), *arguments]
    assert main(command) == code
    return read(output)


def check(run: Run, requests: int) -> None:
    """What must hold of any run on a fleet: every part adds up to the whole."""
    assert (run.completed, run.failed) == (requests, 0)
    assert sum(one.completed for one in run.rounds) == requests
    assert sum(each.count for each in run.latency.bins) == requests
    assert run.throughput_per_s == pytest.approx(requests / run.seconds)
    assert 0 < run.latency.p50_s <= run.latency.p90_s <= run.latency.p99_s <= run.latency.max_s
    for pool, hops in (("resize", 1), ("filter", 3), ("watermark", 1)):
        mine = [one for one in run.instances if one.pool == pool]
        (use,) = (one for one in run.pools if one.pool == pool)
        assert use.calls == sum(one.calls for one in mine) == sum(one.hops for one in mine) == hops * requests
        assert sum(one.share for one in mine) == pytest.approx(1)
        assert (use.least, use.most) == (min(one.calls for one in mine), max(one.calls for one in mine))
        assert use.difference <= 1
    (orchestrator,) = (one for one in run.instances if one.pool == "orchestrator")
    assert orchestrator.calls == requests
    assert all(one.memory_peak_bytes > 1 << 20 and one.cpu_s >= 0 for one in run.instances)
    assert sum(one.cpu_s for one in run.instances) > 0
    if run.target.startswith("http"):
        assert (run.retries, run.typical) == (None, None)  # its answers tell neither
    else:
        assert run.retries == 0
        assert run.typical
        assert len(run.typical.hops) == 5


def test_an_embedded_fleet(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = ["--resize", "1", "--filter", "2", "--watermark", "1"]
    document = bench(picture, tmp_path / "a.json", "-n", "31", "--rounds", "2", *counts)
    (run,) = document.runs
    check(run, 62)
    assert (run.label, run.place) == ("1/2/1", "embedded")
    assert [one.name for one in run.instances] == ["resize-1", "filter-1", "filter-2", "watermark-1", "orchestrator"]
    assert document.schema_version == SCHEMA
    assert document.command.startswith("pixelmill bench --picture ")
    assert document.load.pictures[0].bytes == picture.stat().st_size
    (machine,) = run.machines
    assert machine.is_clients
    assert machine.fleet_cores == pytest.approx(sum(one.cpu_cores for one in run.instances))
    shown = capsys.readouterr()
    assert "1/2/1, round 2 of 2: 31 requests" in shown.err
    row = re.search(r"^1/2/1 +([\d.]+) ", shown.out, re.MULTILINE)
    assert row
    assert row[1] == f"{run.throughput_per_s:.2f}"
    for one in run.workers:
        line = next(line for line in shown.out.splitlines() if one.name in line)
        assert f" {one.calls} " in line
        assert f" {one.share:.1%} " in line
    for pool in run.pools:
        assert f"{pool.pool}: {evenness(pool)}" in shown.out


def test_a_running_fleet(running: EmbeddedFleet, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = bench(picture, tmp_path / "a.json", "--target", running.url, "-d", "0.5", "--json")
    assert Document.model_validate_json(capsys.readouterr().out) == document
    (run,) = document.runs
    assert (run.place, run.target) == ("fleet", running.url)
    check(run, run.completed)
    assert run.rounds[0].seconds >= 0.5


@pytest.mark.parametrize("width", [80, 200])
def test_a_terminal_of_80_columns_has_room_for_the_tables(
    running: EmbeddedFleet, picture: Path, tmp_path: Path, width: int
) -> None:
    document = bench(picture, tmp_path / "a.json", "--target", running.url, "-n", "5")
    console = Console(width=width, file=io.StringIO(), highlight=False)
    with console.capture() as captured:
        show(document, console)
    lines = captured.get().splitlines()
    assert not [line for line in lines if "…" in line]
    (run,) = document.runs
    for one in run.instances:
        (row,) = (line for line in lines if re.search(rf"(^| ){one.name} ", line))
        assert len(row.rstrip()) <= width
        assert f" {one.calls} " in row
    assert ("fleet cores" in captured.get()) == (width == 200)


def test_a_fleet_with_tls_and_tokens(picture: Path, tmp_path: Path) -> None:
    certs = make(tmp_path / "certs")
    tokens = tmp_path / "tokens"
    tokens.write_text("a-token-of-at-least-32-characters-for-this-test\n")
    tokens.chmod(0o600)
    with EmbeddedFleet(1, 1, 1, certs=certs, tokens_file=tokens, log=tmp_path / "log") as fleet:
        access = ["--tls-ca", str(pair_in(certs, "ca").cert), "--token-file", str(tokens)]
        document = bench(picture, tmp_path / "a.json", "-n", "8", "--target", fleet.target, *access)
    check(document.runs[0], 8)


def test_the_bare_engine(picture: Path, tmp_path: Path) -> None:
    document = bench(picture, tmp_path / "a.json", "-n", "9", "--local")
    (run,) = document.runs
    assert (run.place, run.completed) == ("local", 9)
    (one,) = run.instances
    assert (one.calls, one.hops) == (9, 9)


def test_two_placements_take_turns_on_one_fleet(
    running: EmbeddedFleet, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--target", running.url, "-n", "6", "--rounds", "3"]
    document = bench(picture, tmp_path / "a.json", *options, "--compare", "spread", "fused")
    said = capsys.readouterr()
    rounds = re.findall(r"^(\w+)@\S+, round (\d)", said.err, re.MULTILINE)
    assert rounds == [(name, str(number)) for number in (1, 2, 3) for name in ("spread", "fused")]
    spread, fused = document.runs
    check(spread, 18)
    assert sum(one.calls for one in fused.workers) == 18
    comparison = document.comparison
    assert comparison
    assert comparison.throughput.pairs == tuple(
        b.throughput_per_s / a.throughput_per_s for a, b in zip(spread.rounds, fused.rounds, strict=True)
    )
    assert f"throughput × {comparison.throughput.median:.2f}" in said.out


def test_two_files(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, count in (("a.json", "5"), ("b.json", "6")):
        bench(picture, tmp_path / name, "-n", "5", "-c", count, "--local")
    capsys.readouterr()
    assert main(["bench", "--compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--json"]) == 0
    document = Document.model_validate_json(capsys.readouterr().out)
    assert document.comparison
    assert not document.comparison.paired
    assert document.comparison.differences == ("concurrency: 5 and 6",)
    assert main(["bench", "--compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 0
    assert "not the same concurrency: 5 and 6" in capsys.readouterr().out


def test_growing_fleets(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["-n", "6", "--rounds", "2", "--scaling", "--sets", "1/1/1,1/2/1"]
    document = bench(picture, tmp_path / "a.json", *options)
    for run in document.runs:
        check(run, 12)
    first, second = document.scaling
    assert (first.label, first.workers, second.label, second.workers) == ("1/1/1", 3, "1/2/1", 4)
    assert (first.speed_up.median, first.efficiency) == (1, 1)
    assert second.efficiency == pytest.approx(second.speed_up.median * 3 / 4)
    shown = capsys.readouterr().out
    assert f"{os.cpu_count()} cores" in shown
    assert "nothing can be gained" in shown


def test_requests_that_fail_are_counted_and_shown(
    running: EmbeddedFleet, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "cut.png").write_bytes(picture.read_bytes()[:-200])
    (tmp_path / "broken" / "whole.png").write_bytes(picture.read_bytes())
    document = bench(tmp_path / "broken", tmp_path / "a.json", "--target", running.url, "-n", "10", code=1)
    (run,) = document.runs
    assert (run.completed, run.failed, run.errors) == (5, 5, {"CORRUPT_IMAGE": 5})
    assert "5 failed with CORRUPT_IMAGE" in capsys.readouterr().out


def test_a_fleet_that_does_not_start_leaves_what_was_measured_before(picture: Path, tmp_path: Path) -> None:
    plugin, output = tmp_path / "picky.py", tmp_path / "a.json"
    plugin.write_text("import sys\nif 'filter-2' in sys.argv:\n    raise RuntimeError('not here')\n")
    options = ["--picture", str(picture), "-p", PIPELINE, "-n", "6", "--rounds", "2", "--scaling", "--sets", "1/1/1,1/2/1"]
    command = [sys.executable, "-m", "pixelmill", "--plugin", str(plugin), "bench", *options, "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    document = read(output)
    assert [(run.label, run.completed) for run in document.runs] == [("1/1/1", 6)]
    assert not document.interrupted
    assert "filter-2 to start" in document.problem
    assert document.problem in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["-n", "5", "-d", "1"],
        ["--local", "--target", "grpc://localhost:1"],
        ["--target", "ftp://localhost:1"],
        ["--target", "http://me@localhost:1"],
        ["--compare", "spread", "spread"],
        ["--compare", "spread", "elsewhere"],
        ["--compare", "local", "sprint@local"],
        ["--scaling", "--sets", "1/1/1"],
        ["--scaling", "--sets", "1/1/1,0/0/0"],
        ["--scaling", "--local"],
        ["--resize", "0", "--filter", "0", "--watermark", "0"],
        ["--picture", "nowhere.png"],
        ["--output", "nowhere/figures.json"],
        ["--docker"],
        ["--compare", "nowhere.json", "neither.json"],
    ],
)
def test_bad_usage_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *arguments]) == 2
    assert "expected " in capsys.readouterr().err


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps({"runs": []}))
    with pytest.raises(InvalidPipeline, match=re.escape(f"({SCHEMA})")):
        read(path)


def test_every_field_is_documented() -> None:
    documented = set(re.findall(r"`(\w+)(?:\[\])?`", DOCUMENT.partition("## The JSON")[2]))
    schema = Document.model_json_schema(by_alias=True)
    names = {name for part in (schema, *schema["$defs"].values()) for name in part["properties"]}
    assert names <= documented, names - documented


@pytest.mark.parametrize("command", re.findall(r"^pixelmill ((?:bench|report) .*?)(?:  #.*)?$", DOCUMENT, re.MULTILINE))
def test_documented_options_are_there(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, *arguments = shlex.split(command)
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(re.search(rf"{re.escape(one)}\b", shown) for one in arguments if one.startswith("-"))


def test_a_terminal_sees_a_bar(running: EmbeddedFleet, picture: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pixelmill", "bench", "--target", running.url, "--picture", str(picture), "-d", "1"]
    environment = os.environ | {"COLUMNS": "120", "TERM": "xterm"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while select.select([ours], [], [], PATIENCE_S)[0]:
            try:
                shown += os.read(ours, 10_000)
            except OSError:  # what a terminal says once its program has ended
                break
        assert process.wait(PATIENCE_S) == 0
    os.close(ours)
    text = shown.decode()
    assert re.search(r"round 1 of 1.*\d+%.*/s", text)
    assert "pictures/s" in text
