"""The orchestrator's log: the contract's lines, and those of one request stay together."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from pixelmill.fleet.stagelog import stage_lines
from pixelmill.result import HopReport
from tests.fleet.failures import fails
from tests.fleet.processes import PATIENCE_S, Fleet, fleet, wait_for
from tests.fleet.requests import INSTANT, PICTURE, SAMPLE, request, run

CONTRACT = """\
🖼️  STAGE 1: Resizing image... (using resize-1:50052)
🎨 STAGE 2: Applying 3 filter(s)...
   [1/3] Applying BLUR... (using filter-1:50053)
   [2/3] Applying SHARPEN... (using filter-2:50053)
   [3/3] Applying SEPIA... (using filter-3:50053)
🏷️  STAGE 3: Adding watermark... (using watermark-1:50054)
"""
PATTERN = re.compile(
    r"🖼️  STAGE 1: Resizing image\.\.\. \(using (resize-\d:\d+)\)\n"
    r"🎨 STAGE 2: Applying 3 filter\(s\)\.\.\.\n"
    r"   \[1/3\] Applying BLUR\.\.\. \(using (filter-\d:\d+)\)\n"
    r"   \[2/3\] Applying SHARPEN\.\.\. \(using (filter-\d:\d+)\)\n"
    r"   \[3/3\] Applying SEPIA\.\.\. \(using (filter-\d:\d+)\)\n"
    r"🏷️  STAGE 3: Adding watermark\.\.\. \(using (watermark-\d:\d+)\)\n"
    r"✅ DONE (\S+): 16×12 png, [\d,]+ bytes in \d+ ms\n"
)


def hop(instance: str, *operations: str) -> HopReport:
    return HopReport(instance=instance, pool="", operations=operations)


def lines(*hops: HopReport) -> list[str]:
    return list(stage_lines(hops))


def test_the_contracts_lines() -> None:
    hops = [
        hop("resize-1:50052", "resize"),
        hop("filter-1:50053", "blur"),
        hop("filter-2:50053", "sharpen"),
        hop("filter-3:50053", "sepia"),
        hop("watermark-1:50054", "text"),
    ]
    assert "".join(f"{line}\n" for line in lines(*hops)) == CONTRACT


def test_one_hop_for_everything() -> None:
    assert lines(hop("worker-1:1", "resize", "edge_detect", "logo")) == [
        "🖼️  STAGE 1: Resizing image... (using worker-1:1)",
        "🎨 STAGE 2: Applying 1 filter(s)...",
        "   [1/1] Applying EDGE_DETECT... (using worker-1:1)",
        "🏷️  STAGE 3: Adding watermark... (using worker-1:1)",
    ]


def test_stages_in_any_order() -> None:
    assert lines(hop("f:1", "negative"), hop("r:1", "resize"), hop("f:2", "sepia"), hop("e:1")) == [
        "🎨 STAGE 1: Applying 1 filter(s)...",
        "   [1/1] Applying NEGATIVE... (using f:1)",
        "🖼️  STAGE 2: Resizing image... (using r:1)",
        "🎨 STAGE 3: Applying 1 filter(s)...",
        "   [1/1] Applying SEPIA... (using f:2)",
        "💾 STAGE 4: Encoding image... (using e:1)",
    ]


def test_requests_are_logged_with_the_instances_that_did_them(shared: Fleet) -> None:
    with ThreadPoolExecutor(8) as clients:
        traces = [answer.trace for answer in clients.map(lambda _: run(shared, SAMPLE), range(40))]
    logged = {found[-1]: list(found[:-1]) for found in PATTERN.findall(shared.orchestrator.output())}
    for trace in traces:
        assert logged[trace.request_id] == [hop.instance for hop in trace.hops]


def test_a_failed_request_is_logged(shared: Fleet) -> None:
    with fails() as failure:
        shared.stub.RunPipeline(
            request(INSTANT, PICTURE[: len(PICTURE) // 2]), timeout=PATIENCE_S, metadata=(("x-request-id", "logged"),)
        )
    line = next(line for line in shared.orchestrator.output().splitlines() if "logged" in line)
    assert re.fullmatch(r"❌ FAILED logged after \d+ ms: CORRUPT_IMAGE: .*", line)
    assert line.endswith(failure.message)


def test_a_quiet_orchestrator_prints_nothing() -> None:
    with fleet({"filter": 1}, PIXELMILL_QUIET="1") as made:
        assert run(made, INSTANT).image_data
        assert made.orchestrator.output() == ""


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_log_that_knows_no_emoji(encoding: str) -> None:
    with fleet({"filter": 1}, PYTHONIOENCODING=encoding) as made:
        assert run(made, INSTANT).image_data
        done = "✅ DONE" if encoding == "utf-8" else r"\u2705 DONE"
        wait_for(lambda: done in made.orchestrator.output(), "the log")
