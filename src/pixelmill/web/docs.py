"""The OpenAPI document and a page that shows it, which loads nothing from elsewhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

PAGE = Path(__file__).parent / "static" / "docs"
ASSETS = ("swagger-ui.css", "swagger-ui-bundle.js")
HEADERS = {
    # Swagger UI sets styles in its elements, and has small pictures as data.
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def add_to(app: FastAPI, wants_token: bool) -> None:
    """Serve the page at /docs, and say in the document that there are tokens, where there are."""
    assets = _assets()

    @app.get("/docs", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html", headers=HEADERS)

    @app.get("/docs/start.js", include_in_schema=False)
    async def start() -> FileResponse:
        return FileResponse(PAGE / "start.js", headers=HEADERS)

    @app.get("/docs/assets/{name}", include_in_schema=False)
    async def asset(name: str) -> FileResponse:
        if name not in ASSETS:
            raise HTTPException(404)
        return FileResponse(assets / name, headers=HEADERS)

    generate = app.openapi

    def document() -> dict[str, Any]:
        made = generate()
        _leave_out_422(made)
        if wants_token:
            components = made.setdefault("components", {})
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            made["security"] = [{"token": []}]
        return made

    app.openapi = document  # type: ignore[method-assign]


def _leave_out_422(document: dict[str, Any]) -> None:
    """Parameters that are refused are answered with 400 and a problem, not with what FastAPI says by itself."""
    for ways in document["paths"].values():
        for operation in ways.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        document.get("components", {}).get("schemas", {}).pop(name, None)


def _assets() -> Path:
    """Return the folder with Swagger UI's files: fastapi-offline brings them along. Its code is not used."""
    spec = find_spec("fastapi_offline")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "static"
