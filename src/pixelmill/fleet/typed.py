"""The classic typed requests, as operations: what the fields of the typed messages mean."""

from __future__ import annotations

from collections.abc import Iterable

import image_processing_pb2 as pb
from pixelmill.codecs import Output
from pixelmill.errors import InvalidPipeline, expected
from pixelmill.operations import Operation, make_operation
from pixelmill.pipeline import Pipeline

FORMATS: dict[int, str] = {pb.PNG: "png", pb.JPEG: "jpeg", pb.WEBP: "webp"}
DEFAULT_QUALITY = 90
DEFAULT_TEXT_SIZE = 30
DEFAULT_POSITION = "bottom-right"
DEFAULT_OPACITY = 0.8
DEFAULT_LOGO_SCALE = 0.2
FULL = 1.0


def filter_operation(kind: int, intensity: float = FULL) -> Operation | None:
    """Return the operation that a FilterType means at an intensity from 0 to 1; None for NONE.

    Raises:
        InvalidPipeline: no such filter, or an intensity out of range.
    """
    if not 0 <= intensity <= 1:
        raise InvalidPipeline(expected("a number from 0 to 1", "intensity", intensity))
    meanings: dict[int, tuple[str, dict[str, float]]] = {
        pb.GRAYSCALE: ("grayscale", {"amount": intensity}),
        pb.BLUR: ("blur", {"sigma": max(1, int(20 * intensity))}),
        pb.SHARPEN: ("sharpen", {"amount": 2 * intensity}),
        pb.EDGE_DETECT: ("edge_detect", {"amount": intensity}),
        pb.SEPIA: ("sepia", {"amount": intensity}),
        pb.NEGATIVE: ("negative", {"amount": intensity}),
        pb.BRIGHTNESS: ("brightness", {"factor": 2 * intensity}),
        pb.CONTRAST: ("contrast", {"factor": 1 + 2 * intensity}),
    }
    if kind == pb.NONE:
        return None
    if kind not in meanings:
        raise InvalidPipeline(expected(f"a FilterType from 0 to {max(meanings)}", "filter", kind))
    name, parameters = meanings[kind]
    return make_operation(name, dict(parameters))


def filter_operations(kinds: Iterable[int]) -> list[Operation]:
    """Return the operations that FilterTypes mean at full intensity; NONE is left out."""
    return [operation for kind in kinds if (operation := filter_operation(kind))]


def resize_operation(width: int, height: int, keep_aspect: bool = True) -> Operation:
    """Return the resize into width × height px, 0 meaning not given; without the aspect ratio it is exactly that size.

    Raises:
        InvalidPipeline: neither is given, or one is out of range.
    """
    sides = {name: side for name, side in (("width", width), ("height", height)) if side}
    if not keep_aspect and len(sides) == 2:
        return make_operation("resize", {**sides, "fit": "fill", "enlarge": True})
    return make_operation("resize", dict(sides))


def output_for(format: int, quality: int = 0) -> Output:
    """Return the output that an ImageFormat and a quality from 1 to 100 mean; quality 0 is 90.

    Raises:
        InvalidPipeline: no such format, or a quality out of range.
    """
    if format not in FORMATS:
        raise InvalidPipeline(expected(f"an ImageFormat from 0 to {max(FORMATS)}", "format", format))
    if not 0 <= quality <= 100:
        raise InvalidPipeline(expected("a number from 1 to 100, or 0 for 90", "quality", quality))
    name = FORMATS[format]
    return (
        Output(format="png")
        if name == "png"
        else Output.model_validate({"format": name, "quality": quality or DEFAULT_QUALITY})
    )


def pipeline_for(options: pb.ProcessingOptions) -> Pipeline:
    """Return the pipeline that ProcessImage's options mean. Raises `InvalidPipeline`."""
    operations: list[Operation] = []
    if options.target_width or options.target_height:
        operations.append(resize_operation(options.target_width, options.target_height))
    operations += filter_operations(options.filters)
    if options.add_watermark:
        text = pb.TextWatermarkRequest(text=options.watermark_text, position=options.watermark_position)
        operations.append(text_operation(text))
    return Pipeline(operations=tuple(operations), output=output_for(options.output_format, options.output_quality))


def text_operation(request: pb.TextWatermarkRequest) -> Operation:
    """Return what AddTextWatermark does. Raises `InvalidPipeline`."""
    return make_operation(
        "text",
        {
            "text": request.text,
            "position": request.position or DEFAULT_POSITION,
            "size": request.font_size or DEFAULT_TEXT_SIZE,
            "color": request.color or "#ffffff",
            "opacity": request.opacity or DEFAULT_OPACITY,
        },
    )


def logo_operation(request: pb.LogoWatermarkRequest) -> Operation:
    """Return what AddLogoWatermark does. Raises `InvalidPipeline`."""
    return make_operation(
        "logo",
        {
            "image": request.logo_data,
            "position": request.position or DEFAULT_POSITION,
            "scale": request.scale or DEFAULT_LOGO_SCALE,
            "opacity": request.opacity or DEFAULT_OPACITY,
        },
    )
