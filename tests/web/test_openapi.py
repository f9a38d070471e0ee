"""The OpenAPI document: whole, and every example in it runs."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import httpx
import pytest

from pixelmill.web.examples import PICTURE
from tests.fleet.pictures import opened

ENDLESS = "/v1/events"
SIGNED = "/i/"
"""Addresses that want a signature have tests of their own."""
METHODS = ("get", "post")


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    made: dict[str, Any] = client.get("/openapi.json").json()
    return made


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, ways[method]) for path, ways in document["paths"].items() for method in METHODS if method in ways]


def test_what_is_in_it(document: dict[str, Any]) -> None:
    paths = set(document["paths"])
    wanted = {"process", "operations", "fleet", "requests", "requests/{id}", "timeline", "events"}
    assert {f"/v1/{name}" for name in wanted} | {"/livez", "/readyz", "/metrics"} <= paths
    for path, method, operation in operations(document):
        assert operation["summary"], (path, method)
        assert "422" not in operation["responses"], (path, method)
        if path.startswith("/v1/"):
            assert set(operation["responses"]["4XX"]["content"]) == {"application/problem+json"}
        for parameter in operation.get("parameters", []):
            if path.startswith("/v1/"):
                assert parameter.get("description"), (path, parameter["name"])


def test_its_references_lead_somewhere(document: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)))
    assert "components/schemas/Processed" in references
    for reference in references:
        found = document
        for part in reference.split("/"):
            found = found[part]


def values(parameter: dict[str, Any]) -> list[Any]:
    """Return a parameter's examples."""
    if "example" in parameter:
        return [parameter["example"]]
    return [example["value"] for example in parameter.get("examples", {}).values()]


def filled(path: str, parameter: dict[str, Any], value: Any) -> tuple[str, dict[str, Any]]:
    """Return a path and options with one parameter filled in."""
    if parameter["in"] == "path":
        return path.replace("{" + parameter["name"] + "}", str(value)), {}
    text = str(value)
    if parameter["in"] == "header":
        return path, {"headers": {parameter["name"]: text}}
    return path, {"params": {parameter["name"]: text}}


def test_every_example_of_a_parameter_runs(client: httpx.Client, document: dict[str, Any]) -> None:
    ran = 0
    client.post("/v1/process", content=PICTURE, params={"pipeline": "sepia"}, headers={"X-Request-Id": "my-request-1"})
    for path, method, operation in operations(document):
        if path.startswith(SIGNED):
            continue
        for parameter in operation.get("parameters", []):
            for value in values(parameter):
                url, options = filled(path, parameter, value)
                if method == "post":
                    options["content"] = PICTURE
                    if "pipeline" not in parameter["name"].lower():
                        options.setdefault("params", {}).setdefault("pipeline", "sepia | png")
                answer = client.request(method, url, **options)
                assert answer.status_code == 200, (url, options, answer.text)
                assert answer.headers["content-type"].partition(";")[0] in said(operation)
                ran += 1
    assert ran > 12


def said(operation: dict[str, Any]) -> set[str]:
    """Return the media types that the document has for an answer."""
    content = set(operation["responses"]["200"]["content"])
    return content | ({"image/jpeg", "image/png", "image/webp"} if "image/*" in content else set())


def test_every_example_of_a_form_runs(client: httpx.Client, document: dict[str, Any]) -> None:
    forms = [
        (path, example["value"])
        for path, method, operation in operations(document)
        if method == "post"
        for example in operation["requestBody"]["content"]["multipart/form-data"]["examples"].values()
    ]
    assert len(forms) >= 5
    for (path, fields), accept in itertools.product(forms, ("*/*", "application/json")):
        answer = client.post(path, files={"image": PICTURE}, data=fields, headers={"Accept": accept})
        assert answer.status_code == 200, (fields, answer.text)
        if accept == "application/json":
            assert answer.json()["outputs"]


def test_the_picture_of_the_examples_is_one() -> None:
    assert opened(PICTURE).size == (12, 8)


@pytest.mark.parametrize("path", ["/v1/operations", "/v1/fleet", "/v1/requests", "/v1/timeline", "/livez", "/readyz"])
def test_what_has_no_parameters_runs(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_operations_are_the_schema_of_pipelines(client: httpx.Client) -> None:
    schema = client.get("/v1/operations").json()
    assert {"resize", "blur", "text", "output"} <= set(schema["$defs"])
