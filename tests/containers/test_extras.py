"""The image with extras built in: by the variable of the compose file, on a machine that has the image alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pillow_heif
import pytest
import yaml

from pixelmill import run
from tests.containers.contract import COMPOSE_FILE, ROOT
from tests.containers.engine import Project, docker
from tests.pictures import decoded, encoded, photo

IMAGE = "pixelmill-test-extras"
SCRIPT = """
import base64, json, sys
import fsspec, pixelmill
fsspec.get_filesystem_class("s3")
heic = base64.b64decode(sys.argv[1])
jxl = pixelmill.run(heic, "resize:12x | jxl").data
made = [pixelmill.run(heic, "resize:12x | png"), pixelmill.run(jxl, "png")]
print(json.dumps([base64.b64encode(one.data).decode() for one in made]))
"""


@pytest.fixture
def image(tmp_path: Path) -> Iterator[str]:
    """The image of a service, built with extras and under a name of its own."""
    renamed = tmp_path / "renamed.yml"
    renamed.write_text(yaml.safe_dump({"services": {"resize-1": {"image": IMAGE}}}), encoding="utf-8")
    Project([COMPOSE_FILE, renamed], {"PIXELMILL_EXTRAS": "heic,jxl,s3"}).compose("build", "resize-1")
    yield IMAGE
    docker("image", "rm", IMAGE)


def test_extras_are_built_in(image: str) -> None:
    pillow_heif.register_heif_opener()
    heic = encoded(photo(60, 40), "HEIF")
    confined = ("--rm", "--network", "none", "--read-only", "--user", "10001:10001")
    printed = docker("run", *confined, image, "python", "-c", SCRIPT, base64.b64encode(heic).decode())
    of_heic, of_jxl = map(base64.b64decode, json.loads(printed))
    assert of_heic == run(heic, "resize:12x | png").data
    assert decoded(of_jxl).shape[:2] == (8, 12)
    with pytest.raises(AssertionError, match=r"No module named 'opentelemetry\.sdk'"):
        docker("run", *confined, image, "python", "-c", "import opentelemetry.sdk")


def test_one_that_there_is_not_fails_the_build() -> None:
    with pytest.raises(AssertionError, match=r"expected some of .*heic, jxl, otel, s3 for PIXELMILL_EXTRAS, got heif"):
        docker("build", "--build-arg", "PIXELMILL_EXTRAS=heic,heif", str(ROOT))
