"""Hypothesis strategies: operations, pipelines, outputs, pictures."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as stnp

from pixelmill import Output, Pipeline
from pixelmill.geometry import Anchor, Gravity
from pixelmill.operations import Operation, make_operation
from pixelmill.operations.resample import Kernel
from pixelmill.operations.watermark.blending import Blend
from pixelmill.operations.watermark.fonts import FONTS
from pixelmill.pipeline import Rendition
from pixelmill.pixels import Image
from tests.pictures import encoded, photo

LOGOS = [encoded(photo(20, 10, channels)) for channels in (1, 3, 4)]
ANCHORS = st.sampled_from(get_args(Anchor))
GRAVITIES = st.sampled_from(get_args(Gravity))
KERNELS = st.sampled_from(get_args(Kernel))
SIDES = st.integers(1, 90)
SHARES = st.floats(0, 1)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(str.strip)
COLORS = st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True)
BACKGROUNDS = st.from_regex(r"#[0-9a-fA-F]{8}", fullmatch=True) | COLORS | st.sampled_from(["transparent", "gray", "Red"])


def made(
    name: str, required: dict[str, st.SearchStrategy[Any]] | None = None, **parameters: st.SearchStrategy[Any]
) -> st.SearchStrategy[Operation]:
    """Return operations of that name, each parameter given or left out, but for those that are `required`."""
    chosen = st.fixed_dictionaries(required or {}, optional=parameters)
    return chosen.map(lambda values: make_operation(name, values))


BOXES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"width": SIDES}),
    st.fixed_dictionaries({"height": SIDES}),
    st.fixed_dictionaries({"width": SIDES, "height": SIDES}),
)


def boxed(fits: list[str], gravities: st.SearchStrategy[str]) -> st.SearchStrategy[Operation]:
    """Return resizes into a box."""
    fitting = st.fixed_dictionaries({"fit": st.sampled_from(fits)}, optional={"gravity": gravities})
    options = st.fixed_dictionaries(
        {},
        optional={
            "enlarge": st.booleans(),
            "dpr": st.floats(0.3, 2),
            "kernel": KERNELS,
        }
        | ({"background": BACKGROUNDS} if "contain" in fits else {}),
    )
    return st.builds(lambda *parts: make_operation("resize", parts[0] | parts[1] | parts[2]), BOXES, fitting, options)


CONTAINED = boxed(["contain"], ANCHORS)
RESIZES = st.one_of(
    boxed(["inside", "outside", "fill"], ANCHORS),
    boxed(["cover"], GRAVITIES),
    st.builds(lambda **given: make_operation("resize", given), scale=st.floats(0.05, 1.3), kernel=KERNELS),
)
CROPS = st.builds(
    lambda box, options: make_operation("crop", box | options),
    BOXES,
    st.fixed_dictionaries({}, optional={"gravity": GRAVITIES}),
)
PLACED_CROPS = st.builds(
    lambda place, options: make_operation("crop", place | options),
    st.fixed_dictionaries({"left": st.integers(0, 100)}, optional={"top": st.integers(0, 100)}),
    st.fixed_dictionaries({}, optional={"width": SIDES, "height": SIDES}),
)
ROTATIONS = st.builds(
    lambda angle, options: make_operation("rotate", {"angle": angle, **options}),
    st.floats(-360, 360) | st.sampled_from([0, 90, 180, -90, 360]),
    st.fixed_dictionaries({}, optional={"background": BACKGROUNDS}),
)
BORDERS = st.integers(0, 25)
EXTENDED = st.builds(
    lambda sides, options: make_operation("extend", sides | options),
    st.dictionaries(st.sampled_from(["border", "left", "top", "right", "bottom"]), BORDERS, min_size=1),
    st.fixed_dictionaries(
        {},
        optional={
            "mode": st.sampled_from(["background", "copy", "mirror", "repeat"]),
            "background": BACKGROUNDS,
        },
    ),
)
GEOMETRY = st.one_of(RESIZES, CONTAINED, CROPS, ROTATIONS, EXTENDED, made("flip"), made("flop"))
TRIMS = made("trim", threshold=st.integers(0, 255), background=st.none() | BACKGROUNDS)
PLACED: dict[str, st.SearchStrategy[Any]] = {
    "rotation": st.floats(-360, 360) | st.sampled_from([-90, 90, 180, 270]),
    "tile": st.booleans(),
    "spacing": st.floats(0, 3),
}
WRITTEN = st.builds(
    lambda text, options: make_operation("text", {"text": text, **options}),
    TEXTS,
    st.fixed_dictionaries(
        {},
        optional={
            "position": ANCHORS,
            "size": st.integers(1, 60),
            "color": COLORS,
            "opacity": SHARES,
            "margin": st.integers(0, 30),
            "font": st.sampled_from(FONTS),
            "relative_size": st.floats(0.01, 1),
            "relative_width": st.floats(0.01, 1),
            "align": st.sampled_from(["auto", "left", "center", "right"]),
            "outline": st.floats(0, 0.5),
            "outline_color": COLORS,
            "shadow": SHARES,
            "shadow_x": st.floats(-2, 2),
            "shadow_blur": st.floats(0, 0.5),
            **PLACED,
        },
    ),
)
DRAWN = st.builds(
    lambda image, options: make_operation("logo", {"image": image, **options}),
    st.sampled_from(LOGOS),
    st.fixed_dictionaries(
        {},
        optional={
            "position": ANCHORS,
            "scale": st.floats(0.01, 1),
            "opacity": SHARES,
            "margin": st.integers(0, 30),
            "blend": st.sampled_from(get_args(Blend)),
            **PLACED,
        },
    ),
)
KERNELS = st.sampled_from([1, 3, 5, 7]).flatmap(
    lambda side: st.lists(st.floats(-9, 9), min_size=side * side, max_size=side * side)
)
LOOKUPS = st.one_of(
    made("negative", amount=SHARES),
    made("brightness", factor=st.floats(0, 10)),
    made("contrast", factor=st.floats(0, 10)),
    made("gamma", gamma=st.floats(0.1, 10)),
    made("tint", {"color": COLORS}, amount=SHARES),
    made("auto_level", clip=st.floats(0, 0.49), by=st.sampled_from(["luma", "channel"])),
    made("opacity", factor=SHARES),
)
MIXING = st.one_of(
    made("blur", sigma=st.floats(0.05, 250)),
    made("sharpen", amount=st.floats(0, 10)),
    made("unsharp", sigma=st.floats(0.1, 30), amount=st.floats(0, 10), threshold=st.integers(0, 255)),
    made("median", radius=st.integers(1, 50)),
    made("pixelate", size=st.integers(1, 70)),
)
"""What mixes neighbours and keeps what is the same everywhere."""
FILTERS = st.one_of(
    LOOKUPS,
    MIXING,
    made("grayscale", amount=SHARES),
    made("edge_detect", amount=SHARES),
    made("sepia", amount=SHARES),
    made("saturation", factor=st.floats(0, 10)),
    made("hue", degrees=st.floats(-360, 360)),
    made("duotone", dark=COLORS, light=COLORS, amount=SHARES),
    made("vignette", amount=SHARES, start=st.floats(0, 0.99)),
    made("convolve", {"kernel": KERNELS}, divisor=st.floats(0.1, 9), offset=st.floats(-255, 255)),
    made("rounded_corners", {"radius": st.floats(0, 90)}),
    made("rounded_corners", {"share": st.floats(0, 0.5)}),
)
OPERATIONS = st.one_of(GEOMETRY, FILTERS, WRITTEN, DRAWN)
"""What makes pictures of a size that is known beforehand."""
ACCEPTED = st.lists(st.sampled_from(["png", "webp", "gif"]), min_size=1).map(tuple)
QUALITIES = st.none() | st.integers(1, 100)
EFFORTS = st.sampled_from(["speed", "balanced", "small"])
FINE = st.sampled_from(["4:2:0", "4:2:2", "4:4:4"])
OUTPUTS = st.one_of(
    st.builds(Output, format=st.sampled_from(["source", "auto", "jpeg", "webp"]), quality=QUALITIES, background=COLORS),
    st.builds(Output, format=st.just("png"), background=COLORS, effort=EFFORTS, colors=st.none() | st.integers(2, 256)),
    st.builds(Output, format=st.just("webp"), lossless=st.booleans(), effort=EFFORTS),
    st.builds(
        Output,
        format=st.just("jpeg"),
        progressive=st.booleans(),
        subsampling=FINE,
        effort=EFFORTS,
        background=COLORS,
    ),
    st.builds(Output, format=st.sampled_from(["gif", "tiff"])),
    st.builds(Output, format=st.just("auto"), accept=ACCEPTED),
)
PIPELINES = st.builds(Pipeline, operations=st.lists(OPERATIONS | TRIMS, max_size=5).map(tuple), output=OUTPUTS)
BRANCHES = st.lists(st.tuples(st.lists(OPERATIONS | TRIMS, max_size=2).map(tuple), OUTPUTS), min_size=1, max_size=3)
BRANCHING = st.builds(
    lambda shared, branches: Pipeline(
        operations=tuple(shared),
        renditions=tuple(Rendition(name=f"r{n}", operations=own, output=out) for n, (own, out) in enumerate(branches)),
    ),
    st.lists(OPERATIONS | TRIMS, max_size=2),
    BRANCHES,
)


def images(largest: int = 60, channels: tuple[int, ...] = (1, 3, 4)) -> st.SearchStrategy[Image]:
    """Return pictures: noise for small ones, which shrinks well, and photographs."""
    shapes = st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from(channels))
    noise = shapes.flatmap(lambda shape: stnp.arrays(np.uint8, shape))
    photos = st.builds(
        photo, st.integers(1, largest), st.integers(1, largest), st.sampled_from(channels), st.integers(0, 99)
    )
    return st.one_of(noise, photos)
