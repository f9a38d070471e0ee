"""Where something runs never changes what comes out: in process, spread, grouped and fused are the same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms

import pixelmill
from pixelmill import Output, Pipeline
from pixelmill.codecs import WRITABLE, encode, encode_picture
from pixelmill.errors import PixelmillError, UnsupportedFormat
from pixelmill.executors import Executor
from pixelmill.picture import Picture
from pixelmill.pixels import Image
from tests.fleet.pictures import noise, scene
from tests.fleet.processes import Fleet, fleet
from tests.strategies import BRANCHING, PIPELINES, images

EXAMPLES = 60


@pytest.fixture(scope="module")
def executors(shared: Fleet) -> Iterator[dict[str, Executor]]:
    """Give every way to run a pipeline, by name."""
    with ExitStack() as stack:
        made: dict[str, Executor] = {
            placement: stack.enter_context(shared.client(placement)) for placement in ("spread", "grouped", "fused", "auto")
        }
        yield made


def outcome(executor: Executor | None, source: bytes, pipeline: Pipeline) -> object:
    """Return the result's bytes and what it is, or the error and its text."""
    try:
        result = executor.run(source, pipeline) if executor else pixelmill.run(source, pipeline)
    except PixelmillError as error:
        return type(error), str(error)
    return result.outputs


@given(image=images(), kind=st.sampled_from(["png", "jpeg", "webp"]), pipeline=PIPELINES | BRANCHING)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_generated_pipelines(executors: dict[str, Executor], image: Image, kind: str, pipeline: Pipeline) -> None:
    source = encode(image, Output.model_validate({"format": kind}))
    wanted = outcome(None, source, pipeline)
    assert {name: outcome(executor, source, pipeline) for name, executor in executors.items()} == dict.fromkeys(
        executors, wanted
    )


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("output", WRITABLE)
def test_every_format(executors: dict[str, Executor], output: str, channels: int) -> None:
    source = encode(noise(40, 30, channels), Output(format="png"))
    logo = encode(scene(20, 10), Output(format="avif"))
    pipeline = Pipeline().resize(30, 30).blur(1.3).sepia(0.7).logo(logo, scale=0.4, opacity=0.3).text("é", size=9).to(output)
    wanted = outcome(None, source, pipeline)
    for executor in executors.values():
        assert outcome(executor, source, pipeline) == wanted


@pytest.mark.parametrize("kind", WRITABLE)
def test_every_source(executors: dict[str, Executor], kind: str) -> None:
    source = encode(scene(400, 300), Output.model_validate({"format": kind}))
    for pipeline in (Pipeline(), Pipeline().resize(37), Pipeline().contrast(1.5).resize(50, 50, fit="cover")):
        wanted = outcome(None, source, pipeline)
        for executor in executors.values():
            assert outcome(executor, source, pipeline) == wanted


@pytest.mark.parametrize("kind", ["gif", "webp", "avif"])
def test_animations(executors: dict[str, Executor], kind: str) -> None:
    frames = tuple(scene(60, 40, seed) for seed in range(3))
    source = encode_picture(Picture(frames, (50, 60, 70)), Output.model_validate({"format": kind})).data
    for text in ("source", "resize:30x20 | blur | text:x,size=8 | webp", "{ a = gif; b = resize:30x20 | png:frames=first }"):
        pipeline = Pipeline.parse(text)
        wanted = outcome(None, source, pipeline)
        assert "Error" not in str(wanted)
        for executor in executors.values():
            assert outcome(executor, source, pipeline) == wanted
    refused = outcome(None, source, Pipeline.parse("jpeg"))
    assert refused == outcome(executors["spread"], source, Pipeline.parse("jpeg"))
    assert isinstance(refused, tuple)
    assert refused[0] is UnsupportedFormat


def test_metadata_and_shrinking_on_load_go_with_the_picture(executors: dict[str, Executor]) -> None:
    exif = Pillow.Exif()
    exif[0x010F] = "Camera"
    buffer = io.BytesIO()
    Pillow.fromarray(scene(900, 601)).save(buffer, "JPEG", exif=exif.tobytes(), xmp=b"<x/>")
    pipeline = Pipeline.parse(
        "{ a = resize:90x60 | jpeg:keep=exif; b = resize:133x | sepia | webp:keep=exif+xmp; c = resize:50x }"
    )
    wanted = outcome(None, buffer.getvalue(), pipeline)
    for executor in executors.values():
        assert outcome(executor, buffer.getvalue(), pipeline) == wanted


def test_with_a_format_pool() -> None:
    """Encoding is a hop of its own where it has a pool, and the bytes are still the same."""
    source = encode(scene(40, 30), Output(format="png"))
    pipeline = Pipeline().resize(20).negative().sepia().to("jpeg", quality=70)
    wanted = pixelmill.run(source, pipeline).data
    with fleet({"resize": 1, "filter": 1, "format": 1}) as made:
        for placement, pools in (
            ("spread", ["resize", "filter", "filter", "format"]),
            ("grouped", ["resize", "filter", "format"]),
            ("fused", ["worker"]),
        ):
            with made.client(placement) as client:
                result = client.run(source, pipeline)
                assert [hop.pool for hop in result.trace.hops] == pools
                assert result.data == wanted
                assert client.run(source, Pipeline()).data == pixelmill.run(source, Pipeline()).data
        assert "💾 STAGE 3: Encoding image... (using format-1:" in made.orchestrator.output()


def test_general_workers_do_everything_where_there_are_some() -> None:
    source = encode(scene(40, 30), Output(format="png"))
    pipeline = Pipeline().resize(20).negative().to("jpeg", quality=70)
    with fleet({"resize": 1, "worker": 2}) as made, made.client() as client:
        results = [client.run(source, pipeline) for _ in range(4)]
    assert {result.data for result in results} == {pixelmill.run(source, pipeline).data}
    assert {hop.pool for result in results for hop in result.trace.hops} == {"worker"}
    assert {hop.instance for result in results for hop in result.trace.hops} == {
        worker.instance for worker in made.workers["worker"]
    }


def test_renditions_in_two_color_spaces(executors: dict[str, Executor]) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    wide = profile.replace(b"rXYZ", b"?XYZ", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"?XYZ", b"gXYZ", 1)
    buffer = io.BytesIO()
    Pillow.fromarray(noise(40, 30, 3)).save(buffer, "PNG", icc_profile=wide)
    pipeline = Pipeline.parse("sepia | resize:20x | { own = blur:2 | png:keep=icc; bare = text:hi | png; other = webp }")
    wanted = pixelmill.run(buffer.getvalue(), pipeline).outputs
    assert len(wanted) == 3
    for executor in executors.values():
        assert outcome(executor, buffer.getvalue(), pipeline) == wanted
