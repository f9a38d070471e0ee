"""Files of animations: which way is up, how often they play, how long frames show, and what writing many of them costs."""

from __future__ import annotations

import io
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from pixelmill import Output, UnsupportedFormat, run
from pixelmill.codecs import encode_picture, probe, read
from pixelmill.codecs.boxes import exif_blocks
from pixelmill.codecs.sequence import times_played
from pixelmill.picture import MAX_LOOP, Metadata, Picture
from pixelmill.pixels import Image
from tests.pictures import encoded, photo

FRAMES = tuple(photo(40, 30, seed=seed) for seed in range(3))
ANIMATED = ("gif", "webp", "avif")
TURNS = {
    1: "",
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""What undoes each orientation, in Pillow's words (EXIF 2.32, tag 0x0112)."""


def written(format: str, loop: int = 0, delays_ms: tuple[int, ...] = (100, 40, 10)) -> bytes:
    return encode_picture(Picture(FRAMES, delays_ms, loop), Output.model_validate({"format": format})).data


def frames_of(data: bytes) -> tuple[Image, ...]:
    return read(data, probe(data)).frames


def oriented_webp(orientation: int) -> bytes:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    first, *others = map(Pillow.fromarray, FRAMES)
    return encoded(first, "WEBP", save_all=True, append_images=others, duration=50, exif=exif.tobytes(), lossless=True)


def oriented_avif(orientation: int) -> bytes:
    """Return a sequence with a rotation among its track's properties; no writer at hand makes one.

    Source: ISO/IEC 23008-12:2022, 6.5.10.
    """
    rotation = {1: b"", 3: b"\x02", 6: b"\x03", 8: b"\x01"}[orientation]
    property = box(b"irot", rotation) if rotation else b""
    path = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"av01")
    data = with_property(written("avif"), property, *path)
    (place,) = (match.end() for match in re.finditer(rb"stco\0{7}\x01", data))
    (offset,) = struct.unpack_from(">I", data, place)
    return data[:place] + struct.pack(">I", offset + len(property)) + data[place + 4 :]


def with_property(data: bytes, property: bytes, kind: bytes, *inner: bytes) -> bytes:
    at = 0
    while data[at + 4 : at + 8] != kind:
        at += int(struct.unpack_from(">I", data, at)[0])
    end = at + int(struct.unpack_from(">I", data, at)[0])
    start = at + 8 + (8 if kind == b"stsd" else 0)  # what comes before the boxes inside
    content = (
        data[at + 8 : start] + with_property(data[start:end], property, *inner) if inner else data[start:end] + property
    )
    return data[:at] + box(kind, content) + data[end:]


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


@pytest.mark.parametrize(
    ("format", "orientation"), [*(("webp", number) for number in TURNS), ("avif", 1), ("avif", 3), ("avif", 6), ("avif", 8)]
)
def test_every_frame_is_upright(format: str, orientation: int) -> None:
    data = oriented_webp(orientation) if format == "webp" else oriented_avif(orientation)
    header = probe(data)
    assert (header.frames, header.size) == (3, (30, 40) if orientation >= 5 else (40, 30))
    frames = read(data, header).frames
    straight = FRAMES if format == "webp" else frames_of(written("avif"))
    for frame, stored in zip(frames, straight, strict=True):
        turn = TURNS[orientation]
        still = Pillow.fromarray(stored)
        wanted = np.asarray(still.transpose(getattr(Pillow.Transpose, turn)) if turn else still)
        assert np.array_equal(frame, wanted)
    result = run(data, "resize:20x | webp:lossless=true")
    assert (result.info.frames, result.info.width, result.info.height) == (3, 20, 27 if orientation >= 5 else 15)
    (alone,) = frames_of(run(data, "webp:frames=first,lossless=true").data)
    assert np.array_equal(alone, frames[0])


def exif_block(tag: int, kind: int, value: bytes) -> bytes:
    return b"MM\0*" + struct.pack(">IHHHI", 8, 1, tag, kind, 1) + value + bytes(4)


ORIENTED = exif_block(0x0112, 3, b"\0\6\0\0")
MADE = exif_block(0x010F, 2, b"m\0\0\0")


RATIONAL = exif_block(0x0112, 5, struct.pack(">I", 26)) + struct.pack(">II", 6, 1)
UPRIGHT = exif_block(0x0112, 3, b"\0\1\0\0")


def moving_webp(exif: bytes) -> bytes:
    first, *others = map(Pillow.fromarray, FRAMES)
    return encoded(first, "WEBP", save_all=True, append_images=others, exif=b"Exif\0\0" + exif)


@pytest.mark.parametrize(
    ("exif", "kept"),
    [(ORIENTED, UPRIGHT), (b"Exif\0\0" * 3 + ORIENTED, UPRIGHT), (MADE, MADE), (RATIONAL, UPRIGHT + RATIONAL[-8:])],
)
def test_exif_of_an_animated_avif_is_as_it_was_but_upright(exif: bytes, kept: bytes) -> None:
    """The encoder, libavif 1.4, ends the process where it gets an orientation; what calls it would sort the rest anew."""
    data = run(moving_webp(exif), "avif:keep=exif").data
    with Pillow.open(io.BytesIO(data)) as file:
        assert getattr(file, "n_frames", 1) == 3
        assert file.info["exif"].removeprefix(b"Exif\0\0") == kept
        for number in range(3):
            file.seek(number)
            file.load()
    assert probe(data).orientation == 1
    assert run(data, "webp:keep=exif").data.endswith(kept)
    assert exif_blocks(data) == [bytes(4) + kept] * 2


@pytest.mark.parametrize("alpha", [False, True])
def test_an_animated_avif_shows_the_same_with_exif(alpha: bool) -> None:
    frames = tuple(photo(40, 30, 4 if alpha else 3, seed) for seed in range(3))
    bare, full = (
        encode_picture(Picture(frames, (50,) * 3, metadata=metadata), Output(format="avif", keep=("exif",))).data
        for metadata in (Metadata(), Metadata(exif=MADE))
    )
    assert MADE in full
    for frame, wanted in zip(frames_of(full), frames_of(bare), strict=True):
        assert np.array_equal(frame, wanted)


@pytest.mark.parametrize("exif", [b"nonsense", b"x" + ORIENTED])
def test_what_is_no_exif_is_left_out_of_an_animated_avif(exif: bytes) -> None:
    assert run(moving_webp(exif), "avif:keep=exif").data == run(moving_webp(exif), "avif").data


@pytest.mark.parametrize("format", ANIMATED)
@pytest.mark.parametrize("loop", [0, 1, 2, 7, MAX_LOOP])
def test_what_plays_so_often_does_so_in_every_format(format: str, loop: int) -> None:
    for source in ANIMATED:
        data = run(written(source, loop), format).data
        assert read(data, probe(data)).loop == loop


def test_a_gif_counts_repeats() -> None:
    for loop, block in ((0, b"\x03\x01\x00\x00\x00"), (1, None), (2, b"\x03\x01\x01\x00\x00"), (7, b"\x03\x01\x06\x00\x00")):
        data = written("gif", loop)
        assert (block is None) == (b"NETSCAPE2.0" not in data)
        assert block is None or b"NETSCAPE2.0" + block in data


def test_a_gif_that_repeats_as_often_as_it_can_becomes_any_other() -> None:
    first, *others = map(Pillow.fromarray, FRAMES)
    data = encoded(first, "GIF", save_all=True, append_images=others, duration=50, loop=65_535)
    for format in ANIMATED:
        made = run(data, format).data
        assert read(made, probe(made)).loop == MAX_LOOP


def parts(data: bytes, *path: bytes) -> list[bytes]:
    """Return the contents of the boxes at a path."""
    at, found = 0, []
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == path[0]:
            content = data[at + 8 : at + size]
            found += parts(content, *path[1:]) if path[1:] else [content]
        at += size
    return found


@pytest.mark.parametrize(("loop", "repeats"), [(0, 1), (1, 0), (2, 1), (1000, 1)])
def test_the_boxes_of_an_avif_say_how_often_it_plays(loop: int, repeats: int) -> None:
    """The film and each track take as long as all rounds; the edit list names one round, and whether there are others."""
    frames = tuple(photo(40, 30, 4, seed) for seed in range(3))
    data = encode_picture(Picture(frames, (100, 40, 10), loop), Output(format="avif")).data
    (film,), tracks = parts(data, b"moov", b"mvhd"), parts(data, b"moov", b"trak", b"tkhd")
    assert struct.unpack_from(">B19xIQ", film) == (1, 1000, loop * 150 or 2**64 - 1)
    assert [struct.unpack_from(">B27xQ", track) for track in tracks] == [(1, loop * 150 or 2**64 - 1)] * 2  # color and alpha
    edits = parts(data, b"moov", b"trak", b"edts", b"elst")
    assert [struct.unpack_from(">BxxBIQ", edit) for edit in edits] == [(1, repeats, 1, 150)] * 2
    with Pillow.open(io.BytesIO(data)) as file:
        assert (file.mode, getattr(file, "n_frames", 1)) == ("RGBA", 3)
        file.load()


def film(whole: int, once: int, flags: int = 1, version: int = 0, handler: bytes = b"pict", edited: bool = True) -> bytes:
    long = "Q" if version else "I"
    header = struct.pack(f">B3x{long}{long}II{long}", version, 0, 0, 1, 0, whole)
    edits = struct.pack(f">B2xBI{long}", version, flags, 1, once)
    track = box(b"tkhd", header) + (box(b"edts", box(b"elst", edits)) if edited else b"")
    return box(b"moov", box(b"trak", track + box(b"mdia", box(b"hdlr", bytes(8) + handler))))


@pytest.mark.parametrize("version", [0, 1])
def test_how_often_files_of_others_play(version: int) -> None:
    unknown = 2**64 - 1 if version else 2**32 - 1
    for whole, once, plays in (
        (450, 150, 3),
        (451, 150, 4),
        (unknown, 150, 0),
        (10, 150, 1),
        (2**32 - 2, 1, MAX_LOOP),
        (5, 0, 0),
    ):
        assert times_played(film(whole, once, version=version)) == plays
    assert times_played(film(450, 150, 0, version)) == 1
    assert times_played(film(450, 150, 1, version, edited=False)) == 0
    assert times_played(film(450, 150, 1, version, handler=b"auxv")) == 0
    data = film(450, 150, version=version)
    assert [times_played(data[:length]) for length in range(len(data))] == [0] * len(data)


@pytest.mark.parametrize(("format", "most"), [("gif", 655_350), ("webp", 2**24 - 1), ("avif", 2**31 - 1)])
def test_frames_show_as_long_as_the_format_can_say(format: str, most: int) -> None:
    data = written(format, delays_ms=(most, 10, 10))
    assert read(data, probe(data)).delays_ms == (most, 10, 10)
    if format != "avif":
        with pytest.raises(UnsupportedFormat, match=f"at most {most} ms for {format}, got {most + 1} ms"):
            written(format, delays_ms=(10, most + 1, 10))


def test_a_webp_counts_time_as_a_whole() -> None:
    count, longest = 129, 2**24 - 1
    frames = tuple(np.full((2, 2, 3), number % 2 * 255, np.uint8) for number in range(count))
    with pytest.raises(
        UnsupportedFormat, match=rf"together show for at most {2**31 - 1} ms for webp, got {count * longest}"
    ):
        encode_picture(Picture(frames, (longest,) * count), Output(format="webp"))


MANY, SIDE = 200, 128
WRITER = f"""
import re, sys
from pathlib import Path
import numpy as np
from pixelmill.codecs import Output, encode_picture
from pixelmill.picture import Picture

def most():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])

output = Output(format=sys.argv[1])
frames = np.zeros(({MANY}, {SIDE}, {SIDE}, 4), np.uint8)
frames[..., 0] = np.arange({MANY})[:, None, None]
frames[..., 3] = 255
encode_picture(Picture(tuple(frames[:9]), (40,) * 9), output)
Path("/proc/self/clear_refs").write_text("5")
before = most()
encode_picture(Picture(tuple(frames), (40,) * {MANY}), output)
print(most() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured through /proc")
@pytest.mark.parametrize("format", ANIMATED)
def test_writing_many_frames_copies_few_of_them(format: str) -> None:
    made = subprocess.run([sys.executable, "-c", WRITER, format], capture_output=True, text=True, check=True)
    assert int(made.stdout) * 1024 < MANY * SIDE * SIDE * 4 / 2
