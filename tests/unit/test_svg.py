"""SVG is refused unless it is allowed, and then it is drawn without anything from outside, within bounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixelmill import CorruptImage, ImageTooLarge, Limits, Result, UnsupportedFormat, run
from pixelmill.codecs.svg import MAX_ELEMENTS, MAX_PIXELS
from tests.hostile.bombs import svg
from tests.pictures import decoded, encoded, photo

ALLOWED = Limits(allow_svg=True)
SQUARE = '<rect width="50" height="50" fill="#ff0000"/>'


def drawn(data: bytes) -> Result:
    return run(data, "png", limits=ALLOWED)


def test_svg_is_refused_unless_allowed() -> None:
    with pytest.raises(UnsupportedFormat, match=r"got an SVG, which Limits\(allow_svg=True\) would allow"):
        run(svg(SQUARE), "png")


@pytest.mark.parametrize("lead", ["", "\ufeff", " \n", '<?xml version="1.0"?>\n', "<!-- drawn -->", "<!DOCTYPE svg>"])
def test_svg_is_drawn_where_it_is_allowed(lead: str) -> None:
    pixels = decoded(drawn(svg(SQUARE, lead=lead)).data)
    assert pixels.shape == (100, 100, 4)
    assert (pixels[:50, :50] == (255, 0, 0, 255)).all()
    assert (pixels[50:, :, 3] == 0).all()


def test_the_limits_hold_for_its_size() -> None:
    with pytest.raises(ImageTooLarge, match="for the source, got 100×100"):
        run(svg(SQUARE), "png", limits=Limits(allow_svg=True, max_pixels=9_999))
    with pytest.raises(ImageTooLarge, match=f"at most {MAX_PIXELS} pixels for an SVG"):
        drawn(svg(SQUARE, "2001", "2000"))
    with pytest.raises(ImageTooLarge, match="pixels × elements"):
        drawn(svg(SQUARE * 200, "2000", "2000"))
    with pytest.raises(ImageTooLarge, match=f"at most {MAX_ELEMENTS} elements"):
        drawn(svg("<g/>" * MAX_ELEMENTS, "1", "1"))


def test_nothing_is_read_from_elsewhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(encoded(photo(40, 40)))
    style = tmp_path / "secret.css"
    style.write_text("rect { fill: #00ff00 }")
    for reference in (str(style), style.as_uri()):
        # Every reference to a style sheet is passed over.
        pixels = decoded(drawn(svg(f"<style>@import url('{reference}');</style>{SQUARE}")).data)
        assert (pixels[:50, :50] == (255, 0, 0, 255)).all()
    use = decoded(drawn(svg(f'<use xlink:href="{secret.as_uri()}#a"/>')).data)
    assert not np.any(use[:, :, 3])
    with pytest.raises(UnsupportedFormat, match="got 'image'"):
        drawn(svg(f'<image xlink:href="{secret.as_uri()}" width="9" height="9"/>'))
    for entity in (f'<!ENTITY a SYSTEM "{style.as_uri()}">', '<!ENTITY a "b">', '<!ENTITY % a "b">'):
        with pytest.raises(UnsupportedFormat, match="expected no entities for an SVG"):
            drawn(svg("<text>&a;</text>", lead=f"<!DOCTYPE svg [{entity}]>"))


@pytest.mark.parametrize(
    "body",
    [
        '<filter id="f"><feGaussianBlur stdDeviation="999"/></filter>',
        '<rect width="9" height="9" filter="blur(999px)"/>',
        '<rect width="9" height="9" style="FILTER: blur(999px)"/>',
        "<style>rect { filter: blur(999px) }</style>",
        r"<style>rect { f\69lter: blur(999px) }</style>",
        '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>',
    ],
)
def test_what_may_cost_without_bound_is_refused(body: str) -> None:
    with pytest.raises(UnsupportedFormat, match="expected"):
        drawn(svg(body))


@pytest.mark.parametrize(
    "data", [svg(SQUARE)[:-3], b"<svg >", b"<?xml version='1.0'?><html/>", svg(SQUARE, lead="<?xml encoding='utf-7'?>")]
)
def test_what_is_no_whole_svg_is_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptImage, match="expected a whole"):
        drawn(data)
