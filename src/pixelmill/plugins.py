"""Where operations come from that are not Pixelmill's own: installed packages, and modules that were named.

A package offers its operations by an entry point of the group `pixelmill.operations`, whose object is a decorated function,
or the module that has them. Looking for packages and importing them takes time, so it is done when an operation is asked
for that nobody knows yet, or when all are listed.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pixelmill.errors import InvalidPipeline, expected

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "pixelmill.operations"
log = logging.getLogger("pixelmill")


class _State:
    """What this process has done about plugins."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.loading = self.looked = self.complete = False
        self.named: list[Callable[[], Iterable[str]]] = []
        self.files: set[Path] = set()
        self.loaded: dict[str, None] = {}
        self.failures: dict[str, str] = {}


_state = _State()


def load() -> None:
    """Import what was named and what is installed, once.

    An installed plugin that fails is logged, with the name of its package; the others load.

    Raises:
        InvalidPipeline: a module that was named cannot be imported.
    """
    if _state.complete:
        return
    with _state.lock:
        # A plugin may ask for an operation while it is imported: that finds those which are there by then.
        if _state.loading:
            return
        _state.loading = True
        try:
            while _state.named:
                load_modules(_state.named.pop(0)())
            if not _state.looked:
                _state.looked = True
                _load_installed()
            _state.complete = True
        finally:
            _state.loading = False


def _load_installed() -> None:
    from importlib.metadata import entry_points

    for point in entry_points(group=GROUP):
        try:
            point.load()
        except (Exception, SystemExit) as error:
            _state.failures[point.name] = f"the plugin {point.name!r} of {_package(point)} failed to load: {_told(error)}"
            log.warning("%s", _state.failures[point.name])


def name_modules(named: Callable[[], Iterable[str]]) -> None:
    """Have modules imported too when plugins are looked for; `named` tells which, as `load_modules` takes them."""
    with _state.lock:
        _state.named.append(named)
        _state.complete = False


def failure(name: object) -> str | None:
    """Return why the plugin of that name failed to load, None where none did."""
    return _state.failures.get(name) if isinstance(name, str) else None


def load_modules(names: Iterable[str]) -> None:
    """Import modules that define operations: each a module's dotted name, or the path of a file that ends in `.py`.

    Raises:
        InvalidPipeline: one of them cannot be imported.
    """
    with _state.lock:
        for name in names:
            try:
                if name.endswith(".py"):
                    _load_file(Path(name).resolve())
                else:
                    importlib.import_module(name)
            except (Exception, SystemExit) as error:
                raise InvalidPipeline(
                    expected("a module that can be imported, or the path of a .py file,", "the plugin", name)
                    + f": {_told(error)}"
                ) from error
            _state.loaded[name] = None


def loaded_modules() -> tuple[str, ...]:
    """Return the modules and files that `load_modules` has imported, in that order, for another process to do the same."""
    return tuple(_state.loaded)


def _load_file(path: Path) -> None:
    if path in _state.files:
        return
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{os.fspath(path)} is no Python file")
    module = importlib.util.module_from_spec(spec)
    # Its functions' types are looked up where their module is registered.
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    _state.files.add(path)


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
