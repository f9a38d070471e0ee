"""The request that the container tests send."""

from __future__ import annotations

import image_processing_pb2 as pb
import image_processing_pb2_grpc as rpc
from tests.fleet.pictures import png, scene
from tests.fleet.processes import PATIENCE_S

PICTURE = png(scene(96, 64))
OPTIONS = pb.ProcessingOptions(
    target_width=64,
    filters=[pb.BLUR, pb.SHARPEN, pb.SEPIA],
    add_watermark=True,
    watermark_text="me",
)


def process(orchestrator: rpc.OrchestratorServiceStub) -> pb.ProcessResponse:
    """Send one picture through resize, three filters and a watermark."""
    request = pb.ProcessRequest(filename="picture.png", image_data=PICTURE, options=OPTIONS)
    answer: pb.ProcessResponse = orchestrator.ProcessImage(request, timeout=PATIENCE_S, wait_for_ready=True)
    return answer


def instances(answer: pb.ProcessResponse, pool: str) -> list[str]:
    """Return the instances of a pool that the request went to, in order."""
    return [hop.instance for hop in answer.trace.hops if hop.pool == pool]
