"""A finished picture, as it is kept in the cache's files and as it goes to clients."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import asdict, dataclass, field

MAGIC = b"PXM1"
_LENGTHS = struct.Struct("<4sIQ")


@dataclass(frozen=True)
class Picture:
    """An encoded picture and what it was made of.

    Attributes:
        format: its format's name.
        digest: SHA-256 of its bytes, hexadecimal: its strong validator.
        validator: what told the source's version; empty where nothing did.
        source_digest: SHA-256 of the source's bytes, hexadecimal.
    """

    data: bytes = field(repr=False)
    format: str
    digest: str
    validator: str
    source_digest: str

    @classmethod
    def of(cls, data: bytes, format: str, validator: str, source_digest: str) -> Picture:
        """Return a picture that has just been made."""
        return cls(data, format, hashlib.sha256(data).hexdigest(), validator, source_digest)

    def to_bytes(self) -> bytes:
        """Return what a file of the cache holds: lengths, what is known in JSON, the picture."""
        head = json.dumps({name: value for name, value in asdict(self).items() if name != "data"}).encode()
        return _LENGTHS.pack(MAGIC, len(head), len(self.data)) + head + self.data

    @classmethod
    def from_bytes(cls, content: bytes) -> Picture:
        """Read `to_bytes`'s form. Raises `ValueError` where it is damaged, or of another version."""
        if len(content) < _LENGTHS.size:
            raise ValueError("too short")
        magic, head_length, length = _LENGTHS.unpack_from(content)
        at = _LENGTHS.size + head_length
        if magic != MAGIC or len(content) != at + length:
            raise ValueError("not as long as it says")
        head = json.loads(content[_LENGTHS.size : at])
        picture = cls(content[at:], **{name: str(head[name]) for name in ("format", "digest", "validator", "source_digest")})
        if hashlib.sha256(picture.data).hexdigest() != picture.digest:
            raise ValueError("damaged")
        return picture
