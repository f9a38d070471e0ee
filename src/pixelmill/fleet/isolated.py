"""The processes in which a server of the fleet works on what may crash."""

from __future__ import annotations

from pixelmill import plugins
from pixelmill.isolation import Cells, Upbringing
from pixelmill.settings import ServerSettings

_LOG_SETUP = "pixelmill.telemetry.logs:set_up_cell"


def cells_of(settings: ServerSettings, name: str, count: int, memory: int) -> Cells:
    """Return cells that know the plugins and the log of this server, not yet started.

    Args:
        name: the server's, for the log.
        count: jobs done at a time.
        memory: what each cell may have, bytes.
    """
    upbringing = Upbringing(plugins.loaded_modules(), memory, name, settings.log_level, settings.log_format, _LOG_SETUP)
    return Cells(count, upbringing)
