"""Sends pictures through a running fleet, shows what each instance did and writes the results.

python client/pipeline_demo.py [PHOTO…] [--target HOST:PORT] [--output DIR] [--tls-ca FILE …]

With TLS where a CA is given, by --tls-ca or PIXELMILL_TLS_CA; a token is taken from PIXELMILL_TOKEN (docs/security.md).
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":  # Python looks for modules next to a script; the package `client` is one folder up.
    sys.path.insert(0, str(ROOT))

try:
    import grpc
    from rich.console import Console

    import image_processing_pb2 as pb
    import image_processing_pb2_grpc as pb_grpc
    from client.report import Done, facts, load_table, make_console, show_picture, times_table
    from pixelmill.bench.sample_picture import create_sample_image
    from pixelmill.errors import PixelmillError
    from pixelmill.fleet.addresses import parse_host
    from pixelmill.fleet.credentials import client_tls, open_channel
    from pixelmill.fleet.diagnosis import diagnose
    from pixelmill.fleet.tokens import call_metadata, client_token
    from pixelmill.settings import ClientSettings, load
except ModuleNotFoundError as error:
    if __name__ != "__main__":
        raise
    sys.exit(f"{error}. Install what the demo needs with `pip install '.[demo]'`, or run it with .venv/bin/python.")

__all__ = ["create_sample_image", "main"]

DEFAULT_TARGET = "localhost:50055"
PHOTOS = ROOT / "examples" / "photos"
WATERMARK = "© Pixelmill"
PIPELINE = f'resize:1280x720 | sharpen:0.6 | sepia:0.35 | contrast:1.1 | text:"{WATERMARK}" | jpeg:88'
CONNECT_S = 5.0
DEADLINE_S = 30.0
UNREACHABLE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
FLAGS = {
    "tls_ca": "CA of the orchestrator's certificate, with which to speak TLS",
    "tls_cert": "certificate to show to it",
    "tls_key": "key of that certificate",
    "token_file": "token to send to it",
}
CHANNEL_OPTIONS = [
    ("grpc.max_send_message_length", -1),  # the server's own limit decides, and says which it is
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_http_proxy", 0),  # an orchestrator is in one's own network
]
CLASSIC_OPTIONS = pb.ProcessingOptions(
    target_width=1280,
    target_height=720,
    filters=[pb.BLUR, pb.SHARPEN, pb.SEPIA],
    add_watermark=True,
    watermark_text=WATERMARK,
    watermark_position="bottom-right",
    output_format=pb.PNG,
)

Answer = tuple[bytes, pb.Trace]
Metadata = tuple[tuple[str, str], ...]
Send = Callable[[str, bytes], Answer]


class Refused(Exception):
    """A picture that was not processed; the text says why."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit code: 0, 1 where something failed, 130 after Ctrl-C."""
    arguments = _arguments(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8 gets question marks, not a traceback
    console, errors = make_console(), make_console(stderr=True)
    flags = {name: getattr(arguments, name) for name in FLAGS}
    try:
        settings = load(ClientSettings, **flags)
        tls, metadata = client_tls(settings) if settings.tls_ca else None, call_metadata(client_token(settings))
        with open_channel(arguments.target, CHANNEL_OPTIONS, tls) as channel:
            demo = _Demo(channel, metadata, arguments.output, console, errors)
            if demo.connected(arguments.target):
                return demo.run(arguments.target, arguments.photos)
        why = diagnose(parse_host(arguments.target, "--target"), tls)
        return demo.fail(f"{arguments.target}: {why}" if why else _how_to_start(arguments.target))
    except PixelmillError as error:
        errors.print(f"✗ {error}", style="red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="pipeline_demo.py",
        description="Send pictures through resize, filters and watermark on a running fleet; show which instance did what.",
    )
    parser.add_argument(
        "photos", metavar="PHOTO", nargs="*", type=Path, help="pictures to send; default: the sample and examples/photos"
    )
    parser.add_argument("--target", metavar="HOST:PORT", default=DEFAULT_TARGET, help="the orchestrator (%(default)s)")
    parser.add_argument("--output", metavar="DIR", type=Path, default=Path("output"), help="where to write (%(default)s)")
    for name, what in FLAGS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", metavar="FILE", help=f"{what}, or PIXELMILL_{name.upper()}")
    return parser.parse_args(argv)


class _Demo:
    """One run against one orchestrator."""

    def __init__(self, channel: grpc.Channel, metadata: Metadata, output: Path, console: Console, errors: Console) -> None:
        self.channel = channel
        self.metadata = metadata
        self.orchestrator = pb_grpc.OrchestratorServiceStub(channel)
        self.output = output
        self.console = console
        self.errors = errors
        self.failures = 0
        self.taken: set[str] = set()

    def run(self, target: str, photos: Sequence[Path]) -> int:
        try:
            self.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return self.fail(f"cannot write to {self.output}: {error.strerror}")
        self.console.print(f"ProcessImage on {target}: 1280×720, BLUR, SHARPEN, SEPIA, text, PNG", style="bold")
        classic, finished = [], []
        for name, data in self._pictures(photos):
            done = self._send(name, data, "-processed.png", self._process_image)
            if done is None:  # what has been refused once would be refused again
                continue
            show_picture(self.console, done)
            classic.append(done)
            if done := self._send(name, data, "-pipeline.jpg", self._run_pipeline):
                finished.append(done)
        if classic:
            self._summarize(classic, finished)
        return 1 if self.failures else 0

    def connected(self, target: str) -> bool:
        try:
            with self.console.status(f"waiting for the orchestrator on {target}"):
                self.orchestrator.DescribeFleet(
                    pb.DescribeFleetRequest(), timeout=CONNECT_S, wait_for_ready=True, metadata=self.metadata
                )
        except grpc.RpcError as error:
            return error.code() not in UNREACHABLE
        return True

    def _pictures(self, photos: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
        if not photos:
            sample = io.BytesIO()
            create_sample_image().save(sample, "PNG")
            yield "sample.png", sample.getvalue()
            photos = sorted(path for path in PHOTOS.glob("*") if path.suffix in (".jpg", ".png"))
        for path in photos:
            try:
                data = path.read_bytes()
            except OSError as error:
                self.fail(f"{path}: {error.strerror}")
            else:
                yield self._free_name(path), data

    def _free_name(self, path: Path) -> str:
        """Return a name whose results overwrite no other's of this run."""
        stem, number = path.stem, 1
        while stem in self.taken:
            number += 1
            stem = f"{path.stem}-{number}"
        self.taken.add(stem)
        return stem + path.suffix

    def _send(self, name: str, data: bytes, ending: str, send: Send) -> Done | None:
        """Send one picture and write what comes back; None, with the reason printed, where that fails."""
        start = time.perf_counter()
        try:
            result, trace = send(name, data)
            took_ms = (time.perf_counter() - start) * 1000
            path = self.output / (Path(name).stem + ending)
            path.write_bytes(result)
        except grpc.RpcError as error:
            self.fail(f"{name}: {_explained(error)}")
        except Refused as error:
            self.fail(f"{name}: {error}")
        except OSError as error:
            self.fail(f"{name}: cannot write the result: {error.strerror}")
        else:
            return Done(name, path, facts(data), facts(result), trace, took_ms)
        return None

    def _process_image(self, name: str, data: bytes) -> Answer:
        request = pb.ProcessRequest(filename=name, image_data=data, options=CLASSIC_OPTIONS)
        response = self.orchestrator.ProcessImage(request, timeout=DEADLINE_S, metadata=self.metadata)
        if not response.success:
            raise Refused(response.message)
        return response.processed_image, response.trace

    def _run_pipeline(self, name: str, data: bytes) -> Answer:
        request = pb.RunPipelineRequest(id=name, image_data=data, pipeline_text=PIPELINE)
        response = self.orchestrator.RunPipeline(request, timeout=DEADLINE_S, metadata=self.metadata)
        return response.image_data, response.trace

    def _summarize(self, classic: list[Done], finished: list[Done]) -> None:
        instances: Iterable[pb.InstanceInfo] = ()
        with suppress(grpc.RpcError):  # the traces say enough
            request = pb.DescribeFleetRequest()
            instances = self.orchestrator.DescribeFleet(request, timeout=DEADLINE_S, metadata=self.metadata).instances
        self.console.print()
        self.console.print(times_table({"ProcessImage": classic, "RunPipeline": finished}))
        self._line("resize includes decoding; moving is queueing and transfer between the processes")
        self.console.print()
        self.console.print(load_table(instances, [done.trace for done in (*classic, *finished)]))
        self.console.print()
        self._line(f"{len(classic) + len(finished)} pictures written to {self.output}:")
        self._line("  NAME-processed.png  by ProcessImage, whose BLUR is a Gaussian of 20 px: blurry on purpose")
        if finished:
            self._line(f"  NAME-pipeline.jpg   by RunPipeline:\n    {PIPELINE}")

    def _line(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)

    def fail(self, message: str) -> int:
        self.failures += 1
        headline, *rest = message.splitlines()
        self.errors.print(f"✗ {headline}", style="red", markup=False, soft_wrap=True)
        for line in rest:
            self.errors.print(line, markup=False, soft_wrap=True)
        return 1


def _explained(error: grpc.RpcError) -> str:
    return f"{error.code().name}: {error.details()}" if isinstance(error, grpc.Call) else str(error)


def _how_to_start(target: str) -> str:
    return f"""no orchestrator answers on {target}. Start one with any of:
    make demo                                    the fleet as local processes, and this demo
    pixelmill up                                 the fleet as local processes, until Ctrl-C
    docker-compose up --build                    the fleet in containers
    python services/orchestrator_service.py      an orchestrator alone; *_SERVICE_HOSTS name its workers
or name a running one with --target HOST:PORT; one that speaks TLS wants --tls-ca FILE."""


if __name__ == "__main__":
    sys.exit(main())
