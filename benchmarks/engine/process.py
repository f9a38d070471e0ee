"""A peer's process, as the benchmark sees it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.engine.workloads import RENDITIONS, TEXT

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sample:
    """One job, done once: CPU milliseconds of the whole process, and bytes of all files that it made."""

    cpu_ms: float
    bytes: int


class Peer:
    """One peer in a process of its own, which it keeps until it is closed."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self.failures: dict[str, str] = {}
        environment = os.environ | {
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            # The same fonts for all of them.
            "FONTCONFIG_FILE": str(ROOT / "src/pixelmill/assets/fonts.conf"),
        }
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        hello = self._answer()
        self.version: str = hello["version"]
        self.jobs: tuple[str, ...] = tuple(hello["jobs"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._process.stdin
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait(timeout=30)

    def load(self, job: str, picture: Path) -> None:
        """Read a picture, and get ready what is not to be measured."""
        self._ask(job=job, picture=str(picture), only_load=True)

    def run(self, job: str, picture: Path, save: Path | None = None) -> Sample:
        """Do a job once; the (first) file that it makes goes to `save`.

        Raises:
            PeerFailed: it cannot; the text says why.
        """
        answer = self._ask(job=job, picture=str(picture), save=str(save or ""))
        return Sample(answer["cpu_ms"], answer["bytes"])

    def memory_mb(self, *, peak: bool = False) -> float:
        """Return the memory that the process holds; `peak`: held at most since `forget_peak`."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(rf"{'VmHWM' if peak else 'VmRSS'}:\s+(\d+) kB", status)
        assert found
        return int(found[1]) / 1024

    def forget_peak(self) -> None:
        """Let the peak start from what is held now. Source: proc_pid_clear_refs(5), Linux man-pages."""
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")

    def _ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise PeerFailed(f"{self.name} ended, with code {self._process.wait(timeout=30)}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerFailed(f"{self.name}: {answer['error']}")
        return answer


class PeerFailed(Exception):
    """A peer could not start, or could not do a job."""


def python_peer(name: str, module: str, python: str | Path = sys.executable) -> Peer:
    """Start a peer that is a module of `benchmarks.engine.peers`."""
    return Peer(name, [str(python), "-m", "benchmarks.engine.peers", module])


def sharp_peer(folder: Path) -> Peer:
    """Start sharp, as installed in `folder`."""
    script = Path(__file__).parent / "peers/sharp.mjs"
    return Peer("sharp", ["node", str(script), str(folder), json.dumps(RENDITIONS), TEXT])
