"""The typed services of single steps: one picture in, one operation or a few, a PNG out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import grpc

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from pixelmill.codecs import Output
from pixelmill.engine import HopResult
from pixelmill.errors import InvalidPipeline, expected
from pixelmill.fleet import typed, wire
from pixelmill.fleet.faults import answers
from pixelmill.operations import Operation, make_operation
from pixelmill.result import HopReport

Context = grpc.aio.ServicerContext[Any, Any]
PNG = Output(format="png")
DONE = "done"


class HopRunner(Protocol):
    """What runs a hop for a call: a worker."""

    async def run(
        self, source: bytes, operations: Sequence[Operation], output: Output | None, context: Context
    ) -> tuple[HopResult, HopReport]: ...


class _Made(NamedTuple):
    data: bytes
    width: int
    height: int
    milliseconds: int
    report: pb.HopReport


class Classic(rpc.ResizeServiceServicer, rpc.FilterServiceServicer, rpc.WatermarkServiceServicer, rpc.FormatServiceServicer):
    """The four classic services over one worker."""

    def __init__(self, worker: HopRunner) -> None:
        self.worker = worker

    @answers
    async def ResizeImage(self, request: pb.ResizeRequest, context: Context) -> pb.ResizeResponse:  # noqa: N802
        """Fit a picture into a box, or stretch it to one."""
        operation = typed.resize_operation(request.target_width, request.target_height, request.maintain_aspect_ratio)
        made = await self._run(request.image_data, [operation], PNG, context)
        return pb.ResizeResponse(
            success=True,
            message=DONE,
            resized_image=made.data,
            new_width=made.width,
            new_height=made.height,
            processing_time_ms=made.milliseconds,
            report=made.report,
        )

    @answers
    async def GetThumbnail(self, request: pb.ThumbnailRequest, context: Context) -> pb.ImageData:  # noqa: N802
        """Make a square picture of the middle."""
        if request.size < 1:
            raise InvalidPipeline(expected("a number ≥ 1", "size", request.size))
        operation = make_operation("resize", {"width": request.size, "height": request.size, "fit": "cover"})
        made = await self._run(request.image_data, [operation], PNG, context)
        return pb.ImageData(data=made.data, width=made.width, height=made.height, format="PNG", report=made.report)

    @answers
    async def ApplyFilter(self, request: pb.FilterRequest, context: Context) -> pb.FilterResponse:  # noqa: N802
        """Apply one filter at an intensity."""
        operation = typed.filter_operation(request.filter_type, request.intensity)
        made = await self._run(request.image_data, [operation] if operation else [], PNG, context)
        return pb.FilterResponse(
            success=True,
            message=DONE,
            filtered_image=made.data,
            processing_time_ms=made.milliseconds,
            report=made.report,
        )

    @answers
    async def BatchFilter(self, request: pb.BatchFilterRequest, context: Context) -> pb.BatchFilterResponse:  # noqa: N802
        """Apply several filters, one after another, at full intensity."""
        made = await self._run(request.image_data, typed.filter_operations(request.filters), PNG, context)
        return pb.BatchFilterResponse(
            success=True,
            message=DONE,
            filtered_image=made.data,
            total_processing_time_ms=made.milliseconds,
            report=made.report,
        )

    @answers
    async def AddTextWatermark(self, request: pb.TextWatermarkRequest, context: Context) -> pb.WatermarkResponse:  # noqa: N802
        """Write a text over a picture."""
        return await self._watermark(request.image_data, typed.text_operation(request), context)

    @answers
    async def AddLogoWatermark(self, request: pb.LogoWatermarkRequest, context: Context) -> pb.WatermarkResponse:  # noqa: N802
        """Draw a logo over a picture."""
        return await self._watermark(request.image_data, typed.logo_operation(request), context)

    @answers
    async def ConvertFormat(self, request: pb.FormatRequest, context: Context) -> pb.FormatResponse:  # noqa: N802
        """Encode a picture anew."""
        made = await self._run(request.image_data, [], typed.output_for(request.format, request.quality), context)
        return pb.FormatResponse(
            success=True,
            message=DONE,
            formatted_image=made.data,
            processing_time_ms=made.milliseconds,
            report=made.report,
        )

    async def _watermark(self, data: bytes, operation: Operation, context: Context) -> pb.WatermarkResponse:
        made = await self._run(data, [operation], PNG, context)
        return pb.WatermarkResponse(
            success=True,
            message=DONE,
            watermarked_image=made.data,
            processing_time_ms=made.milliseconds,
            report=made.report,
        )

    async def _run(self, data: bytes, operations: Sequence[Operation], output: Output, context: Context) -> _Made:
        made, report = await self.worker.run(data, operations, output, context)
        milliseconds = round((report.queue_s + report.compute_s) * 1000)
        return _Made(made.outputs[0].data, *made.size, milliseconds, wire.report_message(report))
