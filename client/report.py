"""What the demo shows: the stage lines of each picture, the times, and the load on each instance."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

import image_processing_pb2 as pb

FULL_WIDTH = 100
TIMES_AT = 60
WATERMARKS = ("text", "logo")
POOLS = ("resize", "filter", "watermark", "format", "worker")


class Facts(NamedTuple):
    """What is said about an encoded picture: its size in px, as "1280×720", and in bytes, as "467 kB"."""

    pixels: str
    size: str


@dataclass(frozen=True)
class Done:
    """One picture that came back, and where it was written. `round_trip_ms` is what the client measured."""

    name: str
    path: Path
    before: Facts
    after: Facts
    trace: pb.Trace
    round_trip_ms: float


class Step(NamedTuple):
    """One operation of a trace, and the time it took in ms; a hop's decoding, encoding and the way to it are its own."""

    operation: str
    instance: str
    compute_ms: float
    queue_ms: float
    transfer_ms: float
    attempts: int


def make_console(*, stderr: bool = False) -> Console:
    """Return a console that keeps the tables whole where the output goes into a file or a pipe."""
    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=max(console.width, FULL_WIDTH))


def steps(trace: pb.Trace) -> Iterator[Step]:
    """Yield the steps of a trace in order; a hop that only encodes is a step named ""."""
    for hop in trace.hops:
        last = len(hop.operations) - 1
        if last < 0:
            compute = (hop.decode_us + hop.encode_us) / 1000
            yield Step("", hop.instance, compute, hop.queue_us / 1000, hop.transfer_us / 1000, hop.attempts)
        for number, (operation, took) in enumerate(zip(hop.operations, hop.operations_us, strict=True)):
            first = number == 0
            compute = took + (hop.decode_us if first else 0) + (hop.encode_us if number == last else 0)
            queue, transfer = (hop.queue_us, hop.transfer_us) if first else (0, 0)
            yield Step(operation, hop.instance, compute / 1000, queue / 1000, transfer / 1000, hop.attempts if first else 1)


def facts(data: bytes) -> Facts:
    """Return the facts about `data`; "?" as the size in px where this client cannot read it, as the server is the judge."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            pixels = f"{picture.width}×{picture.height}"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        pixels = "?"
    count = len(data)
    return Facts(pixels, f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1000))} kB")


def show_picture(console: Console, done: Done) -> None:
    """Print one picture's stage lines, in the words of the orchestrator's log, with the times of each step."""
    title = Text.assemble((done.name, "bold"), f" → {done.path.name}")
    title.append(f"  {', '.join(done.before)} → {', '.join(done.after)}, {done.round_trip_ms:.0f} ms", "dim")
    console.print(title, soft_wrap=True)
    for line, step in _stage_lines(list(steps(done.trace))):
        console.print(_with_times(line, step, in_full=console.width >= FULL_WIDTH), soft_wrap=True)


def _stage_lines(all_steps: list[Step]) -> Iterator[tuple[str, Step | None]]:
    filters = [step for step in all_steps if step.operation not in ("", "resize", *WATERMARKS)]
    number = 0
    for step in all_steps:
        using = f"(using {step.instance})"
        if step.operation == "resize":
            yield f"🖼️  STAGE 1: Resizing image... {using}", step
        elif step.operation in WATERMARKS:
            yield f"🏷️  STAGE 3: Adding watermark... {using}", step
        elif not step.operation:
            yield f"💾 STAGE 4: Encoding image... {using}", step
        else:
            number += 1
            if number == 1:
                yield f"🎨 STAGE 2: Applying {len(filters)} filter(s)...", None
            yield f"   [{number}/{len(filters)}] Applying {step.operation.upper()}... {using}", step


def _with_times(line: str, step: Step | None, *, in_full: bool) -> Text:
    text = Text(line)
    if step is not None:
        text.append(" " * max(1, TIMES_AT - cell_len(line)))
        text.append(f"{step.compute_ms:6.1f} ms", "dim")
        if in_full:
            text.append(f" (queue {step.queue_ms:.1f}, transfer {step.transfer_ms:.1f})", "dim")
        if step.attempts > 1:
            text.append(f"  {step.attempts} attempts", "yellow")
    return text


def times_table(parts: dict[str, list[Done]]) -> Table:
    """Return the table of what became of each picture and how long each kind of work took; one part for each RPC."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("times in ms", overflow="fold", min_width=12)
    for header in ("px", "bytes", "resize", "filter", "mark", "format", "moving", "total"):
        table.add_column(header, justify="right")
    for rpc, pictures in parts.items():
        table.add_row(Text(rpc, "bold"))
        for done in pictures:
            kinds = _by_kind(done.trace)
            times = [f"{kinds[kind]:.1f}" for kind in ("resize", "filter", "watermark", "format", "moving")]
            changes = [f"{before} → {after}" for before, after in zip(done.before, done.after, strict=True)]
            table.add_row(Text(f"  {Path(done.name).stem}"), *changes, *times, f"{done.trace.total_us / 1000:.1f}")
    return table


def _by_kind(trace: pb.Trace) -> Counter[str]:
    """Return ms by kind of work. Decoding counts as resizing: both run as one where the decoder shrinks."""
    spent: Counter[str] = Counter(moving=trace.queue_us)
    for hop in trace.hops:
        spent["resize"] += hop.decode_us
        spent["format"] += hop.encode_us
        spent["moving"] += hop.queue_us + hop.transfer_us
        for operation, took in zip(hop.operations, hop.operations_us, strict=True):
            kind = "watermark" if operation in WATERMARKS else "resize" if operation == "resize" else "filter"
            spent[kind] += took
    return Counter({kind: took / 1000 for kind, took in spent.items()})


def load_table(instances: Iterable[pb.InstanceInfo], traces: Iterable[pb.Trace]) -> Table:
    """Return the table of what each instance did in this run; also those that only the traces know."""
    calls: Counter[str] = Counter()
    compute_us: Counter[str] = Counter()
    pool_of: dict[str, str] = {}
    for hop in (hop for trace in traces for hop in trace.hops):
        calls[hop.instance] += 1
        compute_us[hop.instance] += hop.decode_us + sum(hop.operations_us) + hop.encode_us
        pool_of[hop.instance] = hop.pool
    rows = [(_in_traces(info, calls), info) for info in instances]
    known = {key for key, _ in rows}
    rows += [(key, pb.InstanceInfo(name=key, pool=pool_of[key], healthy=True)) for key in sorted(calls) if key not in known]
    rows.sort(key=lambda row: POOLS.index(row[1].pool) if row[1].pool in POOLS else len(POOLS))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for header in ("load", "instance", "address", "health"):
        table.add_column(header, overflow="fold")
    table.add_column("calls", justify="right")
    table.add_column("compute ms", justify="right")
    table.add_column("")
    scale = max(1.0, max(calls.values(), default=0) / 20)
    last_pool = ""
    for key, info in rows:
        health = Text("● healthy", "green") if info.healthy else Text(f"✗ {info.problem or 'not healthy'}", "red")
        bar = Text("█" * round(calls[key] / scale), "cyan")
        pool = info.pool if info.pool != last_pool else ""
        last_pool = info.pool
        spent = f"{compute_us[key] / 1000:.1f}"
        table.add_row(Text(pool, "bold"), Text(info.name), Text(info.address or "—"), health, str(calls[key]), spent, bar)
    return table


def _in_traces(info: pb.InstanceInfo, calls: Counter[str]) -> str:
    """Return the key under which the traces know an instance: name:port of where it listens.

    A published port is another one than the instance's own, so a name that only one instance has is enough.
    """
    exact = f"{info.name}:{info.address.rpartition(':')[2]}"
    same_name = [key for key in calls if key.rpartition(":")[0] == info.name]
    return exact if exact in calls or len(same_name) != 1 else same_name[0]
