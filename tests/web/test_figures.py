"""What instances say of themselves is so: held against the kernel's own figures, and the requests that were sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil

import image_processing_pb2 as pb
from tests.fleet.processes import PATIENCE_S, fleet, wait_for
from tests.fleet.requests import INSTANT, LONG, PICTURE, large

URL = "/v1/process"


def test_figures() -> None:
    with (
        fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1", PIXELMILL_RUNNING="6") as made,
        httpx.Client(base_url=made.orchestrator.http_url, timeout=PATIENCE_S, trust_env=False) as client,
        ThreadPoolExecutor(4) as pool,
    ):

        def look() -> dict[str, dict[str, Any]]:
            view = client.get("/v1/fleet").json()
            return {one["name"]: one for one in [view["orchestrator"], *view["pools"][0]["instances"]]}

        processes = {"orchestrator": made.orchestrator.process, "filter-1": made.workers["filter"][0].process}
        kernel = {name: psutil.Process(process.pid) for name, process in processes.items()}
        before = {name: sum(process.cpu_times()[:2]) for name, process in kernel.items()}
        for _ in range(5):
            assert client.post(URL, content=PICTURE, params={"pipeline": INSTANT}).status_code == 200
        send = {"content": large(), "params": {"pipeline": LONG, "placement": "grouped"}}
        running = [pool.submit(client.post, URL, **send) for _ in range(3)]  # type: ignore[arg-type]
        # One thread: one picture is worked on, and two wait.
        busy = wait_for(lambda: (seen := look())["filter-1"]["queued"] == 2 and seen, "two to wait")
        assert (busy["filter-1"]["in_flight"], busy["orchestrator"]["in_flight"]) == (3, 3)
        longest_s = max(one.result(PATIENCE_S).elapsed.total_seconds() for one in running)
        done = wait_for(lambda: (seen := look())["filter-1"]["calls"] == 8 and seen, "the look after the last of them")
        for name, process in kernel.items():
            told, now = done[name], sum(process.cpu_times()[:2])
            assert before[name] < told["cpu_s"] <= now
            assert told["pid"] == process.pid
            assert 0.5 < told["memory_bytes"] / process.memory_info().rss < 2
            assert told["in_flight"] == told["queued"] == 0
        worker = done["filter-1"]
        # Five took hardly anything, three a long time, the last one as long as its client waited, or a little less.
        assert worker["p50_s"] < worker["p99_s"] <= longest_s
        assert done["orchestrator"]["p99_s"] <= longest_s
        assert done["orchestrator"]["calls"] == 8


def test_the_classic_status_knows_requests_of_http() -> None:
    with fleet({"filter": 1}, PIXELMILL_HTTP_PORT="-1") as made:
        url, headers = f"{made.orchestrator.http_url}{URL}", {"X-Request-Id": "over-http"}
        answer = httpx.post(url, content=PICTURE, params={"pipeline": INSTANT}, headers=headers, trust_env=False)
        status = made.stub.GetProcessingStatus(pb.StatusRequest(process_id="over-http"), timeout=PATIENCE_S)
    assert (status.status, status.progress_percent) == ("completed", 100)
    assert status.stats.processed_size_bytes == len(answer.content)
