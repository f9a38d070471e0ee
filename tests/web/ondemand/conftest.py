"""The site, the pictures and the picture host that all tests share which only send requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.ondemand.host import PictureHost, picture_host
from tests.web.ondemand.site import KEY, OTHER_KEY, Site, fill, site


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures."""
    return fill(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="session")
def host() -> Iterator[PictureHost]:
    """A web server with pictures."""
    with picture_host() as made:
        yield made


@pytest.fixture(scope="session")
def shared(photos: Path, host: PictureHost) -> Iterator[Site]:
    """A site with two keys, a folder, and a host inside the own network."""
    with site(
        PIXELMILL_URL_KEYS=f"{KEY},{OTHER_KEY}",
        PIXELMILL_SOURCE_ROOTS=f"photos={photos}",
        PIXELMILL_SOURCE_URLS=f"{host.url}/ http://localhost:{host.port}/ memory://pictures/",
        PIXELMILL_SOURCE_INTERNAL=host.address,
        PIXELMILL_TOKENS="a-token-that-nobody-here-sends",
    ) as made:
        yield made
