"""Targets for atheris, guided by coverage: `python -m tests.fuzz.targets decoders|texts [CORPUS] [libFuzzer's options]`.

`pip install pixelmill[fuzz]` brings atheris. Guidance comes from our own code: the native decoders are not instrumented.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pixelmill", "yaml", "json"]):
    from pixelmill import Internal, InvalidPipeline, Pipeline, PixelmillError, run

from tests.fuzz.edits import LIMITS, files


def decoders(data: bytes) -> None:
    """Process `data` as a picture."""
    try:
        run(data, "resize:20x20 | png", limits=LIMITS)
    except Internal:
        raise
    except PixelmillError:
        pass


def texts(data: bytes) -> None:
    """Read `data` as a pipeline."""
    with suppress(InvalidPipeline):
        Pipeline.parse(data.decode("utf-8", "replace"))


def main() -> None:
    name, *options = sys.argv[1:] or ["decoders"]
    corpus = Path(options[0]) if options and not options[0].startswith("-") else None
    if name == "decoders" and corpus:
        corpus.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(files().values()):
            (corpus / f"seed-{number}").write_bytes(data)
    atheris.Setup([sys.argv[0], *options], {"decoders": decoders, "texts": texts}[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
