"""A fleet that all tests share which only send it requests, and a picture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fleet.processes import Fleet, fleet
from tests.pictures import encoded, photo

COUNTS = {"resize": 1, "filter": 2, "watermark": 1}


@pytest.fixture(scope="session")
def shared() -> Iterator[Fleet]:
    with fleet(COUNTS, PIXELMILL_HTTP_PORT="-1") as made:
        yield made


@pytest.fixture(scope="session")
def picture() -> bytes:
    return encoded(photo(320, 240), "JPEG")
