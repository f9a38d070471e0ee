"""XMP of any size in a JPEG: what does not fit into one segment goes into an extension, and comes back."""

from __future__ import annotations

import base64
import hashlib
import io
import random
import struct
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from pixelmill import UnsupportedFormat, run
from pixelmill.codecs.xmp import segments, xmp_of
from tests.pictures import by_pillow, encoded, photo

NAME, EXTENSION = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
NOTE = "{http://ns.adobe.com/xmp/note/}HasExtendedXMP"
NOISE = base64.b64encode(random.Random(0).randbytes(225_000)).decode()


def packet(inner: str, attributes: str = "", rdf: str = "rdf", padding: int = 0) -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:a="http://example.com/a/"><!-- > --><{rdf}:RDF '
        f'xmlns:{rdf}="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><{rdf}:Description {rdf}:about="uuid:1" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" {attributes}>{inner}'
        f"</{rdf}:Description></{rdf}:RDF></x:xmpmeta>{' ' * padding}\n<?xpacket end='w'?>"
    ).encode()


SMALL = '<dc:creator><rdf:Seq><rdf:li a:x="1 > 0">A. Üthor</rdf:li></rdf:Seq></dc:creator><dc:format>image/jpeg</dc:format>'
ELEMENT = packet(f"{SMALL}<a:Data><![CDATA[</a:Data>]]>{NOISE}</a:Data><a:Other>{NOISE[:100_000]}</a:Other>")
ATTRIBUTE = packet(SMALL, f"a:Data='{NOISE}' tiff:Orientation=\"6\" a:Short = 'x'")
OTHER_PREFIX = packet(f"<a:Data>{NOISE}</a:Data><dc:format>image/jpeg</dc:format>", rdf="r")
LARGE = {"element": ELEMENT, "attribute": ATTRIBUTE, "other prefix": OTHER_PREFIX}


def properties(xmp: bytes) -> dict[str, str]:
    """Return the properties in a packet, by their names."""
    found: dict[str, str] = {}
    for node in ElementTree.fromstring(xmp).iter(f"{RDF}Description"):
        assert node.attrib.get(f"{RDF}about") == "uuid:1"
        values = {name: value for name, value in node.attrib.items() if not name.startswith(RDF)}
        values |= {child.tag: ElementTree.canonicalize(ElementTree.tostring(child)) for child in node}
        assert not values.keys() & found.keys()
        found |= values
    return found


def app1(jpeg: bytes) -> list[bytes]:
    contents, at = [], 2
    while jpeg[at + 1] != 0xDA:
        length = struct.unpack_from(">H", jpeg, at + 2)[0]
        if jpeg[at + 1] == 0xE1:
            contents.append(jpeg[at + 4 : at + 2 + length])
        at += 2 + length
    return contents


def jpeg_with(contents: list[bytes]) -> bytes:
    plain = encoded(photo(20, 10), "JPEG", quality=95)
    return plain[:2] + b"".join(b"\xff\xe1" + struct.pack(">H", 2 + len(one)) + one for one in contents) + plain[2:]


def png_with(xmp: bytes) -> bytes:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp.decode())
    return encoded(photo(20, 10), pnginfo=info)


@pytest.mark.parametrize("name", LARGE)
def test_large_xmp_is_divided_and_put_together_again(name: str) -> None:
    xmp = LARGE[name]
    data = run(png_with(xmp), "jpeg:keep=xmp").data
    standard, *others = app1(data)
    assert standard.startswith(NAME)
    kept = properties(standard[len(NAME) :])
    pieces = [piece.removeprefix(EXTENSION) for piece in others]
    whole = b"".join(piece[40:] for piece in pieces)
    guid = hashlib.md5(whole).hexdigest().upper()
    assert kept.pop(NOTE) == guid
    assert {piece[:36] for piece in pieces} == {guid.encode() + struct.pack(">I", len(whole))}
    offsets = [struct.unpack_from(">I", piece, 36)[0] for piece in pieces]
    assert offsets == [0, *np.cumsum([len(piece) - 40 for piece in pieces])[:-1]]
    wanted = properties(xmp.replace(b'Orientation="6"', b'Orientation="1"'))
    moved = properties(whole)
    assert not kept.keys() & moved.keys()
    assert kept | moved == wanted
    assert moved.keys() < {f"{{http://example.com/a/}}{name}" for name in ("Data", "Other", "Short")}
    again = Pillow.open(io.BytesIO(run(data, "png:keep=xmp").data)).info["XML:com.adobe.xmp"].encode()
    assert properties(again) == wanted
    np.testing.assert_array_equal(by_pillow(data), by_pillow(run(png_with(xmp), "jpeg").data))
    assert properties(xmp_of(run(data, "jpeg:keep=xmp").data) or b"") == wanted


def test_what_fits_stays_as_it_is() -> None:
    room = 65_504 - len(packet(SMALL + "<a:Data></a:Data>"))
    fitting = packet(f"{SMALL}<a:Data>{NOISE[:room]}</a:Data>")
    assert list(segments(fitting)) == [NAME + fitting]
    assert xmp_of(jpeg_with([NAME + fitting])) == fitting


def test_padding_is_the_first_to_go() -> None:
    (only,) = segments(packet(SMALL, padding=100_000))
    assert properties(only[len(NAME) :]) == properties(packet(SMALL))


def test_pieces_may_come_in_any_order() -> None:
    standard, *pieces = segments(ELEMENT)
    foreign = EXTENSION + b"F" * 32 + struct.pack(">II", 9, 0) + b"no XML at"
    mixed = [pieces[2], foreign, standard, *pieces[3:], *pieces[:2], pieces[0]]
    assert properties(xmp_of(jpeg_with(mixed)) or b"") == properties(ELEMENT)


@pytest.mark.parametrize("lost", [0, 2, -1])
def test_an_extension_that_is_not_whole_is_left_out(lost: int) -> None:
    contents = list(segments(ELEMENT))
    del contents[1:][lost], contents[lost if lost < 0 else lost + 1]
    made = properties(xmp_of(jpeg_with(contents)) or b"")
    assert made.keys() < properties(ELEMENT).keys()
    assert NOTE not in made


@pytest.mark.parametrize(
    "extension",
    [b"", b"no XML", b"<a/>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', packet("").replace(b"</", b"<", 1)],
)
def test_an_extension_that_is_none_is_left_out(extension: bytes) -> None:
    guid = b"0" * 32
    standard = packet(SMALL, f'xmlns:n="http://ns.adobe.com/xmp/note/" n:HasExtendedXMP="{guid.decode()}"')
    piece = EXTENSION + guid + struct.pack(">II", len(extension), 0) + extension
    made = xmp_of(jpeg_with([NAME + standard, piece]))
    assert properties(made or b"") == properties(packet(SMALL))


@pytest.mark.parametrize(
    ("xmp", "why"),
    [
        (b"x" * 70_000, "no well-formed XML"),
        (b"<x>" + NOISE[:70_000].encode() + b"</x>", "it has no RDF"),
        (
            packet("").replace(b"<!-- > -->", b"<!--" + b"x" * 70_000 + b"-->"),
            "what is not in its properties is too large already",
        ),
        (b"<!DOCTYPE a><a>" + b"x" * 70_000 + b"</a>", "it has a document type"),
        (packet(SMALL).decode().encode("utf-16") * 99, "no well-formed XML"),
    ],
)
def test_what_cannot_be_divided_is_refused(xmp: bytes, why: str) -> None:
    with pytest.raises(UnsupportedFormat, match=f"expected at most 65504 bytes of XMP.*got {len(xmp)} bytes: {why}"):
        list(segments(xmp))


def test_many_properties_are_divided() -> None:
    inner = "".join(f"<a:P{number}>{NOISE[:40]}</a:P{number}>" for number in range(5000))
    xmp = packet(inner)
    standard, *pieces = segments(xmp)
    assert 60_000 < len(standard) <= 65_533
    assert properties(xmp_of(jpeg_with([standard, *pieces])) or b"") == properties(xmp)
    assert all(len(piece) <= 65_533 for piece in pieces)


def test_segments_end_where_the_picture_starts() -> None:
    data = jpeg_with([NAME + packet(SMALL)])
    at = data.index(b"\xff\xda")
    assert xmp_of(data[:at] + data[at:].replace(b"\xff\xd9", b"\xff\xe1\0\x09" + NAME)) == packet(SMALL)
    for start, end in pairwise(range(0, len(data), 97)):
        xmp_of(data[:start] + data[end:])
