"""`GET /i/{signature}/{pipeline}/{source}`: a picture on demand."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pixelmill.configuration import read_configuration
from pixelmill.errors import PixelmillError
from pixelmill.fleet.service import FleetService, request_id
from pixelmill.signing import ROOT
from pixelmill.web import problems
from pixelmill.web.ondemand.answers import picture_answer
from pixelmill.web.ondemand.gallery import Gallery
from pixelmill.web.ondemand.keys import Keys, known_keys
from pixelmill.web.ondemand.negotiation import is_negotiated, negotiated
from pixelmill.web.ondemand.orders import Order, Orders
from pixelmill.web.ondemand.sources import Sources
from pixelmill.web.processing import while_connected

PATH = ROOT + "{signature}/{pipeline}/{source:path}"
OFF = "pictures on demand are off: PIXELMILL_URL_KEYS or PIXELMILL_URL_KEYS_FILE turn them on, docs/on-demand.md says how"
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/*": {}}, "description": "The picture"},
    304: {"description": "The client has it already"},
    410: {**problems.RESPONSES["4XX"], "description": "The address has expired"},
    **problems.RESPONSES,
}
UNSAFE = "unsafe"
"""Stands in place of a signature where none is asked for."""
UNCACHED = {"Cache-Control": "no-store"}


class Refused(Exception):
    """An address that is answered with a status, before anything is done for it."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason


class FrontDesk:
    """Where addresses come in: checks them, and gives out pictures.

    Raises:
        InvalidPipeline: the settings, the configuration file or a key cannot be used.
    """

    def __init__(self, service: FleetService) -> None:
        settings = service.settings
        configuration = read_configuration(settings.config)
        self._keys: Keys | None = known_keys(settings)
        self._unsafe = settings.url_unsafe
        self._max_age_s = settings.url_max_age_s
        self._orders = Orders(configuration.presets)
        self._sources = Sources(settings, configuration.sources, service.limits, settings.queue_s)
        self.gallery = Gallery(service, self._sources)

    async def serve(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            Refused: the address is not valid.
            PixelmillError: the picture cannot be made.
        """
        order = self._checked(request)
        varies = is_negotiated(order.pipeline)
        pipeline = negotiated(order.pipeline, ",".join(request.headers.getlist("accept")))
        id = request_id(request.headers.get("x-request-id", "")) or ""
        shown = await while_connected(request, self.gallery.show(order.source, pipeline, id))
        name = self._sources.find(order.source).name
        max_age_s = self._max_age_s
        if order.expires is not None:
            max_age_s = max(0, min(max_age_s, int(shown.age_s) + order.expires - int(time.time())))
        known = ",".join(request.headers.getlist("if-none-match"))
        return picture_answer(shown, name, max_age_s, known, varies)

    def _checked(self, request: Request) -> Order:
        """Return what an address asks for whose signature is right, and whose time is not over."""
        if self._keys is None and not self._unsafe:
            raise Refused(404, "NOT_FOUND", OFF)
        raw: bytes = request.scope["raw_path"]
        given, _, rest = raw.removeprefix(ROOT.encode()).partition(b"/")
        signature = given.decode("latin-1")
        if not (self._unsafe and signature == UNSAFE) and not (self._keys and self._keys.admit(signature, rest)):
            raise Refused(403, "INVALID_SIGNATURE", "expected a signature by one of the keys for the address, got another")
        if request.scope["query_string"]:
            raise Refused(
                400, "INVALID_REQUEST", "expected no query for the address, got one; a source's own is written %3F"
            )
        order = self._orders.read(rest)
        if order.expires is not None and order.expires <= time.time():
            raise Refused(
                410, "EXPIRED", f"expected an address that is still valid, got one that expired at {order.expires}"
            )
        return order


def router(service: FleetService) -> APIRouter:
    """Return the routes. Raises `InvalidPipeline` where the settings cannot be used."""
    routes = APIRouter()
    desk = FrontDesk(service)

    @routes.get(PATH, summary="A picture on demand", response_class=Response, responses=RESPONSES)
    async def picture(signature: str, pipeline: str, source: str, request: Request) -> Response:
        """The signature is that of the rest of the path; `pixelmill sign` writes such addresses."""
        try:
            return await desk.serve(request)
        except Refused as refused:
            return problems.respond(refused.status, refused.reason, str(refused), headers=UNCACHED)
        except PixelmillError as error:
            answer = problems.answer(error)
            answer.headers.update(UNCACHED)
            return answer

    return routes
