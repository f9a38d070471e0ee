"""From a pipeline and a picture's header to hops: what runs together, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, get_args

from pixelmill.codecs import Header, Output, reduced_size
from pixelmill.errors import InvalidPipeline, expected
from pixelmill.geometry import Size
from pixelmill.limits import DEFAULT_LIMITS, Limits
from pixelmill.operations import Operation
from pixelmill.operations.resize import Resize
from pixelmill.pipeline import Pipeline

Placement = Literal["auto", "spread", "grouped", "fused"]
PLACEMENTS: tuple[Placement, ...] = get_args(Placement)
PoolName = Literal["resize", "filter", "watermark", "format", "worker"]
POOLS: tuple[PoolName, ...] = get_args(PoolName)


@dataclass(frozen=True)
class Hop:
    """One call to one instance.

    Attributes:
        pool: the pool that the instance is picked from.
        operations: what it runs, in order.
        decodes: whether it gets an encoded picture; otherwise pixels.
        output: how it encodes; None where it returns pixels.
    """

    pool: PoolName
    operations: tuple[Operation, ...]
    decodes: bool = False
    output: Output | None = None


@dataclass(frozen=True)
class Plan:
    """How one picture goes through one pipeline.

    Attributes:
        source: the picture's size, upright, in pixels.
        decoded: the size that the decoder delivers; smaller than `source` where a JPEG is shrunk on load.
        sizes: the picture's size after each operation; None from the first one on that only another process knows.
        hops: the calls, in order.
        output: how the result is encoded.
    """

    source: Size
    decoded: Size
    sizes: tuple[Size | None, ...]
    hops: tuple[Hop, ...]
    output: Output


def plan(
    pipeline: Pipeline,
    header: Header,
    *,
    limits: Limits = DEFAULT_LIMITS,
    placement: Placement = "fused",
    has_worker_pool: bool = True,
    has_format_pool: bool = False,
) -> Plan:
    """Plan the hops of one request.

    Args:
        placement: spread is one hop per operation; grouped sends neighbouring operations of a pool together; fused
            is one hop; auto is fused where there is a pool of general workers, else grouped.
        has_format_pool: whether encoding has a pool of its own; otherwise the last hop encodes.

    Raises:
        InvalidPipeline: too many operations.
        ImageTooLarge: an operation would make a picture beyond the limits.
    """
    limits.check_operations(len(pipeline.operations))
    sizes = tuple(_sizes(pipeline.operations, header.size, limits))
    size = sizes[-1] if sizes else header.size
    output = pipeline.output.resolved(header.format.name)
    if size:
        output.check_size(size)
    if placement == "auto":
        placement = "fused" if has_worker_pool else "grouped"
    hops = _hops(pipeline.operations, output, placement, has_format_pool)
    needed = resize_hint(pipeline.operations, header.size)
    decoded = reduced_size(header, needed) if needed else header.size
    return Plan(header.size, decoded, sizes, hops, output)


def _sizes(operations: Iterable[Operation], source: Size, limits: Limits) -> Iterator[Size | None]:
    """Yield the size after each operation, checked. Where it is not known here, who runs the operation checks it."""
    size: Size | None = source
    for operation in operations:
        if not operation.sized:
            size = None
        if size:
            limits.check_intermediate(operation.name, *operation.largest_size(size))
            size = operation.output_size(size)
        yield size


def check_placement(value: str) -> Placement:
    """Return `value`, "" meaning auto. Raises `InvalidPipeline` where it is no placement."""
    for placement in PLACEMENTS:
        if value in (placement, ""):
            return placement
    raise InvalidPipeline(expected(f"one of {', '.join(PLACEMENTS)}", "placement", value))


def resize_hint(operations: Iterable[Operation], size: Size) -> Size | None:
    """Return the size that a picture of `size` is first scaled down to, where scaling is the first thing that is done."""
    first = next(iter(operations), None)
    return first.geometry(size).scaled if isinstance(first, Resize) else None


def _hops(operations: tuple[Operation, ...], output: Output, placement: Placement, has_format_pool: bool) -> tuple[Hop, ...]:
    if placement == "fused":
        return (Hop("worker", operations, decodes=True, output=output),)
    groups: list[tuple[PoolName, tuple[Operation, ...]]]
    if placement == "spread":
        groups = [(operation.pool, (operation,)) for operation in operations]
    else:
        groups = [(pool, tuple(group)) for pool, group in groupby(operations, key=lambda operation: operation.pool)]
    if has_format_pool:
        groups.append(("format", ()))
    elif not groups:
        groups.append(("resize", ()))
    last = len(groups) - 1
    return tuple(
        Hop(pool, group, decodes=number == 0, output=output if number == last else None)
        for number, (pool, group) in enumerate(groups)
    )
