"""The URLs that pictures may be fetched from, and the hosts that may be inside one's own network."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

import fsspec
import httpx

from pixelmill.errors import InvalidPipeline, SourceForbidden, expected, shown

WEB = {"http": 80, "https": 443}
LOCAL = ("file", "local", "")
_HOST = re.compile(r"(?:\*|(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|[0-9a-f:.]*:[0-9a-f:.]*)")
_STORAGE = re.compile(r"([a-z][a-z0-9+.-]*)://(.+)")
_SEPARATORS = re.compile(rb"[/\\]")
_OVERLONG = re.compile(rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}")
"""ASCII, or another character, in more bytes than UTF-8 has for it: some decode that to dots and slashes."""


@dataclass(frozen=True)
class Host:
    """A host by its name, `*.NAME` for all below it, or `*` for all; and the port, 0 for any."""

    name: str
    port: int = 0

    def covers(self, name: str, port: int) -> bool:
        """Tell whether it stands for the host of that name."""
        below = self.name.removeprefix("*")
        named = name == self.name or (below != self.name and name.endswith(below))
        return named and self.port in (0, port)


@dataclass(frozen=True)
class Prefix:
    """What the URLs that it allows begin with: all of them scheme, host and the folders of the path."""

    scheme: str
    host: Host
    folders: tuple[str, ...]

    def covers(self, url: httpx.URL) -> bool:
        """Tell whether a URL begins with it."""
        within = url.scheme == self.scheme and self.host.covers(host_of(url), port_of(url))
        return within and folders_of(url.raw_path.decode("ascii").partition("?")[0])[: len(self.folders)] == self.folders


def folders_of(path: str) -> tuple[str, ...]:
    """Return the names of the folders in a path, decoded one by one: a slash that is encoded parts nothing."""
    return tuple(map(unquote, path.split("/")[1:-1]))


def host_of(url: httpx.URL) -> str:
    """Return a URL's host as it is looked up: in lower case, as IDNA writes it, without a dot at its end."""
    return url.raw_host.decode("ascii").lower().removesuffix(".")


def port_of(url: httpx.URL) -> int:
    """Return a URL's port."""
    return url.port or WEB[url.scheme]


def parse_url(text: str) -> httpx.URL:
    """Read a URL of http or https; what other programs may read in another way is refused.

    Raises:
        SourceForbidden: it has a user, dots for folders, backslashes, spaces, or no sane host.
    """
    if not text.isprintable() or "\\" in text or " " in text:
        raise SourceForbidden(expected("a URL without spaces, backslashes and control characters", "the source", text))
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise SourceForbidden(expected("a URL", "the source", text)) from None
    if url.scheme not in WEB or url.userinfo or not _HOST.fullmatch(host_of(url)) or url.port == 0:
        raise SourceForbidden(expected("http:// or https://, a host's name, and no user", "the source", text))
    _check_path(text.partition("://")[2].partition("?")[0].partition("#")[0])
    return url.copy_with(fragment=None, host=host_of(url))


def _check_path(path: str) -> None:
    """Raise `SourceForbidden` where a path goes up, in any spelling that a server may decode."""
    raw = unquote_to_bytes(path)
    parts = _SEPARATORS.split(raw)
    # Servers of Java leave out what follows a semicolon.
    if any(part.partition(b";")[0] in (b".", b"..") for part in parts) or b"\0" in raw or _OVERLONG.search(raw):
        raise SourceForbidden(expected("a path without dots for folders", "the source", path))


class AllowList:
    """What may be fetched.

    Args:
        urls: prefixes separated by commas or spaces: `https://images.example.com/photos/`, `https://*.example.com/`,
            `https://*/`, `s3://bucket/folder/`.
        internal: hosts that may be in one's own network: `HOST`, `HOST:PORT`, `*.DOMAIN`.

    Raises:
        InvalidPipeline: one of them cannot be read, or a package is missing that it needs.
    """

    def __init__(self, urls: Iterable[str] | str = "", internal: str = "") -> None:
        self._web: list[Prefix] = []
        self._storage: list[str] = []
        for item in items(urls) if isinstance(urls, str) else urls:
            if item.partition("://")[0].lower() in WEB:
                self._web.append(_prefix(item))
            else:
                self._storage.append(_storage_prefix(item))
        self._internal = [parse_host(item, "PIXELMILL_SOURCE_INTERNAL") for item in items(internal)]

    def web(self, text: str) -> httpx.URL:
        """Return a URL of http or https that may be fetched. Raises `SourceForbidden`."""
        url = parse_url(text)
        if not any(prefix.covers(url) for prefix in self._web):
            raise SourceForbidden(f"expected a URL that PIXELMILL_SOURCE_URLS allows for the source, got {shown(text)}")
        return url

    def storage(self, text: str) -> str:
        """Return a URL of another scheme that may be read. Raises `SourceForbidden`."""
        _check_path(text.partition("://")[2])
        if "::" in text or not any(text.startswith(prefix) for prefix in self._storage):
            raise SourceForbidden(f"expected a URL that PIXELMILL_SOURCE_URLS allows for the source, got {shown(text)}")
        return text

    def is_internal(self, host: str, port: int) -> bool:
        """Tell whether a host may be in one's own network."""
        return any(one.covers(host, port) for one in self._internal)


def items(text: str) -> list[str]:
    """Return the items of a setting, which commas or spaces separate."""
    return text.replace(",", " ").split()


def _prefix(item: str) -> Prefix:
    scheme, _, rest = item.partition("://")
    authority, _, path = rest.partition("/")
    host = parse_host(authority, "PIXELMILL_SOURCE_URLS")
    scheme = scheme.lower()
    if "?" in path or "#" in path:
        raise InvalidPipeline(expected("the beginning of a URL", "PIXELMILL_SOURCE_URLS", item))
    folders = folders_of(f"/{path.rstrip('/')}/") if path.rstrip("/") else ()
    return Prefix(scheme, Host(host.name, host.port or WEB[scheme]), folders)


def parse_host(text: str, variable: str) -> Host:
    """Return the host that an item of a variable names. Raises `InvalidPipeline`."""
    name, port = text, ""
    if match := re.fullmatch(r"(\[[^\]]*\]|[^:]*):(\d{1,5})", text):
        name, port = match[1], match[2]
    name = name.strip("[]").lower().removesuffix(".")
    if not name.isascii():
        name = httpx.URL(f"https://{name}/").raw_host.decode("ascii")
    if not _HOST.fullmatch(name) or int(port or "1") not in range(1, 65536):
        raise InvalidPipeline(expected("a host, *.DOMAIN or *, and a port or none,", variable, text))
    return Host(name, int(port or "0"))


def _storage_prefix(item: str) -> str:
    match = _STORAGE.fullmatch(item)
    if not match or match[1] in LOCAL or "::" in item:
        raise InvalidPipeline(expected("https://HOST/FOLDER/ or SCHEME://BUCKET/FOLDER/", "PIXELMILL_SOURCE_URLS", item))
    try:
        fsspec.get_filesystem_class(match[1])
    except (ImportError, ValueError) as error:
        raise InvalidPipeline(f"expected a scheme that fsspec can read for {item}, got: {error}") from None
    return item if item.endswith("/") else item + "/"
