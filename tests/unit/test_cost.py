"""Estimates of work: right within a factor of a few, whatever the pipeline is."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest

import pixelmill
from pixelmill import Pipeline
from pixelmill.codecs import probe
from pixelmill.codecs.formats import FORMATS, WRITABLE
from pixelmill.cost import READ_NS, WRITE_NS, cost_s
from pixelmill.geometry import Size
from pixelmill.plan import plan
from tests.pictures import encoded, photo


def estimate(data: bytes, text: str) -> float:
    return plan(Pipeline.parse(text), probe(data), placement="spread").cost_s


def cpu_s(work: Callable[[], object]) -> float:
    def once() -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    once()
    return statistics.median(once() for _ in range(3))


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("JPEG", "resize:1280x1280 | jpeg"),
        ("PNG", "resize:1280x720 | blur:20 | sharpen | sepia | png"),
        ("WEBP", "rotate:13 | median:3 | webp"),
        ("PNG", "{ a = resize:640x | jpeg; b = resize:400x | webp; c = resize:300x | avif }"),
        ("JPEG", "png:effort=small"),
    ],
)
def test_estimates_are_near_the_cpu_time(format: str, text: str) -> None:
    """A factor of six is allowed: other machines' codecs are faster or slower, and one core's work is not another's."""
    data = encoded(photo(1600, 1200), format)
    pipeline = Pipeline.parse(text)
    ratio = estimate(data, text) / cpu_s(lambda: pixelmill.run(data, pipeline))
    assert 1 / 6 < ratio < 6


def test_estimates_grow_with_the_work() -> None:
    small, large = encoded(photo(400, 300)), encoded(photo(1600, 1200))
    assert estimate(small, "png") < estimate(large, "png") < estimate(large, "blur:2 | png")
    assert estimate(large, "avif") < estimate(large, "avif:effort=small")
    assert estimate(large, "jpeg") < estimate(large, "jpeg:progressive=true")
    assert estimate(large, "resize:200x | jpeg") < estimate(large, "{ a = resize:200x | jpeg; b = resize:300x | webp }")


def test_each_frame_counts() -> None:
    size = Size(1000, 1000)
    operations = Pipeline.parse("median:3").operations
    assert cost_s(size, 10, operations) > 5 * cost_s(size, 1, operations)


def test_hops_have_their_share() -> None:
    data = encoded(photo(400, 300))
    made = plan(Pipeline.parse("resize:200x200 | median:3 | avif"), probe(data), placement="spread")
    assert [hop.operations[0].name for hop in made.hops] == ["resize", "median"]
    assert made.hops[1].cost_s > made.hops[0].cost_s > 0
    assert made.cost_s == sum(hop.cost_s for hop in made.hops)


def test_the_table_names_formats_that_exist() -> None:
    assert set(READ_NS) <= set(FORMATS)
    assert set(WRITE_NS) == set(WRITABLE)
