"""What a run gives back: the picture, and where the time went."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ImageInfo:
    """What the result is: a format's name, width and height in pixels, size in bytes, number of frames."""

    format: str
    width: int
    height: int
    bytes: int
    frames: int = 1


@dataclass(frozen=True)
class HopReport:
    """One hop: which instance did which operations, and how long it took. Times are in seconds.

    Attributes:
        instance: the instance's name and port; "local" in process.
        pool: the pool that it was picked from.
        operations: names of the operations that it ran.
        decode_s, operations_s, encode_s: computing, by kind; each operation's own share is in `operations_s`.
        queue_s: waiting for a free core.
        transfer_s: the rest of the call: the network, copies, serialization.
        bytes_in, bytes_out: what travelled.
        attempts: 1, or more where the call was retried on another instance.
        rendition: the name of the one that it was run for alone; "" for the picture, or for several.
        started_s: when it began, after the request came.
    """

    instance: str
    pool: str
    operations: tuple[str, ...]
    decode_s: float = 0.0
    operations_s: tuple[float, ...] = ()
    encode_s: float = 0.0
    queue_s: float = 0.0
    transfer_s: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0
    attempts: int = 1
    rendition: str = ""
    started_s: float = 0.0

    @property
    def compute_s(self) -> float:
        """Time spent computing, in seconds."""
        return self.decode_s + sum(self.operations_s) + self.encode_s

    @property
    def total_s(self) -> float:
        """The whole hop, in seconds."""
        return self.queue_s + self.compute_s + self.transfer_s


@dataclass(frozen=True)
class Trace:
    """Everything about one request but its picture. Times are in seconds."""

    request_id: str
    hops: tuple[HopReport, ...] = ()
    queue_s: float = 0.0
    total_s: float = 0.0


@dataclass(frozen=True)
class Rendered:
    """One encoded picture: its name among a pipeline's renditions ("" where there are none), its bytes, and what it is."""

    name: str
    data: bytes = field(repr=False)
    info: ImageInfo


@dataclass(frozen=True)
class Result:
    """What a pipeline made of one picture, and the trace of how.

    Attributes:
        outputs: one picture, or one for each of the pipeline's renditions, in their order.
    """

    outputs: tuple[Rendered, ...]
    trace: Trace

    @property
    def data(self) -> bytes:
        """The encoded picture of a pipeline without renditions. Raises `ValueError` where there are several."""
        return self._only.data

    @property
    def info(self) -> ImageInfo:
        """What the picture of a pipeline without renditions is. Raises `ValueError` where there are several."""
        return self._only.info

    @property
    def renditions(self) -> dict[str, Rendered]:
        """The pictures by their renditions' names."""
        return {output.name: output for output in self.outputs}

    @property
    def bytes(self) -> int:
        """Size of all the pictures together, in bytes."""
        return sum(output.info.bytes for output in self.outputs)

    @property
    def _only(self) -> Rendered:
        if len(self.outputs) != 1:
            names = ", ".join(output.name for output in self.outputs)
            raise ValueError(f"expected one output for .data and .info, got renditions {names}: see .renditions")
        return self.outputs[0]
