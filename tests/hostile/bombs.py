"""Files that are small and ask for much, written out by hand: each names what it attacks."""

from __future__ import annotations

import struct
import zlib

from tests.pictures import encoded, photo

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MIB = 1024 * 1024


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, pixels: bytes, *chunks: bytes, depth: int = 8, color: int = 2) -> bytes:
    """Return a PNG; `pixels` are deflated already, `chunks` stand before them."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    return b"".join((PNG_SIGNATURE, header, *chunks, png_chunk(b"IDAT", pixels), png_chunk(b"IEND", b"")))


def deflated_zeros(count: int) -> bytes:
    packer = zlib.compressobj(9)
    block = bytes(MIB)
    parts = [packer.compress(block) for _ in range(count // MIB)]
    return b"".join((*parts, packer.compress(bytes(count % MIB)), packer.flush()))


def webp(width: int, height: int) -> bytes:
    """Return 34 bytes: the header of a lossless WebP and nothing behind it."""
    payload = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(9)
    return b"RIFF" + struct.pack("<I", 12 + len(payload)) + b"WEBPVP8L" + struct.pack("<I", len(payload)) + payload


def one_bit_png(side: int = 50_000) -> bytes:
    """Return a whole PNG of one bit a pixel: 300 kB that hold 2.5 billion pixels."""
    return png(side, side, deflated_zeros(side * (1 + -(-side // 8))), depth=1, color=0)


def tiff(entries: dict[int, tuple[int, int, int]], data: bytes) -> bytes:
    """Return a little-endian TIFF of one directory, with `data` at offset 8; entries are tag: (type, count, value)."""
    rows = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in sorted(entries.items()))
    directory = struct.pack("<H", len(entries)) + rows + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory


def group4_tiff(side: int = 60_000) -> bytes:
    """Return a whole TIFF, CCITT group 4: a white row is one bit."""
    data = b"\xff" * (side // 8) + b"\x00\x10\x01\x00\x10\x01"
    tags = {256: (4, 1, side), 257: (4, 1, side), 258: (3, 1, 1), 259: (3, 1, 4), 262: (3, 1, 0)}
    tags |= {273: (4, 1, 8), 277: (3, 1, 1), 278: (4, 1, side), 279: (4, 1, len(data))}
    return tiff(tags, data)


def claiming_jpeg(width: int, height: int) -> bytes:
    """Return a JPEG of 16×16 pixels whose frame header claims another size."""
    data = bytearray(encoded(photo(16, 16), "JPEG"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    return bytes(data)


def gif(width: int, height: int, frames: int) -> bytes:
    """Return a GIF whose frames are all one pixel, in its corner."""
    frame = b"\x21\xf9\x04\x00\x01\x00\x00\x00" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    return screen + frame * frames + b"\x3b"


def text_chunks(kind: bytes, inflated: int, count: int = 1) -> bytes:
    """Return a PNG of one pixel with compressed text or a compressed profile before its pixels."""
    packed = deflated_zeros(inflated)
    lead = {b"tEXt": b"key\0", b"zTXt": b"key\0\0", b"iCCP": b"name\0\0", b"iTXt": b"key\0\1\0\0\0"}[kind]
    return png(1, 1, zlib.compress(bytes(4)), *[png_chunk(kind, lead + packed)] * count)


def svg(body: str, width: str = "100", height: str = "100", lead: str = "") -> bytes:
    namespaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'{lead}<svg {namespaces} width="{width}" height="{height}">{body}</svg>'.encode()


def webp_animation(frames: int) -> bytes:
    """Return an animated WebP whose frames are all one pixel."""
    picture = webp(1, 1)[12:]
    frame = bytes(12) + b"\x01\0\0\0" + picture
    body = b"WEBP" + riff(b"VP8X", b"\x02" + bytes(9)) + riff(b"ANIM", bytes(6)) + riff(b"ANMF", frame) * frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def webp_chunks(count: int) -> bytes:
    """Return a WebP with that many empty chunks that mean nothing."""
    picture = encoded(photo(16, 16), "WEBP", lossless=True)[12:]
    body = b"WEBP" + riff(b"VP8X", bytes(4) + b"\x0f\0\0\x0f\0\0") + riff(b"abcd", b"") * count + picture
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_scans(scans: int, side: int = 10_000) -> bytes:
    """Return a progressive gray JPEG whose scans add nothing: 200 bytes each, and a pass over all pixels."""
    blocks = (-(-side // 8)) ** 2
    frame = b"\xff\xc2\0\x0b\x08" + struct.pack(">HHBBBB", side, side, 1, 1, 0x11, 0)
    tables = b"\xff\xdb\0\x43\0" + b"\x01" * 64
    for kind, symbol in ((0, 0), (0x10, 0xE0)):  # one code each: no difference, and 16384 blocks without coefficients
        tables += b"\xff\xc4\0\x14" + bytes([kind, 1, *bytes(15), symbol])
    first = b"\xff\xda\0\x08\x01\x01\0\0\0\0" + bytes(-(-blocks // 8))
    again = b"\xff\xda\0\x08\x01\x01\0\x01\x3f\0" + bytes((blocks // 16_384 + 1) * 15 // 8 + 1)
    return b"\xff\xd8" + tables + frame + first + again * scans + b"\xff\xd9"


def circular_exif(entries: int = 5_000) -> bytes:
    """Return an EXIF block, the entries of whose one directory all lead to that directory."""
    rows = struct.pack("<HHII", 0x8769, 4, 1, 8) * entries
    return b"II*\0\x08\0\0\0" + struct.pack("<H", entries) + rows + struct.pack("<I", 8)


def with_exif(format: str, exif: bytes) -> bytes:
    if format == "PNG":
        return png(1, 1, zlib.compress(bytes(4)), png_chunk(b"eXIf", exif))
    return encoded(photo(16, 16), format, exif=b"Exif\0\0" + exif)


def avif_boxes(count: int) -> bytes:
    return encoded(photo(16, 16), "AVIF") + b"\0\0\0\x08free" * count


ONE_PIXEL = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 1)]


def tiff_pages(count: int) -> bytes:
    """Return a TIFF of that many pages of one pixel."""
    rows = struct.pack("<H", len(ONE_PIXEL)) + b"".join(struct.pack("<HHII", *row) for row in ONE_PIXEL)
    size = len(rows) + 4
    directories = [rows + struct.pack("<I", 16 + size * (number + 1)) for number in range(count - 1)]
    return b"".join((b"II*\0\x10\0\0\0", bytes(8), *directories, rows, bytes(4)))


def svg_uses(levels: int) -> bytes:
    """Return an SVG each of whose groups uses the one before ten times."""
    groups = [f'<g id="g{n + 1}">' + f'<use xlink:href="#g{n}"/>' * 10 + "</g>" for n in range(levels)]
    return svg('<defs><rect id="g0" width="9" height="9"/>' + "".join(groups) + f'</defs><use xlink:href="#g{levels}"/>')


def svg_entities(levels: int = 9) -> bytes:
    """Return an SVG whose text is ten to the ninth times as long as it looks."""
    names = "abcdefghijklmnop"
    rest = [f'<!ENTITY {names[n + 1]} "{f"&{names[n]};" * 10}">' for n in range(levels)]
    return svg(f"<text>&{names[levels]};</text>", lead=f'<!DOCTYPE svg [<!ENTITY a "ha">{"".join(rest)}]>')


def runs_bmp(side: int, runs: bytes) -> bytes:
    """Return a BMP of run-length encoded pixels."""
    header = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(runs), 0, 0, 256, 0) + bytes(1024)
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + len(runs), 0, 0, 14 + len(header)) + header + runs


def spaced_pnm(filler: bytes, count: int) -> bytes:
    return b"P3" + filler * count + b" 1 1 9 1 1 1"


def commented_pnm(count: int) -> bytes:
    return b"P3 1 1 9 1 1 " + b"#\n" * count + b"1"
