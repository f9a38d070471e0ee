"""EXIF of cameras and editors comes through each format as it was, but for what a picture made upright has to change."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import ExifTags
from PIL import Image as Pillow

from pixelmill import PixelmillError, run
from pixelmill.codecs import probe
from pixelmill.codecs.exif import fitted

CORPORA = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
MANIFEST = CORPORA / "manifest.tsv"
PLUGINS = {"heic": "pillow_heif", "jxl": "pillow_jxl"}
BLOCKS = ("jpeg", "png", "webp", "avif", *(name for name, plugin in PLUGINS.items() if find_spec(plugin)))
"""Formats that hold EXIF as one block; a TIFF has it in its directories."""
LONG = 4
MAKER_NOTES = {
    "pillow/flower.jpg": b"\x0c\0\1\0\3\0",  # Canon: places counted from the block's start
    "pillow/frame_size.mpo": b"Apple iOS\0",
    "pillow/frozenpond.mpo": b"\0\2\x11\0\0\7",  # Fujifilm, big-endian
    "pillow/sugarshack_ifd_offset.mpo": b"\0\2\x11\0\0\7",
}
THUMBNAILS = ("pillow/flower.jpg", "pillow/flower2.jpg", "pillow/frozenpond.mpo", "pillow/iptc.jpg")
NO_EXIF = ("pillow/invalid-exif.jpg", "pillow/truncated_exif_dpi.jpg")
"""Their blocks have no TIFF header, or half of one."""

pytestmark = [
    pytest.mark.skipif(not MANIFEST.exists(), reason="the pictures to test with are not here"),
    pytest.mark.filterwarnings(
        "ignore:(Corrupt EXIF|Truncated File)"
    ),  # Pillow's, of blocks that are no more than their start
]


def jpegs() -> list[str]:
    if not MANIFEST.exists():
        return []
    with MANIFEST.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [row["path"] for row in rows if row["format"] == "jpeg" and stored((CORPORA / row["path"]).read_bytes())]


def stored(jpeg: bytes) -> bytes | None:
    """Return the first EXIF block of a JPEG. Source: ITU-T T.81, annex B; EXIF 2.32, 4.7.2."""
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] not in (0xDA, 0xD9):
        if jpeg[at + 1] == 0xFF:
            at += 1
            continue
        length = struct.unpack_from(">H", jpeg, at + 2)[0]
        if jpeg[at + 1] == 0xE1 and jpeg[at + 4 : at + 10] == b"Exif\0\0":
            return jpeg[at + 10 : at + 2 + length]
        at += 2 + length
    return None


def block_in(data: bytes) -> tuple[tuple[int, int], bytes]:
    """Return the size of a picture, and its EXIF block."""
    if probe(data).format.name == "heic":
        import pillow_heif

        image = pillow_heif.open_heif(data)
        size, block = image.size, image.info["exif"]
    else:
        with Pillow.open(io.BytesIO(data)) as file:
            size, block = file.size, file.info["exif"]
    return size, block.removeprefix(b"Exif\0\0")


def exif_in(data: bytes) -> Pillow.Exif:
    """Return what EXIF says of a picture."""
    if probe(data).format.name == "tiff":
        with Pillow.open(io.BytesIO(data)) as file:
            file.load()
            return file.getexif()
    exif = Pillow.Exif()
    exif.load(block_in(data)[1])
    return exif


def entries(block: bytes, directory: int, order: str) -> Iterator[tuple[int, int, int]]:
    """Yield the tag, place and value, as a number of 32 bits, of each entry of a directory."""
    if 0 < directory <= len(block) - 2:
        for number in range(struct.unpack_from(order + "H", block, directory)[0]):
            at = directory + 2 + 12 * number
            if at + 12 <= len(block):
                tag, value = struct.unpack_from(order + "H6xI", block, at)
                yield tag, at, value


def may_change(block: bytes) -> set[int]:
    """Return where a block may change: orientation, size, and where a thumbnail is."""
    order = {b"II": "<", b"MM": ">"}[block[:2]]
    first = struct.unpack_from(order + "I", block, 4)[0]
    places: set[int] = set()
    count = 0
    for tag, at, value in entries(block, first, order):
        count += 1
        if tag == 0x0112:
            places |= set(range(at + 2, at + 12))
        if tag == 0x8769:
            for inner, place, _ in entries(block, value, order):
                places |= set(range(place + 2, place + 12)) if inner in (0xA002, 0xA003) else set()
    link = first + 2 + 12 * count
    if link + 4 <= len(block):
        values = {tag: value for tag, _, value in entries(block, struct.unpack_from(order + "I", block, link)[0], order)}
        places |= set(range(link, link + 4))
        for start, length in ((0x0201, 0x0202), (0x0111, 0x0117)):
            places |= set(range(values.get(start, 0), values.get(start, 0) + values.get(length, 0)))
    return places


@pytest.mark.parametrize("path", sorted({*jpegs()} - {*NO_EXIF}))
def test_blocks_come_through_as_they_were(path: str) -> None:
    data = (CORPORA / path).read_bytes()
    block = stored(data)
    assert block
    try:
        size = probe(data).size
        run(data, "resize:40x40 | png")
    except PixelmillError as error:
        pytest.skip(f"no picture: {error}")
    for output in BLOCKS:
        made = run(data, f"{output}:keep=exif").data
        shown, got = block_in(made)
        assert shown == size
        assert got == fitted(block, size), output
    assert len(got) == len(block)
    assert {at for at in range(len(block)) if got[at] != block[at]} <= may_change(block)


@pytest.mark.parametrize("path", NO_EXIF)
def test_what_is_no_exif_is_left_out(path: str) -> None:
    """Readers of AVIF take a file with it for damaged."""
    data = (CORPORA / path).read_bytes()
    for output in BLOCKS:
        assert run(data, f"{output}:keep=exif").data == run(data, output).data


@pytest.mark.parametrize(("path", "start"), MAKER_NOTES.items())
def test_makers_notes_stay(path: str, start: bytes) -> None:
    data = (CORPORA / path).read_bytes()
    notes = note_of(data)
    assert notes.startswith(start)
    for output in (*BLOCKS, "tiff"):
        assert note_of(run(data, f"resize:32x | {output}:keep=exif").data) == notes, output


def note_of(data: bytes) -> bytes:
    note: bytes = exif_in(data).get_ifd(ExifTags.IFD.Exif)[0x927C]
    return note


@pytest.mark.parametrize("path", THUMBNAILS)
def test_thumbnails_go(path: str) -> None:
    data = (CORPORA / path).read_bytes()
    length = exif_in(data).get_ifd(ExifTags.IFD.IFD1)[0x0202]
    block = stored(data)
    assert block
    thumbnail = block[block.index(b"\xff\xd8\xff") :][:length]
    assert len(thumbnail) > 1000
    for output in (*BLOCKS, "tiff"):
        made = run(data, f"crop:32x32 | {output}:keep=exif").data
        assert thumbnail[:200] not in made
        assert not exif_in(made).get_ifd(ExifTags.IFD.IFD1)


@pytest.mark.parametrize("path", [*MAKER_NOTES, *THUMBNAILS, "pillow/exif_gps.jpg", "pillow/exif-ifd-offset.jpg"])
def test_a_tiff_says_the_same(path: str) -> None:
    data = (CORPORA / path).read_bytes()
    said, again = (everything(one) for one in (data, run(data, "tiff:keep=exif").data))
    assert {tag: value for tag, value in again.items() if tag in said} == said
    assert len(said) > 2


def everything(data: bytes) -> dict[tuple[int, int], object]:
    """Return the values of what EXIF says of a picture, by directory and tag, that a new picture leaves as they are."""
    exif = exif_in(data)
    found: dict[tuple[int, int], object] = {(0, tag): exif.get(tag) for tag in exif if 0x010E <= tag <= 0x8298}
    for directory in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        found |= {(directory, tag): value for tag, value in exif.get_ifd(directory).items()}
    # Size, resolution and what leads elsewhere are the new file's own.
    own = {
        (0, tag)
        for tag in (
            0x0111,
            0x0112,
            0x0115,
            0x0116,
            0x0117,
            0x011A,
            0x011B,
            0x011C,
            0x0128,
            0x013D,
            0x0142,
            0x0143,
            0x0153,
            0x0201,
            0x0202,
            0x0213,
        )
    }
    own |= {(ExifTags.IFD.Exif, tag) for tag in (0xA002, 0xA003, 0xA005)}
    return {tag: value for tag, value in found.items() if tag not in own}
