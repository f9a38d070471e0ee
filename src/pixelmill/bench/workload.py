"""What is sent: pictures and a pipeline, how many at a time, and for how long."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pixelmill.bench import figures
from pixelmill.codecs import probe
from pixelmill.errors import InvalidPipeline, PixelmillError, expected
from pixelmill.limits import DEFAULT_LIMITS
from pixelmill.pipeline import Pipeline
from pixelmill.storage import PICTURE_EXTENSIONS

DEFAULT_PIPELINE = 'resize:1280x720 | blur:20 | sharpen:2 | sepia | text:"© Pixelmill" | png'
"""The demo's request: one call to a resize instance, three to filter instances, one to a watermark instance."""
SAMPLE = "sample.png"
MOST_BYTES = 1 << 30
"""Pictures are read once and kept, so that the disk is not what is measured."""


@dataclass(frozen=True)
class Picture:
    """An encoded picture, and what it is."""

    data: bytes
    about: figures.SourcePicture


@dataclass(frozen=True)
class Workload:
    """What is sent.

    Attributes:
        pictures: sent by turns.
        pipeline: run on each.
        concurrency: requests at a time; with a rate, at most that many.
        requests: of one round; None where the time bounds it.
        duration_s: of one round, after which nothing more is sent, seconds.
        rate_per_s: how many are begun each second; as many as are answered where None.
        rounds: how often each setting is measured.
        warm_up: requests before the first round that are not counted.
        timeout_s: after which a request has failed, seconds.
    """

    pictures: tuple[Picture, ...]
    pipeline: Pipeline
    concurrency: int
    requests: int | None
    duration_s: float | None
    rate_per_s: float | None = None
    rounds: int = 1
    warm_up: int = 0
    timeout_s: float = DEFAULT_LIMITS.timeout_s

    @property
    def about(self) -> figures.Load:
        """The same for a document."""
        return figures.Load(
            concurrency=self.concurrency,
            requests=self.requests,
            duration_s=self.duration_s,
            rate_per_s=self.rate_per_s,
            rounds=self.rounds,
            warm_up=self.warm_up,
            timeout_s=self.timeout_s,
            pictures=tuple(picture.about for picture in self.pictures),
            pipeline=self.pipeline.to_text(),
        )


def read_pictures(paths: Sequence[Path]) -> tuple[Picture, ...]:
    """Return the pictures in files and folders, the sample where none is named.

    Raises:
        InvalidPipeline: there are none, or too many bytes of them, or a file cannot be read.
        PixelmillError: a file is no picture.
    """
    if not paths:
        return (_picture(SAMPLE, sample()),)
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise InvalidPipeline(expected("a picture, or a folder with some,", "--picture", ", ".join(map(str, paths))))
    if sum(file.stat().st_size for file in files) > MOST_BYTES:
        raise InvalidPipeline(f"expected at most {MOST_BYTES} bytes of pictures for --picture, got more: name fewer of them")
    return tuple(_picture(file.name, file.read_bytes()) for file in files)


def sample() -> bytes:
    """Return the demo's 1920×1080 picture as PNG."""
    from pixelmill.bench.sample_picture import create_sample_image

    buffer = io.BytesIO()
    create_sample_image().save(buffer, "PNG")
    return buffer.getvalue()


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(each for each in path.rglob("*") if each.suffix.lower() in PICTURE_EXTENSIONS and each.is_file())
    if not path.is_file():
        raise InvalidPipeline(expected("a file or a folder", "--picture", str(path)) + ", which does not exist")
    return [path]


def _picture(name: str, data: bytes) -> Picture:
    try:
        header = probe(data, DEFAULT_LIMITS)
    except PixelmillError as error:
        raise type(error)(f"{name}: {error}") from None
    about = figures.SourcePicture(
        name=name, format=header.format.name, width=header.size[0], height=header.size[1], bytes=len(data)
    )
    return Picture(data, about)
