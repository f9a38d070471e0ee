"""From a pipeline and a picture's header to hops: what runs together, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, groupby, takewhile
from typing import Literal, get_args

from pixelmill.codecs import KEPT, Header, Kept, Reading, check_frames, may_keep_profile, reduced_size
from pixelmill.cost import cost_s
from pixelmill.errors import InvalidPipeline, expected, in_rendition
from pixelmill.geometry import Size
from pixelmill.limits import DEFAULT_LIMITS, Limits
from pixelmill.operations import Operation
from pixelmill.operations.resize import Resize
from pixelmill.pipeline import Pipeline, Rendition

Placement = Literal["auto", "spread", "grouped", "fused"]
PLACEMENTS: tuple[Placement, ...] = get_args(Placement)
PoolName = Literal["resize", "filter", "watermark", "format", "worker"]
POOLS: tuple[PoolName, ...] = get_args(PoolName)


@dataclass(frozen=True, eq=False)
class Hop:
    """One call to one instance. It returns a picture's frames where it encodes nothing.

    Each is itself alone: what is worked out for one is remembered for as long as there is it.

    Attributes:
        pool: the pool that the instance is picked from.
        operations: what it runs, in order.
        reading: how it decodes; None where it gets frames.
        ends: what it encodes: for each its name, operations that only that one gets, and its output.
        cost_s: about how long one core works on it, seconds.
        pixels: width × height × frames after its operations, as far as that can be told before.
    """

    pool: PoolName
    operations: tuple[Operation, ...]
    reading: Reading | None = None
    ends: tuple[Rendition, ...] = ()
    cost_s: float = 0.0
    pixels: int = 0

    @cached_property
    def rare(self) -> frozenset[str]:
        """The names of its operations that not every instance has."""
        operations = chain(self.operations, *(end.operations for end in self.ends))
        return frozenset(operation.name for operation in operations if not operation.everywhere)


@dataclass(frozen=True)
class Branch:
    """One of several renditions that have hops of their own: its name, and the hops, in order."""

    name: str
    hops: tuple[Hop, ...]


@dataclass(frozen=True)
class Plan:
    """How one picture goes through one pipeline.

    Attributes:
        source: the picture's size, upright, in pixels.
        decoded: the size that the decoder delivers; smaller than `source` where a JPEG is shrunk on load.
        sizes: the picture's size after each of the operations that all outputs share: None from the
            first one on that is known only when it runs.
        end_sizes: the same, for each output, after each of its own operations.
        hops: the calls that every rendition needs, in order.
        branches: what each rendition goes through after them; empty where the last hop makes them all.
        ends: what is encoded, with outputs that no longer depend on the source.
        frames: how many of the picture's are read.
    """

    source: Size
    decoded: Size
    sizes: tuple[Size | None, ...]
    end_sizes: tuple[tuple[Size | None, ...], ...]
    hops: tuple[Hop, ...]
    branches: tuple[Branch, ...]
    ends: tuple[Rendition, ...]
    frames: int = 1

    @property
    def count(self) -> int:
        """How many hops there are in all."""
        return len(self.hops) + sum(len(branch.hops) for branch in self.branches)

    @cached_property
    def cost_s(self) -> float:
        """About how long one core works on it all, seconds."""
        return sum(hop.cost_s for hop in chain(self.hops, *(branch.hops for branch in self.branches)))


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
        InvalidPipeline: too many operations or renditions.
        ImageTooLarge: an operation would make a picture beyond the limits.
        UnsupportedFormat: an output cannot hold all frames of the source.
    """
    limits.check_renditions(len(pipeline.renditions))
    shared = _shared(pipeline)
    trunk = pipeline.operations + shared
    ends = tuple(_resolved(end, len(shared), header) for end in pipeline.ends)
    frames = 1 if pipeline.first_frame else header.frames
    sizes = tuple(_sizes(trunk, header.size, frames, limits))
    size = sizes[-1] if sizes else header.size
    end_sizes = tuple(_end_sizes(end, len(trunk), size, frames, limits) for end in ends)
    if placement == "auto":
        placement = "fused" if has_worker_pool else "grouped"
    reading = reading_for(trunk, ends, header)
    decoded = reduced_size(header, reading.at_least) if reading.at_least else header.size
    hops: tuple[Hop, ...]
    branches: tuple[Branch, ...] = ()
    if placement == "fused":
        hops = (Hop("worker", trunk, reading, ends),)
    elif _mixes_colors(ends, header):
        # All in one hop: what travels between hops is in one color space.
        hops = (Hop(trunk[0].pool if trunk else "resize", trunk, reading, ends),)
    elif len(ends) == 1:
        hops = _hops(trunk, reading, ends, placement, has_format_pool)
    else:
        hops = _hops(trunk, reading, (), placement, False)
        branches = tuple(
            Branch(end.name, _hops(end.operations, None, (_bare(end),), placement, has_format_pool)) for end in ends
        )
    hops, size = _priced(hops, header.size, frames, header.format.name)
    branches = tuple(replace(branch, hops=_priced(branch.hops, size, frames)[0]) for branch in branches)
    return Plan(header.size, decoded, sizes, end_sizes, hops, branches, ends, frames)


def _priced(hops: tuple[Hop, ...], size: Size, frames: int, format: str | None = None) -> tuple[tuple[Hop, ...], Size]:
    """Return hops with what they cost and return, and the size of the last one's picture."""
    priced = []
    for hop in hops:
        cost = cost_s(size, frames, hop.operations, hop.ends, format=format, reading=hop.reading)
        for operation in hop.operations:
            size = operation.output_size(size)
        priced.append(replace(hop, cost_s=cost, pixels=size.width * size.height * frames))
        format = None
    return tuple(priced), size


def _end_sizes(end: Rendition, before: int, size: Size | None, frames: int, limits: Limits) -> tuple[Size | None, ...]:
    """Return the size after each of an output's own operations, which follow `before` others, all of it checked."""
    with in_rendition(end.name):
        limits.check_operations(before + len(end.operations))
        sizes = tuple(_sizes(end.operations, size, frames, limits))
        last = sizes[-1] if sizes else size
        if last:
            end.output.check_size(last)
    return sizes


def _shared(pipeline: Pipeline) -> tuple[Operation, ...]:
    """Return the operations that all renditions start with: they need to run only once."""
    lists = [end.operations for end in pipeline.ends]
    alike = takewhile(lambda several: all(one == several[0] for one in several), zip(*lists, strict=False))
    return tuple(several[0] for several in alike)


def _resolved(end: Rendition, shared: int, header: Header) -> Rendition:
    with in_rendition(end.name):
        output = end.output.resolved(header.format.name)
        check_frames(output, header)
    return end.model_copy(update={"operations": end.operations[shared:], "output": output})


def _bare(end: Rendition) -> Rendition:
    """Return only the output, for a hop of a branch: that has the name already, and operations of its own."""
    return end.model_copy(update={"operations": (), "name": ""})


def _sizes(operations: Iterable[Operation], source: Size | None, frames: int, limits: Limits) -> Iterator[Size | None]:
    """Yield the size after each operation, checked. Where it is not known here, who runs the operation checks it."""
    size = source
    for operation in operations:
        if not operation.sized:
            size = None
        if size:
            limits.check_intermediate(operation.name, *operation.largest_size(size), frames)
            size = operation.output_size(size)
        yield size


def reading_for(trunk: Sequence[Operation], ends: Sequence[Rendition], header: Header) -> Reading:
    """Return what the decoder has to deliver, for all that is made of the picture."""
    first_frame = bool(ends) and all(end.output.frames == "first" for end in ends)
    starts = [trunk] if trunk else [end.operations for end in ends]
    hints = [resize_hint(operations, header.size) for operations in starts]
    needed = [hint for hint in hints if hint]
    at_least = (
        Size(max(s.width for s in needed), max(s.height for s in needed)) if needed and len(needed) == len(hints) else None
    )
    return Reading(first_frame, _kept_by(ends), at_least)


def by_colors(ends: Sequence[Rendition], reading: Reading, header: Header) -> list[tuple[Sequence[Rendition], Reading]]:
    """Return the outputs that the same pixels serve, and how these are read: once, but where some outputs keep the profile
    that the picture has, and others are in sRGB.
    """
    kept = [end for end in ends if "icc" in end.output.keep]
    if not _mixes_colors(ends, header):
        return [(ends, reading)]
    others = [end for end in ends if end not in kept]
    return [(some, replace(reading, keep=_kept_by(some))) for some in (others, kept)]


def _mixes_colors(ends: Sequence[Rendition], header: Header) -> bool:
    return may_keep_profile(header) and len({"icc" in end.output.keep for end in ends}) > 1


def _kept_by(ends: Sequence[Rendition]) -> tuple[Kept, ...]:
    return tuple(name for name in KEPT if any(name in end.output.keep for end in ends))


def check_placement(value: str) -> Placement:
    """Return `value`, "" meaning auto. Raises `InvalidPipeline` where it is no placement."""
    for placement in PLACEMENTS:
        if value in (placement, ""):
            return placement
    raise InvalidPipeline(expected(f"one of {', '.join(PLACEMENTS)}", "placement", value))


def resize_hint(operations: Iterable[Operation], size: Size) -> Size | None:
    """Return the size that a picture of `size` is first scaled down to, where the decoder may already shrink it."""
    first = next(iter(operations), None)
    return first.decoded_size(size) if isinstance(first, Resize) else None


def _hops(
    operations: tuple[Operation, ...],
    reading: Reading | None,
    ends: tuple[Rendition, ...],
    placement: Placement,
    has_format_pool: bool,
) -> tuple[Hop, ...]:
    groups: list[tuple[PoolName, tuple[Operation, ...]]]
    if placement == "spread":
        groups = [(operation.pool, (operation,)) for operation in operations]
    else:
        groups = [(pool, tuple(group)) for pool, group in groupby(operations, key=lambda operation: operation.pool)]
    if has_format_pool and ends:
        groups.append(("format", ()))
    elif not groups:
        groups.append(("resize", ()))
    last = len(groups) - 1
    return tuple(
        Hop(pool, group, reading if number == 0 else None, ends if number == last else ())
        for number, (pool, group) in enumerate(groups)
    )
