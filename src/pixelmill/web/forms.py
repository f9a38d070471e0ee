"""A form's picture and fields, read as its bytes come in: nothing is written to a file.

Source: RFC 7578, Returning Values from Forms: multipart/form-data.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from pixelmill.errors import ImageTooLarge, InvalidPipeline, expected, shown

# What is wrong with a form is said to who sent it.
logging.getLogger("python_multipart").setLevel(logging.ERROR)
PICTURE = "image"
FIELD_BYTES = 4 * 1024 * 1024
"""The most that a form's fields may have together, bytes: a pipeline may hold a logo."""
BOUNDARY_BYTES = 70
"""Source: RFC 2046, 5.1.1."""
OVERHEAD_BYTES = 64 * 1024
"""Room for boundaries and the parts' headers, bytes."""


class Form:
    """One form: feed it its bytes, then ask for what was in it.

    Args:
        content_type: the request's, with the boundary.
        most: bytes that the picture may have.
        names: of the fields that there may be. Whatever else has a file's name, or is named "image", is the picture.

    Attributes:
        fields: the fields' texts by their names, once the form has ended.
        picture: the picture, once the form has ended; None where there was none.

    Raises:
        InvalidPipeline: there is no boundary, or one that is too long.
    """

    def __init__(self, content_type: str, most: int, names: Collection[str]) -> None:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if not 0 < len(boundary) <= BOUNDARY_BYTES:
            wanted = f"a boundary of 1 to {BOUNDARY_BYTES} characters"
            raise InvalidPipeline(expected(wanted, "the form's Content-Type", content_type))
        self.fields: dict[str, str] = {}
        self.picture: bytes | None = None
        self._most = most
        self._names = names
        self._name = ""
        self._header = [b"", b""]
        self._disposition = b""
        self._chunks: list[bytes] = []
        self._size = self._field_bytes = 0
        self._is_whole = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._on_part,
                "on_end": self._on_end,
            },
        )

    def feed(self, data: bytes) -> None:
        """Take more of the form.

        Raises:
            InvalidPipeline: it is none, or has a field that is not known, or one twice, or a second picture.
            ImageTooLarge: the picture, or the fields together, are larger than may be.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise InvalidPipeline(f"expected a form (multipart/form-data), got: {error}") from None

    def end(self) -> None:
        """Say that nothing more comes. Raises `InvalidPipeline` where something is missing."""
        if not self._is_whole:
            raise InvalidPipeline("expected a whole form (multipart/form-data), got one that ends early")

    @property
    def _is_field(self) -> bool:
        return self._name in self._names

    def _begin(self) -> None:
        self._disposition, self._chunks, self._size = b"", [], 0

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _on_header_end(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            if self._disposition:
                raise InvalidPipeline("expected one Content-Disposition in each part of the form, got two")
            self._disposition = value
        self._header = [b"", b""]

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._is_field:
            if self._name in self.fields:
                raise InvalidPipeline(f"expected one field {self._name} in the form, got two")
        elif b"filename" not in options and self._name != PICTURE:
            known = ", ".join((*self._names, PICTURE))
            raise InvalidPipeline(expected(f"one of {known}, or a file,", "a field of the form", self._name))
        elif self.picture is not None:
            raise InvalidPipeline(f"expected one picture in the form, got another one in field {shown(self._name)}")

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        size = end - start
        if self._is_field:
            self._field_bytes += size
            if self._field_bytes > FIELD_BYTES:
                raise ImageTooLarge(f"expected at most {FIELD_BYTES} bytes for the form's fields, got more")
        else:
            self._size += size
            if self._size > self._most:
                raise ImageTooLarge(f"expected at most {self._most} bytes for the picture, got more")
        self._chunks.append(data[start:end])

    def _on_part(self) -> None:
        content = b"".join(self._chunks)
        self._chunks = []
        if not self._is_field:
            self.picture = content
            return
        try:
            self.fields[self._name] = content.decode()
        except UnicodeDecodeError:
            raise InvalidPipeline(expected("text in UTF-8", f"the form's field {self._name}", content)) from None

    def _on_end(self) -> None:
        self._is_whole = True
