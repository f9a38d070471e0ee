"""XMP in a JPEG: a packet in one segment, and what does not fit into it, its extension, in more of them.

Elsewhere XMP is one packet of any size. So reading puts an extension back, and writing takes the largest properties out.

Sources: XMP Specification Part 1, Data Model, Serialization, and Core Properties, Adobe, 2012, 7; Part 3, Storage in Files,
2020, 1.1.3 and 1.1.3.1.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Container, Iterator, Sequence

from pixelmill.codecs.rdf import RDF, Node, Property, Unreadable, edited, read_rdf
from pixelmill.errors import UnsupportedFormat

NAME = b"http://ns.adobe.com/xap/1.0/\0"
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
NOTE = (b"http://ns.adobe.com/xmp/note/", b"HasExtendedXMP")
"""The property that names a packet's extension."""
MAX_SEGMENT = 65_533
"""What a JPEG's marker segment holds beside its length, in bytes."""
MAX_PACKET = MAX_SEGMENT - len(NAME)
PIECE = 65_400
"""Bytes of an extension in one segment, as in the specification's example."""
GUID_LENGTH = 32
_PADDING = re.compile(rb"\s+(?=<\?xpacket end)")
_APP1, _SOS, _EOI = 0xE1, 0xDA, 0xD9
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_WRAPPED = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="%s">%s</rdf:RDF></x:xmpmeta>'
_NOTED = b'<rdf:Description xmlns:rdf="%s" rdf:about="%s" xmlns:xmpNote="%s" xmpNote:%s="%s"/>'


def xmp_of(jpeg: bytes) -> bytes | None:
    """Return the XMP packet of a JPEG, with its extension in it where all of that is there."""
    packet: bytes | None = None
    pieces: dict[bytes, list[tuple[int, int, bytes]]] = {}
    for content in _app1(jpeg):
        if content.startswith(NAME):
            packet = packet or content[len(NAME) :]
        elif content.startswith(EXTENSION) and len(content) >= len(EXTENSION) + GUID_LENGTH + 8:
            guid, rest = content[len(EXTENSION) :][:GUID_LENGTH], content[len(EXTENSION) + GUID_LENGTH :]
            pieces.setdefault(guid, []).append((*struct.unpack_from(">II", rest), rest[8:]))
    return _with_extension(packet, pieces) if packet and NOTE[1] in packet else packet


def segments(packet: bytes) -> Iterator[bytes]:
    """Yield what stands in the APP1 segments of a JPEG that has this packet.

    Raises:
        UnsupportedFormat: it is too large for one segment, and cannot be divided.
    """
    try:
        standard, extension = _divided(packet)
    except Unreadable as error:
        most = f"expected at most {MAX_PACKET} bytes of XMP, or properties that can be divided, to keep in a jpeg"
        raise UnsupportedFormat(f"{most}, got {len(packet)} bytes: {error}") from None
    yield NAME + standard
    for start in range(0, len(extension), PIECE):
        head = EXTENSION + _guid(extension) + struct.pack(">II", len(extension), start)
        yield head + extension[start : start + PIECE]


def _app1(jpeg: bytes) -> Iterator[bytes]:
    """Yield the content of the APP1 segments before the picture. Source: ITU-T T.81, annex B."""
    at = 2
    while (marker := _MARKER.search(jpeg, at)) and marker.end() + 2 <= len(jpeg):
        kind, at = marker[1][0], marker.end()
        if kind in (_SOS, _EOI):
            return
        length = struct.unpack_from(">H", jpeg, at)[0]
        if kind == _APP1:
            yield bytes(jpeg[at + 2 : at + length])
        at += length


def _guid(extension: bytes) -> bytes:
    return hashlib.md5(extension, usedforsecurity=False).hexdigest().upper().encode()


def _with_extension(packet: bytes, pieces: dict[bytes, list[tuple[int, int, bytes]]]) -> bytes:
    """Return a packet with the extension that it names; without where that is not whole. Either way, it names none then."""
    try:
        rdf = read_rdf(packet)
        notes = [each for node in rdf.nodes for each in node.properties if each.name == NOTE]
        guids = {guid for guid in pieces for note in notes if guid in packet[note.start : note.end]}
        nodes = b"".join(_nodes_of(_joined(pieces[guid])) for guid in sorted(guids))
        return edited(packet, [*((note.start, note.end, b"") for note in notes), (rdf.end, rdf.end, nodes)])
    except Unreadable:
        return packet


def _joined(pieces: list[tuple[int, int, bytes]]) -> bytes:
    """Return an extension of its pieces (length of the whole, offset, bytes), in whatever order; empty where one lacks."""
    parts, size = [], 0
    for _, offset, content in sorted(pieces, key=lambda piece: piece[1]):
        if offset == size:
            parts.append(content)
            size += len(content)
    return b"".join(parts) if {length for length, _, _ in pieces} == {size} else b""


def _nodes_of(extension: bytes) -> bytes:
    """Return the nodes of an extension as they may stand in any packet."""
    try:
        nodes = read_rdf(extension).nodes if extension else []
    except Unreadable:
        return b""
    return b"".join(
        edited(
            extension[node.start : node.end],
            [(node.named - node.start, node.named - node.start, node.declarations(own=False))],
        )
        for node in nodes
    )


def _divided(packet: bytes) -> tuple[bytes, bytes]:
    """Return a packet that fits into a segment, and an extension, which is empty where it needs none."""
    if len(packet) > MAX_PACKET:
        packet = _PADDING.sub(b"\n", packet)
    if len(packet) <= MAX_PACKET:
        return packet, b""
    nodes = read_rdf(packet).nodes
    if not nodes:
        raise Unreadable("it has no properties")
    properties = [each for node in nodes for each in node.properties]
    moved = {each for each in properties if each.name == NOTE}  # it names what is elsewhere
    room = MAX_PACKET - len(_note(nodes[0], bytes(GUID_LENGTH)))
    size = len(packet) - sum(each.end - each.start for each in moved)
    for each in sorted(properties, key=lambda each: each.start - each.end):
        if size <= room:
            break
        if each not in moved:
            moved.add(each)
            size -= each.end - each.start
    if size > room:
        raise Unreadable("what is not in its properties is too large already")
    extension = _WRAPPED % (RDF, b"".join(_extended(packet, node, moved) for node in nodes))
    note = (nodes[0].start, nodes[0].start, _note(nodes[0], _guid(extension)))
    cuts = [(each.start, each.end, b"") for node in nodes for each in _cut(node, moved)]
    return edited(packet, [note, *cuts]), extension


def _cut(node: Node, moved: Container[Property]) -> Sequence[Node | Property]:
    """Return what goes from a packet: properties of a node that are moved, or the node if nothing is left."""
    gone = [each for each in node.properties if each in moved]
    return gone if len(gone) < len(node.properties) else [node]


def _note(node: Node, guid: bytes) -> bytes:
    """Return a node, about what another one is, that names an extension."""
    return _NOTED % (RDF, node.about, *NOTE, guid)


def _extended(packet: bytes, node: Node, moved: Container[Property]) -> bytes:
    """Return what of a node goes into an extension."""
    parts = [each for each in node.properties if each in moved and each.name != NOTE]
    if not parts:
        return b""
    attributes, elements = (
        b"".join(packet[each.start : each.end] for each in parts if each.is_attribute == kind) for kind in (True, False)
    )
    tag = packet[node.start + 1 : node.named]
    about = b' rdf:about="%s"' % node.about
    return b"<%s%s%s%s>%s</%s>" % (tag, node.declarations(own=True), about, attributes, elements, tag)
