"""Encoded pictures in and out: what a file is, its pixels, and the bytes of a new one."""

from pixelmill.codecs.decode import Reading, Source, decode, open_source, read, reduced_size
from pixelmill.codecs.encode import check_frames, encode, encode_picture
from pixelmill.codecs.formats import FORMATS, KEPT, READABLE, WRITABLE, Format, Kept, format_of
from pixelmill.codecs.header import Header, probe, probe_plain
from pixelmill.codecs.metadata import may_keep_profile
from pixelmill.codecs.output import Output

__all__ = [
    "FORMATS",
    "KEPT",
    "READABLE",
    "WRITABLE",
    "Format",
    "Header",
    "Kept",
    "Output",
    "Reading",
    "Source",
    "check_frames",
    "decode",
    "encode",
    "encode_picture",
    "format_of",
    "may_keep_profile",
    "open_source",
    "probe",
    "probe_plain",
    "read",
    "reduced_size",
]
