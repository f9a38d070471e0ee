"""The lines that the orchestrator prints for each request, all at once when it is done, so that they stay together."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import groupby

from pixelmill.fleet.history import Record
from pixelmill.result import HopReport

Step = tuple[str, str, str]
"""The kind of a stage, an operation's name, the instance that ran it."""

_KINDS = {"resize": "resize", "text": "watermark", "logo": "watermark"}


def print_request(record: Record) -> None:
    """Print the lines of a request that is done."""
    if not record.is_done:
        return
    lines = list(stage_lines(record.hops))
    milliseconds = record.total_s * 1000
    if record.outputs:
        made = "; ".join(
            f"{name and f'{name}: '}{info.width}×{info.height} {info.format}, {info.bytes:,} bytes"
            for name, info in record.outputs
        )
        lines.append(f"✅ DONE {record.id}: {made} in {milliseconds:.0f} ms")
    else:
        lines.append(f"❌ FAILED {record.id} after {milliseconds:.0f} ms: {record.problem}")
    # Whoever reads the log may be gone: that must not fail the request.
    with suppress(OSError, ValueError):
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def stage_lines(hops: tuple[HopReport, ...]) -> Iterator[str]:
    """Yield the lines for the hops that were made; those for one rendition alone under its name."""
    number = 0
    for name in dict.fromkeys(hop.rendition for hop in hops):
        if name:
            yield f"📐 RENDITION {name}:"
        for kind, steps in _stages(hop for hop in hops if hop.rendition == name):
            number += 1
            yield from _stage(number, kind, steps)


def _stages(hops: Iterable[HopReport]) -> Iterator[tuple[str, list[Step]]]:
    """Yield the steps that follow each other and are of one kind."""
    steps: list[Step] = [
        (_KINDS.get(name, "filter"), name, hop.instance) for hop in hops for name in hop.operations or ("encode",)
    ]
    for kind, group in groupby(steps, key=lambda step: "format" if step[1] == "encode" else step[0]):
        yield kind, list(group)


def _stage(number: int, kind: str, steps: list[Step]) -> Iterator[str]:
    match kind:
        case "resize":
            for _, _, instance in steps:
                yield f"🖼️  STAGE {number}: Resizing image... (using {instance})"
        case "watermark":
            for _, _, instance in steps:
                yield f"🏷️  STAGE {number}: Adding watermark... (using {instance})"
        case "format":
            yield f"💾 STAGE {number}: Encoding image... (using {steps[0][2]})"
        case _:
            yield f"🎨 STAGE {number}: Applying {len(steps)} filter(s)..."
            for index, (_, name, instance) in enumerate(steps, 1):
                yield f"   [{index}/{len(steps)}] Applying {name.upper()}... (using {instance})"
