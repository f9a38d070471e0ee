"""Pictures on demand over HTTP, beside image proxies that one would use instead: thumbor, and IPX, sharp behind HTTP.

    python -m benchmarks.proxies [--rounds 5] [--seconds 3] [--concurrency 8] [--json]

All make the same pictures of the same files, which have many names so that nobody can make one for several; nothing is kept.
They take their turn on the same cores, which the client shares; medians are reported. Compare the ratios.
"""

from __future__ import annotations

import http.client
import io
import json
import statistics
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from pathlib import Path

from PIL import Image
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.engine import pictures
from benchmarks.engine.install import NotInstalled
from benchmarks.engine.process import ROOT
from benchmarks.fleet.load import in_turn, one_round, progress
from benchmarks.options import parser
from benchmarks.proxies.servers import SERVERS, Order, Server

FOLDER = ROOT / "build/proxies"
NAMES = 64
"""Names of each file: more than there are requests at a time."""


@dataclass(frozen=True)
class Workload:
    """A file, what is made of it, and both in words."""

    name: str
    meaning: str
    source: bytes
    order: Order


@dataclass(frozen=True)
class Row:
    """One server at one workload: medians over the rounds; the ratios are medians of ratios, to Pixelmill.

    Attributes:
        rate: pictures a second.
        latency_ms: the median.
        cpu_ms: CPU time of the server for a picture.
        kb: size of a picture, in thousands of bytes.
    """

    workload: str
    server: str
    rate: float
    rate_ratio: float
    latency_ms: float
    cpu_ms: float
    cpu_ratio: float
    kb: float


def main() -> None:
    """Run the benchmark and print its table."""
    command = parser(__doc__, seconds=3.0, rounds=5)
    command.add_argument("--concurrency", type=int, default=8, help="requests at a time (%(default)d)")
    options = command.parse_args()
    made = workloads()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        photos = Path(temporary)
        for workload in made:
            for number in range(NAMES):
                (photos / f"{workload.name}{number}.jpg").write_bytes(workload.source)
        servers = list(start(stack, photos))
        step = stack.enter_context(progress(len(made) * (options.rounds + 1)))
        rows = [
            row
            for workload in made
            for row in measure(workload, servers, options.concurrency, options.seconds, options.rounds, step)
        ]
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        show(rows, made, options.concurrency)


def workloads() -> list[Workload]:
    """Return what is asked for."""
    folder = ROOT / "build/engine/pictures"
    pictures.make(folder)
    photo = (folder / "photo12.jpg").read_bytes()
    medium, small = smaller(photo, (1920, 1440)), smaller(photo, (640, 480))
    return [
        Workload("large", "12-megapixel JPEG → 1280 px JPEG q85", photo, Order(1280, "jpeg", 85)),
        Workload("webp", "12-megapixel JPEG → 640 px WebP q80", photo, Order(640, "webp", 80)),
        Workload("medium", "1920×1440 JPEG → 640 px JPEG q85", medium, Order(640, "jpeg", 85)),
        Workload("thumbnail", "640×480 JPEG → 160 px JPEG q85", small, Order(160, "jpeg", 85)),
    ]


def smaller(data: bytes, size: tuple[int, int]) -> bytes:
    """Return a photograph as a JPEG of another size."""
    stream = io.BytesIO()
    with Image.open(io.BytesIO(data)) as opened:
        opened.resize(size, Image.Resampling.LANCZOS).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def start(stack: ExitStack, photos: Path) -> Iterator[Server]:
    """Start all that can be had, Pixelmill first."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for server in SERVERS:
        try:
            yield stack.enter_context(server(photos, FOLDER))
        except NotInstalled as error:
            Console(stderr=True).print(f"{server.__name__} is skipped: {error}")


def measure(
    workload: Workload,
    servers: Sequence[Server],
    concurrency: int,
    seconds: float,
    rounds: int,
    step: Callable[[], None],
) -> Iterator[Row]:
    """Measure each server in turn, `rounds` times, after once to warm up."""
    sizes = {server.name: check(server, workload) for server in servers}
    turns = {
        server.name: partial(one_round, Asking(server, workload).once, concurrency, seconds, server.processes)
        for server in servers
    }
    taken = in_turn(turns, rounds, step)
    first = taken[servers[0].name]
    for name, several in taken.items():
        pairs = list(zip(several, first, strict=True))
        yield Row(
            workload.name,
            name,
            statistics.median(one.rate for one in several),
            statistics.median(one.rate / own.rate for one, own in pairs),
            1000 * statistics.median(one.latency_s for one in several),
            1000 * statistics.median(one.cpu_s for one in several),
            statistics.median(one.cpu_s / own.cpu_s for one, own in pairs),
            sizes[name] / 1000,
        )


class Asking:
    """Asks a server for one name after the other; each thread over a connection of its own."""

    def __init__(self, server: Server, workload: Workload) -> None:
        self._server = server
        self._workload = workload
        self._numbers = count()
        self._threads = threading.local()

    def once(self) -> bytes:
        """Get the next picture. Raises `RuntimeError` where the answer is none."""
        if not hasattr(self._threads, "connection"):
            self._threads.connection = http.client.HTTPConnection(self._server.netloc)
        connection = self._threads.connection
        path = self._server.path(f"{self._workload.name}{next(self._numbers) % NAMES}.jpg", self._workload.order)
        connection.request("GET", path)
        answer = connection.getresponse()
        body: bytes = answer.read()
        if answer.status != http.HTTPStatus.OK or not body:
            raise RuntimeError(f"expected a picture from {self._server.name}, got {answer.status} for {path}")
        return body


def check(server: Server, workload: Workload) -> int:
    """Return the size of what a server makes. Raises `RuntimeError` where that is not what was asked for."""
    data = Asking(server, workload).once()
    with Image.open(io.BytesIO(data)) as made:
        if (made.width, (made.format or "").lower()) != (workload.order.width, workload.order.format):
            raise RuntimeError(f"expected {workload.order} of {server.name}, got {made.width} px, {made.format}")
    return len(data)


def show(rows: Sequence[Row], made: Sequence[Workload], concurrency: int) -> None:
    """Print the table."""
    table = Table("workload", "server", box=box.SIMPLE_HEAD)
    for heading in ("pictures/s", "ratio", "p50, ms", "CPU, ms", "ratio", "kB"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row.workload,
            row.server,
            f"{row.rate:.1f}",
            f"{row.rate_ratio:.2f}",
            f"{row.latency_ms:.1f}",
            f"{row.cpu_ms:.1f}",
            f"{row.cpu_ratio:.2f}",
            f"{row.kb:.1f}",
        )
    console = Console()
    console.print(table)
    for workload in made:
        console.print(f"{workload.name}: {workload.meaning}")
    console.print(f"{concurrency} requests at a time")


if __name__ == "__main__":
    main()
