"""The demo's sample picture, and the imports that users' own scripts start with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from client.pipeline_demo import create_sample_image

ROOT = Path(__file__).resolve().parents[2]
SNIPPET = """
import grpc, concurrent.futures
from client.pipeline_demo import create_sample_image
import image_processing_pb2, image_processing_pb2_grpc
print(create_sample_image().size, image_processing_pb2.SEPIA, image_processing_pb2_grpc.OrchestratorServiceStub.__name__)
"""


def test_sample_image_is_full_hd_rgb() -> None:
    picture = create_sample_image()
    assert (picture.size, picture.mode) == ((1920, 1080), "RGB")


def test_sample_image_is_the_same_every_time() -> None:
    assert create_sample_image().tobytes() == create_sample_image().tobytes()


def test_sample_image_has_smooth_and_saturated_places() -> None:
    picture = create_sample_image()
    colors = picture.getcolors(maxcolors=picture.width * picture.height)
    assert colors is not None
    assert len(colors) > 1000
    assert {(230, 57, 53), (30, 136, 229)} <= {color for _, color in colors}


def test_each_picture_is_its_own() -> None:
    first = create_sample_image()
    first.paste((0, 0, 0), (0, 0, *first.size))
    assert create_sample_image().tobytes() != first.tobytes()


def test_the_documented_imports_run_in_the_project_root() -> None:
    done = subprocess.run([sys.executable, "-c", SNIPPET], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("(1920, 1080) 5 OrchestratorServiceStub\n", "")
