"""A fleet that makes pictures on demand, and a client that sends paths exactly as they are written."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image as Pillow

from pixelmill import sign_url
from tests.fleet.processes import PATIENCE_S, Fleet, fleet
from tests.pictures import encoded, photo

KEY = "first-key-first-key-first-key-first"
OTHER_KEY = "other-key-other-key-other-key-other"
PHOTO = "2026/a photo.jpg"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture, by Pillow."""
        return Pillow.open(io.BytesIO(self.body)).size

    @property
    def problem(self) -> dict[str, Any]:
        """What a failure says."""
        assert self.headers["content-type"] == "application/problem+json"
        said: dict[str, Any] = json.loads(self.body)
        assert said["status"] == self.status
        return said


class Site:
    """The orchestrator's HTTP side."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.url = fleet.orchestrator.http_url

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Send a request; `if_none_match="…"` is the header If-None-Match."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE_S)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        finally:
            connection.close()

    def show(
        self, pipeline: str, source: str, *, key: str = KEY, expires: datetime | float | None = None, **headers: str
    ) -> Answer:
        """Ask for a picture with a signature."""
        return self.get(sign_url(pipeline, source, key=key, expires=expires), **headers)


@contextmanager
def site(**environment: str) -> Iterator[Site]:
    """Run one worker, and an orchestrator with the environment."""
    with fleet({"worker": 1}, orchestrator_environment={"PIXELMILL_HTTP_PORT": "-1", **environment}) as made:
        yield Site(made)


def fill(folder: Path) -> Path:
    """Put pictures into a folder."""
    (folder / PHOTO).parent.mkdir(parents=True)
    (folder / PHOTO).write_bytes(encoded(photo(120, 80), "JPEG"))
    (folder / "drawing.png").write_bytes(encoded(Pillow.new("RGB", (60, 40), "red")))
    (folder / "notes.txt").write_text("no picture")
    (folder / ".secret.jpg").write_bytes((folder / PHOTO).read_bytes())
    return folder
