"""/metrics tells what the fleet did."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families

from pixelmill.errors import CorruptImage, Overloaded
from pixelmill.fleet.client import FleetExecutor
from pixelmill.telemetry.catalog import CATALOG, TIMES_S
from tests.fleet.processes import Fleet, fleet, wait_for
from tests.observability.scraping import PIPELINE, scrape, value


def test_every_metric_of_the_catalog_is_there_and_no_other(shared: Fleet, picture: bytes) -> None:
    with shared.client() as client:
        client.run(picture, PIPELINE)
    families = scrape(shared.orchestrator.http_url)
    ours = {name: family for name, family in families.items() if name.startswith("pixelmill_")}
    assert ours.keys() == {metric.name.removesuffix("_total") for metric in CATALOG}
    for metric in CATALOG:
        found = ours[metric.name.removesuffix("_total")]
        assert (found.type, found.documentation) == (metric.kind, metric.help)
        assert {*metric.labels} == {name for sample in found.samples for name in sample.labels} - {"le"} or not found.samples
    assert {"process_cpu_seconds", "process_resident_memory_bytes", "python_info"} <= families.keys()


def test_a_request_is_counted(shared: Fleet, picture: bytes) -> None:
    url = shared.orchestrator.http_url
    with shared.client() as client:
        client.run(picture, PIPELINE)
        before = scrape(url)
        result = client.run(picture, PIPELINE)
    after = scrape(url)

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert more("pixelmill_requests_total", entrance="grpc", placement="spread", status="completed", reason="") == 1
    assert more("pixelmill_request_duration_seconds_count", entrance="grpc", status="completed") == 1
    assert more("pixelmill_request_duration_seconds_sum") == pytest.approx(result.trace.total_s, abs=2e-6)
    assert more("pixelmill_queue_wait_seconds_count") == 1
    assert {pool: more("pixelmill_hop_duration_seconds_count", pool=pool) for pool in ("resize", "filter", "watermark")} == {
        "resize": 1,
        "filter": 2,
        "watermark": 1,
    }
    spent = sum(hop.total_s for hop in result.trace.hops)
    assert more("pixelmill_hop_duration_seconds_sum") == pytest.approx(spent, abs=1e-5)
    for operation in ("resize", "blur", "sepia", "text"):
        assert more("pixelmill_operation_duration_seconds_count", operation=operation) == 1
    assert more("pixelmill_decode_duration_seconds_count") == 1
    assert more("pixelmill_encode_duration_seconds_count", format="webp") == 1
    assert more("pixelmill_bytes_total", direction="in") == len(picture)
    assert more("pixelmill_bytes_total", direction="out") == len(result.data)
    assert more("pixelmill_pixels_total", direction="in") == 320 * 240
    assert more("pixelmill_pixels_total", direction="out") == 160 * 120


def test_failures_have_their_reason(shared: Fleet, picture: bytes) -> None:
    url = shared.orchestrator.http_url
    before = value(scrape(url), "pixelmill_requests_total", status="failed", reason="CORRUPT_IMAGE")
    with shared.client() as client, pytest.raises(CorruptImage):
        client.run(picture[: len(picture) // 2], PIPELINE)
    assert value(scrape(url), "pixelmill_requests_total", status="failed", reason="CORRUPT_IMAGE") == before + 1


def test_every_instance_is_told_of(shared: Fleet) -> None:
    families = scrape(shared.orchestrator.http_url)
    for pool, workers in shared.workers.items():
        for worker in workers:
            labels = {"pool": pool, "name": worker.name, "address": worker.address}
            assert value(families, "pixelmill_instance_up", **labels) == 1
            described = worker.describe()
            assert 0 < value(families, "pixelmill_instance_memory_bytes", **labels) < described.memory_limit_bytes
            assert value(families, "pixelmill_instance_memory_limit_bytes", **labels) == described.memory_limit_bytes
            assert value(families, "pixelmill_instance_cpu_seconds_total", **labels) > 0
    assert value(families, "pixelmill_instance_up", pool="orchestrator") == 1


def test_openmetrics_where_it_is_asked_for(shared: Fleet) -> None:
    response = httpx.get(f"{shared.orchestrator.http_url}/metrics", headers={"Accept": "application/openmetrics-text"})
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    (took,) = (one for one in open_families(response.text) if one.name == "pixelmill_request_duration_seconds")
    bounds = {float(sample.labels["le"]) for sample in took.samples if "le" in sample.labels}
    assert bounds == {*TIMES_S, float("inf")}


def test_a_dead_instance_is_down_and_what_it_used_is_not_made_up(picture: bytes) -> None:
    with fleet({"worker": 2}, PIXELMILL_HTTP_PORT="-1") as made:
        dead, alive = made.workers["worker"]
        dead.kill()

        def up(name: str) -> float:
            return value(scrape(made.orchestrator.http_url), "pixelmill_instance_up", name=name)

        wait_for(lambda: up(dead.name) == 0, "the dead instance to be down")
        assert up(alive.name) == 1
        memory = scrape(made.orchestrator.http_url)["pixelmill_instance_memory_bytes"]
        assert {sample.labels["name"] for sample in memory.samples} == {alive.name, "orchestrator"}


def test_those_who_are_turned_away_are_counted(picture: bytes) -> None:
    token = "a-token-that-is-long-enough"
    environment = {"PIXELMILL_TOKENS": token, "PIXELMILL_QUEUE": "0", "PIXELMILL_RUNNING": "1"}
    with fleet({"worker": 1}, PIXELMILL_HTTP_PORT="-1", orchestrator_environment=environment) as made:
        url = made.orchestrator.http_url
        assert httpx.get(f"{url}/metrics").status_code == 401
        assert httpx.get(f"{url}/metrics", headers={"Authorization": "Bearer another-wrong-token"}).status_code == 401
        allowed = {"Authorization": f"Bearer {token}"}
        assert value(scrape(url, **allowed), "pixelmill_rejected_total", reason="UNAUTHENTICATED") == 2
        with FleetExecutor(made.orchestrator.address, token=token) as client, ThreadPoolExecutor(8) as threads:

            def refused(_: int) -> bool:
                try:
                    client.run(picture, "blur:20 | webp")
                except Overloaded:
                    return True
                return False

            count = wait_for(lambda: sum(threads.map(refused, range(16))), "a refusal")
        families = scrape(url, **allowed)
        assert value(families, "pixelmill_rejected_total", reason="OVERLOADED") == count
        assert value(families, "pixelmill_requests_total", reason="OVERLOADED") == count
