"""The configuration file: presets and sources by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelmill import InvalidPipeline, Pipeline, run
from pixelmill.configuration import Configuration, read_configuration
from pixelmill.limits import Limits
from pixelmill.settings import OnDemandSettings
from pixelmill.web.ondemand.sources import Sources
from tests.fleet.processes import Process
from tests.pictures import encoded, photo
from tests.web.ondemand.host import PictureHost, Reply
from tests.web.ondemand.site import KEY, PHOTO, fill, site

YAML = """
presets:
  thumb: resize:30x20,fit=cover | webp
  marked:
    operations: [{op: logo, image: "@logo.png", scale: 0.5}]
sources:
  photos: pictures
  shop: SHOP/images
"""
TOML = """
[presets]
thumb = "resize:30x20,fit=cover | webp"
marked = 'logo:@logo.png,scale=0.5'
[sources]
photos = "pictures"
shop = "SHOP/images"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what the files name."""
    fill(tmp_path / "pictures")
    (tmp_path / "logo.png").write_bytes(encoded(photo(10, 10, 4)))
    return tmp_path


@pytest.mark.parametrize(("name", "text"), [("c.yaml", YAML), ("c.toml", TOML), ("c.yml", YAML)])
def test_both_forms_say_the_same(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    logo = (folder / "logo.png").read_bytes()
    assert read_configuration(str(folder / name)) == Configuration(
        {"thumb": Pipeline.parse("resize:30x20,fit=cover|webp"), "marked": Pipeline().logo(logo, scale=0.5)},
        {"photos": str(folder / "pictures"), "shop": str(folder / "SHOP/images")},
    )


def test_a_site_with_one(folder: Path, host: PictureHost) -> None:
    (folder / "c.yaml").write_text(YAML.replace("SHOP", host.url))
    host.replies["/images/a.jpg?v=1"] = Reply((folder / "pictures" / PHOTO).read_bytes())
    with site(
        PIXELMILL_CONFIG=str(folder / "c.yaml"), PIXELMILL_URL_KEYS=KEY, PIXELMILL_SOURCE_INTERNAL=host.address
    ) as made:
        data, logo = (folder / "pictures" / PHOTO).read_bytes(), (folder / "logo.png").read_bytes()
        assert made.show("preset:thumb", f"photos/{PHOTO}").body == run(data, "resize:30x20,fit=cover|webp").data
        marked = run(data, Pipeline().logo(logo, scale=0.5).blur(1).to("png")).data
        assert made.show("preset:marked;blur:1;png", "shop/a.jpg?v=1").body == marked
        assert made.show("preset:thumb", f"{host.url}/images/a.jpg?v=1").status == 200
        assert made.show("preset:thumb", f"{host.url}/a.jpg").problem["reason"] == "SOURCE_FORBIDDEN"
        assert made.show("preset:thumb", "shop/../a.jpg").problem["reason"] == "SOURCE_FORBIDDEN"
        said = made.show("preset:large", f"photos/{PHOTO}").problem
        assert said["detail"] == "expected a preset's name (thumb, marked) for the pipeline, got 'large'"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("presets: {thumb: bulr}", "expected an operation's name, got 'bulr'; did you mean 'blur'?, in preset thumb of"),
        ("presets: {thumb: 5}", "presets"),
        ("presets: {'a b': sepia}", "presets"),
        ("presets: {a: 'logo:@none.png'}", "expected a readable file for logo.image"),
        ("presets: {a: '{ x = png }'}", "expected a pipeline without renditions, got one with renditions, in preset a of"),
        ("preset: {}", "preset"),
        ("presets: [", "expected a configuration file in YAML or TOML at"),
        ("- a", "configuration"),
        ("sources: {gone: nowhere}", "expected a folder for the source 'gone', got"),
        ("sources: {bad: 'file:///etc'}", "expected https://HOST/FOLDER/ or SCHEME://BUCKET/FOLDER/"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(InvalidPipeline) as caught:
        Sources(OnDemandSettings(), read_configuration(str(tmp_path / "c.yaml")).sources, Limits(), 1)
    assert said in str(caught.value)


def test_it_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("presets: {thumb: bulr}")
    code = "from pixelmill.orchestrator import main; main()"
    variables = {
        "PIXELMILL_CONFIG": str(tmp_path / "c.yaml"),
        "PIXELMILL_HTTP_PORT": "-1",
        "RESIZE_SERVICE_HOSTS": "127.0.0.1:1",
    }
    process = Process("orchestrator", code, variables)
    try:
        assert process.process.wait(60) == 1
        line = process.errors().splitlines()[0]
        assert line.startswith(
            "pixelmill: expected an operation's name, got 'bulr'; did you mean 'blur'?, in preset thumb of "
        )
    finally:
        process.close()


def test_no_file_is_nothing() -> None:
    assert read_configuration("") == Configuration()
    with pytest.raises(InvalidPipeline, match="expected a configuration file in YAML or TOML at nowhere"):
        read_configuration("nowhere")
