"""What a picture on demand costs: made for the first time, from the cache, and where the client has it already; beside the
bare pipeline in process.

    python -m benchmarks.on_demand [--pictures 60] [--pipeline 'resize:640x | webp:80'] [--json] [PICTURE]

Each picture is a name of its own for one file. All ways take their turn with one name before the next one, so that what else
the machine does falls on all of them alike. One client, one connection, on one machine with the fleet.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import pixelmill
from pixelmill.fleet.embedded import EmbeddedFleet

KEY = "a-key-for-nothing-but-measurements"
ROOT = Path(__file__).parent.parent
WARM_UP = 5
BARE, MISS, HIT, KNOWN = (
    *("the bare pipeline, in process", "made for the first time"),
    *("from the cache", "304, as the client has it"),
)


@dataclass(frozen=True)
class Way:
    """One way to get a picture.

    Attributes:
        ms: median time, milliseconds.
        ratio: median of its time by the bare pipeline's for the same picture.
    """

    name: str
    ms: float
    ratio: float


def main() -> None:
    """Run the benchmark and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", nargs="?", type=Path, default=ROOT / "examples" / "photos" / "rocket.jpg")
    parser.add_argument("--pictures", type=int, default=60, help="names to go through (%(default)s)")
    parser.add_argument("--pipeline", default="resize:640x | webp:80", help="what is made of each (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _fleet(Path(folder)) as fleet:
        names = _names(Path(folder), arguments.picture, arguments.pictures + WARM_UP)
        ways = _measure(fleet, arguments.picture.read_bytes(), names, arguments.pipeline)
    if arguments.json:
        print(json.dumps([asdict(way) for way in ways], indent=2))
        return
    print("| Way | ms | Ratio to the bare pipeline |\n|---|---|---|")
    for way in ways:
        print(f"| {way.name} | {way.ms:.1f} | {way.ratio:.2f} |")


@contextmanager
def _fleet(folder: Path) -> Iterator[EmbeddedFleet]:
    (folder / "photos").mkdir()
    os.environ.update(
        PIXELMILL_URL_KEYS=KEY,
        PIXELMILL_SOURCE_ROOTS=str(folder / "photos"),
        PIXELMILL_CACHE_DIR=str(folder / "cache"),
        PIXELMILL_QUIET="true",
        PIXELMILL_LOG_LEVEL="error",
    )
    with EmbeddedFleet(0, 0, 0, worker=1, http_port=-1) as made:
        yield made


def _names(folder: Path, picture: Path, count: int) -> list[str]:
    data = picture.read_bytes()
    names = [f"{number}{picture.suffix}" for number in range(count)]
    for name in names:
        (folder / "photos" / name).write_bytes(data)
    return names


def _measure(fleet: EmbeddedFleet, data: bytes, names: list[str], pipeline: str) -> list[Way]:
    connection = http.client.HTTPConnection(urlsplit(fleet.http_url).netloc)
    wanted = pixelmill.run(data, pipeline).data
    times: dict[str, list[float]] = {BARE: [], MISS: [], HIT: [], KNOWN: []}
    for name in names:
        path = pixelmill.sign_url(pipeline, name, key=KEY)
        times[BARE].append(_timed(lambda: pixelmill.run(data, pipeline)))
        times[MISS].append(_timed(lambda: _get(connection, path, "fwd=miss", wanted)))  # noqa: B023 - called at once
        times[HIT].append(_timed(lambda: _get(connection, path, "hit", wanted)))  # noqa: B023
        times[KNOWN].append(_timed(lambda: _get(connection, path, "hit", b"", if_none_match="*")))  # noqa: B023
    measured = {way: several[WARM_UP:] for way, several in times.items()}
    return [
        Way(way, 1000 * median(several), median(own / bare for own, bare in zip(several, measured[BARE], strict=True)))
        for way, several in measured.items()
    ]


def _timed(get: Callable[[], object]) -> float:
    began = time.perf_counter()
    get()
    return time.perf_counter() - began


def _get(connection: http.client.HTTPConnection, path: str, came: str, wanted: bytes, if_none_match: str = "") -> None:
    connection.request("GET", path, headers={"If-None-Match": if_none_match} if if_none_match else {})
    answer = connection.getresponse()
    body = answer.read()
    if body != wanted or answer.headers["Cache-Status"] != f"pixelmill; {came}":
        raise RuntimeError(f"expected the picture, {came}, got {answer.status} {answer.headers['Cache-Status']}")


if __name__ == "__main__":
    main()
