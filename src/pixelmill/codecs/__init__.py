"""Encoded pictures in and out: what a file is, its pixels, and the bytes of a new one."""

from pixelmill.codecs.decode import Source, decode, open_source, reduced_size
from pixelmill.codecs.encode import encode
from pixelmill.codecs.formats import FORMATS, WRITABLE, Format, format_of
from pixelmill.codecs.header import Header, probe
from pixelmill.codecs.output import Output

__all__ = [
    "FORMATS",
    "WRITABLE",
    "Format",
    "Header",
    "Output",
    "Source",
    "decode",
    "encode",
    "format_of",
    "open_source",
    "probe",
    "reduced_size",
]
