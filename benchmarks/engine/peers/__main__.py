"""One peer in a process of its own: it is sent jobs as lines of JSON and answers each with the CPU time that it took.

    python -m benchmarks.engine.peers NAME

It imports nothing but the peer's own library, so that it also runs where only that one is installed.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def main(name: str) -> None:
    """Serve jobs from standard input until it ends."""
    peer = import_module(f"benchmarks.engine.peers.{name}")
    say({"version": peer.VERSION, "jobs": list(peer.JOBS)})
    ready: dict[tuple[str, str], Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        key = request["job"], request["picture"]
        try:
            if key not in ready:
                ready[key] = peer.JOBS[key[0]](Path(key[1]).read_bytes())
            say(answer(ready[key], request))
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"})


def answer(job: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Run a job once and say what it took."""
    if request.get("only_load"):
        return {}
    before = time.process_time()
    files = job()
    cpu_s = time.process_time() - before
    if request.get("save"):
        Path(request["save"]).write_bytes(files[0])
    return {"cpu_ms": cpu_s * 1000, "bytes": sum(map(len, files))}


def say(reply: dict[str, Any]) -> None:
    print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
