"""A page whose errors are noticed."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page

OWN_SCHEMES = ("blob", "data")


class Watched:
    """A page; when its context is left, whatever it complained of or asked elsewhere fails the test.

    Attributes:
        page: the page.
        expected: parts of messages that are no fault, such as the browser's own about an answer that a test provokes.
    """

    def __init__(self, context: BrowserContext, picture: Path) -> None:
        self._context = context
        self._picture = picture
        self._complaints: list[str] = []
        self._hosts: set[str] = set()
        self.expected: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self._complaints.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))

    def __enter__(self) -> Self:
        self.page.goto("/")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._picture.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._picture)
        own = urlsplit(self.page.url).netloc
        self._context.close()
        if error is None:
            unexpected = [one for one in self._complaints if not any(known in one for known in self.expected)]
            assert unexpected == []
            assert self._hosts <= {own}

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append(message.text)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in OWN_SCHEMES:
            self._hosts.add(parts.netloc)


def watched(context: BrowserContext, picture: Path) -> Watched:
    """Open a page in a context; `picture` is where its last state is kept."""
    return Watched(context, picture)
