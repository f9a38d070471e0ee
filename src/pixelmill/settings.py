"""The only reader of the environment: what a process of the fleet is told from outside."""

from __future__ import annotations

from dataclasses import fields
from typing import Literal, TypeVar

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pixelmill.cores import available_cores
from pixelmill.errors import InvalidPipeline
from pixelmill.limits import MIB, Limits
from pixelmill.refusals import explain_refusal

PORTS = {"resize": 50052, "filter": 50053, "watermark": 50054, "orchestrator": 50055, "format": 50056, "worker": 50057}
HTTP_PORT = 8080
Balancing = Literal["round_robin", "weighted_round_robin"]
Role = Literal["resize", "filter", "watermark", "format", "worker"]


class PluginSettings(BaseSettings):
    """Where operations are beside those of installed packages. A field `x` is the variable `PIXELMILL_X`."""

    model_config = SettingsConfigDict(
        env_prefix="PIXELMILL_", extra="ignore", env_ignore_empty=True, frozen=True, populate_by_name=True
    )

    plugins: str = Field("", description="modules, or paths of .py files, that define operations, separated by commas")

    @property
    def plugin_modules(self) -> tuple[str, ...]:
        """The modules and files one by one."""
        return tuple(name.strip() for name in self.plugins.split(",") if name.strip())


class ClientSettings(BaseSettings):
    """What a client of a fleet is told. A field `x` is the variable `PIXELMILL_X`."""

    model_config = PluginSettings.model_config

    tls_ca: str = Field("", description="file with the certificates of those who sign servers' certificates")
    tls_cert: str = Field("", description="file with the certificate to show to servers that ask for one")
    tls_key: str = Field("", description="file with the key of that certificate")
    tls_name: str = Field("", description="name that servers' certificates are checked for; unset: the address's host")
    token: SecretStr = Field(SecretStr(""), description="token to send to the orchestrator")
    token_file: str = Field("", description="file with the token to send, read again when it changes")


class TracingSettings(BaseSettings):
    """What OpenTelemetry's standard variables say of traces, as far as it is not the SDK that reads them."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, frozen=True)

    otel_sdk_disabled: bool = Field(False, description="no traces, whatever else is set")
    otel_traces_exporter: str = Field(
        "", description="otlp, console, none or another installed exporter; several separated by commas"
    )
    otel_exporter_otlp_endpoint: str = Field("", description="URL of the collector; set: traces are sent there")
    otel_exporter_otlp_traces_endpoint: str = Field("", description="the same, for traces alone")
    otel_exporter_otlp_protocol: str = Field("grpc", description="grpc, or http/protobuf where that exporter is installed")

    @property
    def exporters(self) -> tuple[str, ...]:
        """The names of the exporters' entry points; none: there are no traces."""
        endpoint = self.otel_exporter_otlp_endpoint or self.otel_exporter_otlp_traces_endpoint
        names = (self.otel_traces_exporter or ("otlp" if endpoint else "")).split(",")
        otlp = "otlp_proto_grpc" if self.otel_exporter_otlp_protocol == "grpc" else "otlp_proto_http"
        wanted = tuple(otlp if name.strip() == "otlp" else name.strip() for name in names)
        return () if self.otel_sdk_disabled else tuple(name for name in wanted if name not in ("", "none"))


class ServerSettings(PluginSettings):
    """What every process of the fleet has. A field `x` is the variable `PIXELMILL_X`, unless another name is given."""

    host: str = Field("[::]", description="address to listen on")
    ready_fd: int | None = Field(None, description="file descriptor that gets one line of JSON once the server listens")
    parent_fd: int | None = Field(None, description="file descriptor of a pipe whose end stops the server")
    tls_cert: str = Field("", description="file with the certificate to serve with; unset: no encryption")
    tls_key: str = Field("", description="file with the key of that certificate")
    tls_client_ca: str = Field("", description="file with the CA of the certificates that clients must show; unset: none")
    connection_age_s: float | None = Field(
        None, gt=0, description="time after which clients have to connect anew, seconds; unset: an hour with TLS, else never"
    )
    drain_s: float = Field(1.0, ge=0, description="time between leaving the pool and taking no more calls, seconds")
    grace_s: float = Field(20.0, ge=0, description="time that running calls get to finish when stopping, seconds")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="what is logged, from this level on")
    log_format: Literal["human", "json"] = Field("human", description="lines for people, or one JSON object a line")
    max_input_bytes: int = Field(Limits.max_input_bytes, ge=1)
    max_pixels: int = Field(Limits.max_pixels, ge=1)
    max_output_side: int = Field(Limits.max_output_side, ge=1)
    max_operations: int = Field(Limits.max_operations, ge=0)
    max_renditions: int = Field(Limits.max_renditions, ge=1)
    max_frames: int = Field(Limits.max_frames, ge=1, description="frames or pages of a source")
    allow_svg: bool = Field(Limits.allow_svg, description="read SVG, which may take more time than its size lets expect")
    queue_s: float = Field(5.0, ge=0, description="time that a request may have to wait for its turn, seconds")
    timeout_s: float = Field(Limits.timeout_s, gt=0, description="time for a request that has no deadline, seconds")
    isolate: bool = Field(False, description="work on pictures in processes of their own, which may crash")
    shared_memory: Literal["auto", "off"] = Field(
        "auto", description="between processes of one machine, pixels travel in shared memory, where they see the same"
    )

    @property
    def limits(self) -> Limits:
        """The bounds on one request."""
        return Limits(**{field.name: getattr(self, field.name) for field in fields(Limits)})


class OnDemandSettings(PluginSettings):
    """What pictures on demand are made of, and for whom. A field `x` is the variable `PIXELMILL_X`."""

    config: str = Field("", description="configuration file, YAML or TOML, with presets and sources by their names")
    url_keys: SecretStr = Field(
        SecretStr(""), description="keys that sign addresses, separated by commas; the first one signs"
    )
    url_keys_file: str = Field("", description="file with more of them, one a line, read again when it changes")
    url_unsafe: bool = Field(False, description="take addresses with `unsafe` in place of a signature")
    url_max_age_s: int = Field(
        86_400, ge=0, le=31_536_000, description="time that a picture is used before its source is looked at again, seconds"
    )
    source_roots: str = Field("", description="folders with sources: NAME=FOLDER items separated by commas, or one FOLDER")
    source_urls: str = Field(
        "", description="what sources' URLs may begin with: https://HOST/, https://*.DOMAIN/, s3://BUCKET/, by commas"
    )
    source_internal: str = Field("", description="hosts of sources that may be inside one's own network: HOST or HOST:PORT")
    source_timeout_s: float = Field(10.0, gt=0, le=600, description="time to fetch a source, seconds")
    source_fetches: int = Field(16, ge=1, le=1024, description="sources fetched at a time")
    cache_dir: str = Field("", description="folder that finished pictures are kept in; unset: none are")
    cache_mib: int = Field(1024, ge=1, description="what they may take together, MiB")


class WorkerSettings(ServerSettings):
    """A worker's settings."""

    pool: Role = Field("worker", description="the pool that it belongs to")
    service_name: str = Field("", validation_alias=AliasChoices("service_name", "SERVICE_NAME"))
    port: int | None = Field(None, ge=0, le=65535, validation_alias=AliasChoices("port", "PORT"))
    threads: int | None = Field(None, ge=1, description="pictures computed at a time; unset: as many as cores, at least 2")
    queue: int = Field(128, ge=0, description="pictures that may wait for a free thread")
    picture_memory_mib: int | None = Field(
        None, ge=128, description="memory for one picture where isolated, MiB; by the limits where unset"
    )

    @property
    def thread_count(self) -> int:
        """How many pictures are computed at a time. At least two by default: one of them never does large pictures."""
        return self.threads or max(2, available_cores())

    @property
    def picture_memory(self) -> int:
        """What the process that works on one picture may take, bytes: by default what the largest one may need."""
        if self.picture_memory_mib is not None:
            return self.picture_memory_mib * MIB
        return 512 * MIB + 32 * self.max_pixels

    @property
    def name(self) -> str:
        """The instance's name in logs, traces and metrics."""
        return self.service_name or self.pool

    @property
    def listen_port(self) -> int:
        """The port to listen on; 0 is any."""
        return PORTS[self.pool] if self.port is None else self.port


class OrchestratorSettings(ServerSettings, OnDemandSettings):
    """The orchestrator's settings. Hosts are `host:port` items separated by commas."""

    service_name: str = Field("orchestrator", validation_alias=AliasChoices("service_name", "SERVICE_NAME"))
    port: int = Field(PORTS["orchestrator"], ge=0, le=65535, validation_alias=AliasChoices("port", "PORT"))
    http_port: int = Field(HTTP_PORT, ge=-1, le=65535, description="port to listen on for HTTP; 0: none, -1: any free one")
    http_hosts: str = Field(
        "",
        description="names that browsers may call it by, *.DOMAIN, or *; unset: any, but this machine's on loopback",
    )
    http_origins: str = Field("", description="web pages elsewhere that may use the API: https://HOST, or *")
    resize_service_hosts: str = Field("", validation_alias=AliasChoices("resize_service_hosts"))
    filter_service_hosts: str = Field("", validation_alias=AliasChoices("filter_service_hosts"))
    watermark_service_hosts: str = Field("", validation_alias=AliasChoices("watermark_service_hosts"))
    format_service_hosts: str = Field("", validation_alias=AliasChoices("format_service_hosts"))
    worker_hosts: str = Field("", description="general workers, for fused placement")
    tls_ca: str = Field("", description="file with the CA of the workers' certificates; unset: no TLS with the workers")
    tls_worker_name: str = Field("worker.pixelmill", description="name that the workers' certificates are checked for")
    tokens: SecretStr = Field(SecretStr(""), description="tokens that let clients in, separated by commas")
    tokens_file: str = Field("", description="file with more of them, one a line, read again when it changes")
    placement: Literal["", "auto", "spread", "grouped", "fused"] = Field(
        "", description="default placement; unset: spread where the three role pools are configured, else auto"
    )
    balancing: Balancing = Field(
        "round_robin", description="whose turn is next in a pool: everyone's alike, or by how much each gets done"
    )
    running: int | None = Field(
        None, ge=1, description="requests worked on at a time; unset: half as many more as the workers' machines have cores"
    )
    queue: int = Field(512, ge=0, description="requests that may wait for their turn")
    stream_window: int = Field(16, ge=1, description="pictures of one stream that are worked on at a time")
    resolve_s: float = Field(3.0, gt=0, description="time between two resolutions of the host names, seconds")
    quarantine_s: float = Field(
        600.0,
        ge=0,
        le=86_400,
        description="time that a picture is refused for which has crashed its workers, seconds; 0: none",
    )
    quiet: bool = Field(False, description="do not log each request")

    @property
    def hosts(self) -> dict[str, str]:
        """The hosts of each pool that is configured, by the pool's name."""
        pools = {
            "resize": self.resize_service_hosts,
            "filter": self.filter_service_hosts,
            "watermark": self.watermark_service_hosts,
            "format": self.format_service_hosts,
            "worker": self.worker_hosts,
        }
        return {name: hosts for name, hosts in pools.items() if hosts.strip()}


Model = TypeVar("Model", bound=BaseSettings)


def hosts_variable(pool: str) -> str:
    """Return the name of the variable with a pool's hosts."""
    return "PIXELMILL_WORKER_HOSTS" if pool == "worker" else f"{pool.upper()}_SERVICE_HOSTS"


def load(model: type[Model], **options: object) -> Model:
    """Return the settings: the options that are not None, the environment for the others.

    Raises:
        InvalidPipeline: a value is refused; the message names the variable.
    """
    try:
        return model(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        name = str(error.errors(include_url=False)[0]["loc"][0]).lower()
        alias = model.model_fields[name].validation_alias
        variable = str(alias.choices[-1] if isinstance(alias, AliasChoices) else f"PIXELMILL_{name}").upper()
        message = explain_refusal(model, "settings", error)
        raise InvalidPipeline(message.replace(f"settings.{name}", f"{name} ({variable})", 1)) from None
