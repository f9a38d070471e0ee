"""The keys that an orchestrator knows: those whose signatures count."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable

from pixelmill.fleet.kept import Kept
from pixelmill.settings import OnDemandSettings
from pixelmill.signing import check_key, signature


class Keys:
    """The keys whose signatures count. The first one signs; several are valid at a time, so that they can be changed.

    Args:
        given: keys separated by commas.
        path: of a file with one key a line, read again when it changes; empty lines and those that begin with # do not
            count.
    """

    def __init__(self, given: str, path: str = "") -> None:
        self._given = tuple(check_key(key.strip(), "PIXELMILL_URL_KEYS") for key in given.split(",") if key.strip())
        self._from_file = _kept(path) if path else lambda: ()

    @property
    def first(self) -> str:
        """The key to sign with; empty where there is none."""
        return next(iter(self._all()), "")

    def admit(self, given: str, rest: bytes) -> bool:
        """Tell whether a signature is one of the keys'. Takes the same time for every wrong one."""
        stripped = given.removesuffix("=").encode()  # one, which some write: of more, addresses without number would work
        found = [hmac.compare_digest(stripped, signature(key, rest).encode()) for key in self._all()]
        return any(found)

    def _all(self) -> tuple[str, ...]:
        return self._given + self._from_file()


def _kept(path: str) -> Callable[[], tuple[str, ...]]:
    return Kept([path], lambda content: _keys_of(content.decode("utf-8", "replace").splitlines(), path)).current


def _keys_of(lines: Iterable[str], path: str) -> tuple[str, ...]:
    stripped = (line.strip() for line in lines)
    return tuple(check_key(line, path) for line in stripped if line and not line.startswith("#"))


def known_keys(settings: OnDemandSettings) -> Keys | None:
    """Return the keys that the settings name; None where they name none. Raises `InvalidPipeline`."""
    given = settings.url_keys.get_secret_value()
    return Keys(given, settings.url_keys_file) if given or settings.url_keys_file else None
