"""Where the properties of an XMP packet stand in its bytes, so that it can be changed and otherwise stay as it is.

Source: XMP Specification Part 1, Data Model, Serialization, and Core Properties, Adobe, 2012, 7; RDF/XML Syntax, W3C, 2004.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

RDF = b"http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML = b"http://www.w3.org/XML/1998/namespace"
Name = tuple[bytes, bytes]
"""A namespace and a local name."""
ROOT: Name = (RDF, b"RDF")
"""The element whose children are the nodes."""
# Of XML that is known to be well-formed and has no document type.
_TOKEN = re.compile(
    rb"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(?P<closing>/?)(?P<tag>[^\s/>!?]+)"""
    rb"""(?P<attributes>(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(?P<empty>/?)>""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""", re.DOTALL)


class Unreadable(Exception):
    """It is no XMP: no well-formed XML in UTF-8, or XML of something else."""


class Property(NamedTuple):
    """A property, as an attribute (with the space before it) or as an element, and where it stands."""

    start: int
    end: int
    name: Name
    is_attribute: bool


@dataclass
class Node:
    """A node of properties.

    Attributes:
        start, named, end: where it starts, where its tag's name ends, and where it ends.
        about: what it is about, as it stands there.
        outer, own: namespaces by prefix, of what is around it and of its own.
    """

    start: int
    named: int
    about: bytes
    outer: dict[bytes, bytes]
    own: dict[bytes, bytes]
    end: int = 0
    properties: list[Property] = field(default_factory=list)

    def declarations(self, *, own: bool) -> bytes:
        """Return attributes that declare the namespaces around it, and its own, too, or those that it does not hide."""
        found = self.outer | self.own if own else {k: uri for k, uri in self.outer.items() if k not in self.own}
        return b"".join(b' xmlns%s="%s"' % (b":" + prefix if prefix else b"", uri) for prefix, uri in found.items())


class Rdf(NamedTuple):
    """The nodes of a packet, and where its end tag stands: more can be put there."""

    nodes: list[Node]
    end: int


def read_rdf(packet: bytes) -> Rdf:
    """Return the nodes of a packet.

    Raises:
        Unreadable: it is no XMP.
    """
    _check(packet)
    nodes: list[Node] = []
    scopes: list[dict[bytes, bytes]] = [{}]
    path: list[Name] = []
    child, child_name = 0, (b"", b"")
    for token in _TOKEN.finditer(packet):
        if token["tag"] is None:
            continue
        inside, within = path[-1:] == [ROOT], path[-2:-1] == [ROOT]
        if token["closing"]:
            if inside:
                return Rdf(nodes, token.start())
            path.pop()
            scopes.pop()
            if within:
                nodes[-1].end = token.end()
            elif path[-2:-1] == [ROOT]:
                nodes[-1].properties.append(Property(child, token.end(), child_name, False))
            continue
        own = {prefix: found[2][1:-1] for found in _attributes(token) if (prefix := _declared(found[1])) is not None}
        scope = scopes[-1] | own
        name = _resolved(token["tag"], scope)
        if inside:
            nodes.append(_node(token, scopes[-1], own))
        elif within:
            child, child_name = token.start(), name
            if token["empty"]:
                nodes[-1].properties.append(Property(child, token.end(), name, False))
        if not token["empty"]:
            path.append(name)
            scopes.append(scope)
    raise Unreadable("it has no RDF")


def _attributes(tag: re.Match[bytes]) -> Iterator[re.Match[bytes]]:
    return _ATTRIBUTE.finditer(tag.string, tag.start("attributes"), tag.end("attributes"))


def _node(tag: re.Match[bytes], outer: dict[bytes, bytes], own: dict[bytes, bytes]) -> Node:
    """Return a node that ends with its tag, and has what that says."""
    node = Node(tag.start(), tag.end("tag"), b"", outer, own, tag.end())
    for found in _attributes(tag):
        name = _resolved(found[1], outer | own, plain=b"")
        if name == (RDF, b"about"):
            node.about = found[2][1:-1]
        elif name[0] not in (RDF, XML, b"") and _declared(found[1]) is None:
            node.properties.append(Property(*found.span(), name, True))
    return node


def edited(data: bytes, changes: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Return bytes with some spans replaced: (start, end, by what); they do not overlap."""
    parts: list[bytes] = []
    at = 0
    for start, end, made in sorted(changes):
        parts += data[at:start], made
        at = end
    return b"".join((*parts, data[at:]))


def _check(packet: bytes) -> None:
    """Raise `Unreadable` for what is no well-formed XML in UTF-8, or has a document type, which XMP never has."""
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(packet.rstrip(b"\0"), True)
    except expat.ExpatError as error:
        raise Unreadable(f"no well-formed XML ({error})") from None


def _refuse(*declaration: object) -> None:
    raise Unreadable("it has a document type")


def _declared(attribute: bytes) -> bytes | None:
    """Return the prefix that an attribute declares; None where it is another."""
    if attribute == b"xmlns":
        return b""
    return attribute.removeprefix(b"xmlns:") if attribute.startswith(b"xmlns:") else None


def _resolved(name: bytes, scope: dict[bytes, bytes], plain: bytes | None = None) -> Name:
    """Return a name with its namespace; `plain` is that of one without a prefix, where it is not the default one."""
    prefix, _, local = name.rpartition(b":")
    if not prefix and plain is not None:
        return plain, local
    return XML if prefix == b"xml" else scope.get(prefix, b""), local
