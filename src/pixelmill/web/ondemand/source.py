"""What every kind of source has in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Fetched:
    """A source's bytes, and what tells this version of it from the next; empty where nothing does."""

    data: bytes = field(repr=False)
    validator: str = ""


class Source(Protocol):
    """A picture that lies somewhere.

    Attributes:
        location: what tells it from all others.
        name: the file's name, without folders.
        is_near: whether looking for a new version costs next to nothing.
    """

    @property
    def location(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def is_near(self) -> bool: ...

    async def fetch(self, known: str = "") -> Fetched | None:
        """Return the picture; None where it is still the version that `known` is the validator of.

        Raises:
            SourceError: it cannot be had.
            ImageTooLarge: it has more bytes than a picture may have.
        """
