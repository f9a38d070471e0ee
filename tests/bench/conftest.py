"""Pictures that take next to no time, and a fleet that is there for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelmill.fleet.embedded import EmbeddedFleet

PIPELINE = "resize:24x | blur:1 | sharpen | sepia | text:fleet,size=8 | png"
"""One call to the pool resize, three to filter and one to watermark."""


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "small.png"
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (32, 48, 3), np.uint8)).save(path)
    return path


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedFleet]:
    """A fleet that somebody else has started: 1 resize, 2 filter and 1 watermark workers."""
    with EmbeddedFleet(1, 2, 1, http_port=-1, log=tmp_path_factory.mktemp("log") / "fleet.log") as fleet:
        yield fleet
