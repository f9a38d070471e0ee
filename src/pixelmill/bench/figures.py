"""What a benchmark measured, as it is written to JSON and read again: docs/benchmark.md says what each field means.

Times are in seconds, sizes in bytes, CPU in cores (1.0 is one core all the time). What was not measured is null or empty.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pixelmill.errors import InvalidPipeline, expected

SCHEMA: Literal["pixelmill.bench/1"] = "pixelmill.bench/1"


class Figures(BaseModel):
    """The base of all parts of a document."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Machine(Figures):
    """The machine that the client ran on. `cores` is how many the client may use."""

    model: str
    architecture: str
    cores: int
    machine_cores: int
    memory_bytes: int
    os: str
    kernel: str
    python: str
    libraries: dict[str, str]


class SourcePicture(Figures):
    """A picture that was sent."""

    name: str
    format: str
    width: int
    height: int
    bytes: int


class Load(Figures):
    """What was sent, and how. One of `requests` and `duration_s` is set, for one round. `rate_per_s`: an open loop."""

    concurrency: int
    requests: int | None
    duration_s: float | None
    rate_per_s: float | None
    rounds: int
    warm_up: int
    timeout_s: float
    pictures: tuple[SourcePicture, ...]
    pipeline: str


class Round(Figures):
    """One round: what came back in which time."""

    seconds: float
    completed: int
    failed: int
    throughput_per_s: float
    p50_s: float
    p90_s: float
    p99_s: float


class Bin(Figures):
    """How many requests took longer than the bin before, and no longer than `up_to_s`."""

    up_to_s: float
    count: int


class Latency(Figures):
    """What completed requests of all rounds took."""

    mean_s: float
    p50_s: float
    p90_s: float
    p99_s: float
    max_s: float
    bins: tuple[Bin, ...]


class InstanceSeries(Figures):
    """CPU and memory of one instance over the last round; null where it did not answer."""

    at_s: tuple[float, ...]
    cpu_cores: tuple[float | None, ...]
    memory_bytes: tuple[int | None, ...]


class InstanceUse(Figures):
    """One instance over all rounds. `calls` is its own count, `hops` those that this client's requests tell of."""

    pool: str
    name: str
    address: str
    machine: int
    cores: int
    calls: int
    hops: int
    share: float
    cpu_s: float
    cpu_cores: float
    memory_peak_bytes: int
    p50_s: float
    p99_s: float
    starts: int
    series: InstanceSeries


class PoolUse(Figures):
    """How evenly the calls of a pool were spread. `difference`: most less least of one round, of the worst one."""

    pool: str
    instances: int
    calls: int
    least: int
    most: int
    ratio: float | None
    variation: float
    difference: int


class MachineUse(Figures):
    """One of the machines: its cores, and what was busy of them, where the client ran on it, too."""

    number: int
    cores: int
    instances: int
    is_clients: bool
    fleet_cores: float
    client_cores: float | None
    busy_cores: float | None


class HopTimes(Figures):
    """One hop of a request. `started_s`: after the request came."""

    instance: str
    pool: str
    operations: tuple[str, ...]
    started_s: float
    queue_s: float
    compute_s: float
    transfer_s: float
    attempts: int


class Typical(Figures):
    """The request nearest to the median, of those whose traces were kept."""

    latency_s: float
    queue_s: float
    total_s: float
    hops: tuple[HopTimes, ...]


class ContainerUse(Figures):
    """What `docker stats` told of a container over the last round. `instance` is its SERVICE_NAME; "" without one."""

    name: str
    instance: str
    at_s: tuple[float, ...]
    cpu_cores: tuple[float, ...]
    memory_bytes: tuple[int, ...]
    memory_limit_bytes: int


class Run(Figures):
    """All rounds of one setting together."""

    label: str
    place: Literal["embedded", "fleet", "local"]
    target: str
    placement: str
    pools: tuple[PoolUse, ...]
    rounds: tuple[Round, ...]
    seconds: float
    completed: int
    failed: int
    throughput_per_s: float
    latency: Latency
    errors: dict[str, int]
    retries: int | None
    late: int
    instances: tuple[InstanceUse, ...]
    machines: tuple[MachineUse, ...]
    client_cpu_s: float
    typical: Typical | None
    containers: tuple[ContainerUse, ...] = ()

    @property
    def workers(self) -> tuple[InstanceUse, ...]:
        """The instances without orchestrators."""
        return tuple(one for one in self.instances if one.pool != "orchestrator")

    @property
    def cores(self) -> int:
        """Of all machines together."""
        return sum(machine.cores for machine in self.machines)

    @property
    def fleet_cores(self) -> float:
        """CPU of all instances together, cores."""
        return sum(machine.fleet_cores for machine in self.machines)


class Ratio(Figures):
    """A ratio of throughputs, and what it lies between with the given confidence (0 to 1; null: not known)."""

    median: float
    low: float
    high: float
    confidence: float | None
    pairs: tuple[float, ...] = ()

    @property
    def is_noise(self) -> bool:
        """Whether it may as well be 1."""
        return self.low <= 1 <= self.high


class Comparison(Figures):
    """B against A: more than 1 is faster. `paired`: rounds were measured in turn, in one session."""

    a: str
    b: str
    throughput: Ratio
    p50: Ratio
    paired: bool
    differences: tuple[str, ...] = ()


class Point(Figures):
    """One size of fleet against the first. `efficiency` is the speed-up by how many times more workers there were."""

    label: str
    workers: int
    speed_up: Ratio
    efficiency: float
    fleet_cores: float


class Document(Figures):
    """Everything about one session. It may have ended early: `interrupted` by Ctrl-C, or by a `problem`, in words."""

    schema_version: Literal["pixelmill.bench/1"] = SCHEMA
    version: str
    date: str
    command: str
    interrupted: bool
    problem: str = ""
    machine: Machine
    load: Load
    runs: tuple[Run, ...]
    comparison: Comparison | None = None
    scaling: tuple[Point, ...] = ()

    @property
    def failed(self) -> int:
        """Requests that failed, of all runs."""
        return sum(run.failed for run in self.runs)


def write(document: Document, path: Path) -> None:
    """Write a document. Raises `OSError`."""
    path.write_text(document.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> Document:
    """Read a document.

    Raises:
        InvalidPipeline: the file cannot be read, or is none.
    """
    try:
        return Document.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidPipeline(f"expected a readable file of figures, got {str(path)!r}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "all of it"
        raise InvalidPipeline(
            expected(f"JSON of `pixelmill bench --json` ({SCHEMA})", "figures", str(path)) + f": {where}: {first['msg']}"
        ) from None
