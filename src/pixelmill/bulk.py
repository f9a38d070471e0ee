"""Many pictures: which files, where each result goes, and running them all."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from pixelmill.codecs import FORMATS, WRITABLE
from pixelmill.codecs.formats import MAGIC_BYTES, format_of
from pixelmill.codecs.output import AUTO
from pixelmill.errors import InvalidPipeline, PixelmillError, SourceError, SourceNotFound, UnsupportedFormat
from pixelmill.executors import Executor, Item
from pixelmill.pipeline import Pipeline
from pixelmill.result import Rendered, Result
from pixelmill.storage import PICTURE_EXTENSIONS, pictures_below, read_file, read_start, write_file

UNKNOWN = ".auto"
"""Stands for an extension that only the result decides."""


@dataclass(frozen=True)
class Job:
    """One picture.

    Attributes:
        source: the file that it is read from.
        target: the file that its result goes to, or that the names of its renditions' files are made of.
        size: of the source, in bytes.
        names: the renditions; without any, the result has no name of its own.
    """

    source: Path
    target: Path
    size: int
    names: tuple[str, ...] = ("",)

    def is_done(self) -> bool:
        """Tell whether all its results are there already."""
        return all(any(path.exists() for path in self._candidates(name)) for name in self.names)

    def file_for(self, rendered: Rendered) -> Path:
        """Return the file that one of its results goes to."""
        path = self._named(rendered.name)
        return path.with_suffix(FORMATS[rendered.info.format].extensions[0]) if path.suffix == UNKNOWN else path

    def _named(self, name: str) -> Path:
        return self.target.with_stem(f"{self.target.stem}-{name}") if name else self.target

    def _candidates(self, name: str) -> list[Path]:
        path = self._named(name)
        extensions = [FORMATS[format].extensions[0] for format in WRITABLE] if path.suffix == UNKNOWN else [path.suffix]
        return [path.with_suffix(extension) for extension in extensions]


@dataclass(frozen=True)
class Done:
    """What became of one job: a result that has been written, or an error."""

    job: Job
    result: Result | None = None
    error: PixelmillError | OSError | None = None


@dataclass
class Report:
    """The sum of many jobs; sizes are in bytes, of the pictures that were done."""

    done: int = 0
    skipped: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    failed: list[Done] = field(default_factory=list)

    def add(self, done: Done) -> None:
        """Count one job."""
        if done.result is None:
            self.failed.append(done)
            return
        self.done += 1
        self.bytes_in += done.job.size
        self.bytes_out += done.result.bytes


def plan_jobs(inputs: Iterable[Path], folder: Path, pipeline: Pipeline) -> list[Job]:
    """Return the jobs for files and folders, with results under `folder`.

    Folders are searched for pictures, and their sub-folders kept under `folder`; a file that is named itself is taken
    whatever its extension. A result is called like its source, with the extension of its format. Where two results
    would get the same name, they keep their source's extension too: a.png and a.jpg become a.png.webp and a.jpg.webp.
    Renditions add their names: a.jpg becomes a-small.webp and a-large.webp.

    Raises:
        SourceError: an input does not exist or cannot be read, or there is no picture in any of them.
        InvalidPipeline: a result would replace one of the inputs, or two results would have the same name.
    """
    found: dict[Path, tuple[Path, Path]] = {}
    for source, relative in _find(inputs, folder):
        found.setdefault(source.absolute(), (source, relative))
    if not found:
        raise SourceNotFound(f"expected pictures ({', '.join(sorted(PICTURE_EXTENSIONS))}) in the input, got none")
    jobs = []
    files = set()
    for source, relative in found.values():
        status = _status(source)
        target = folder / relative.with_suffix(_extension(source, pipeline))
        jobs.append(Job(source, target, status.st_size if status else 0, tuple(end.name for end in pipeline.ends)))
        files.add(_identity(status))
    jobs = _with_distinct_targets(jobs)
    for job in jobs:
        identity = _identity(_status(job.target))
        if identity and identity in files:
            raise InvalidPipeline(f"expected another folder for the results, got {job.target}, which is an input")
    return jobs


def process(jobs: Sequence[Job], pipeline: Pipeline, executor: Executor) -> Iterator[Done]:
    """Run every job, a bounded number at a time, and write each result; jobs end in any order.

    One job's error does not end the others.
    """
    items = (Item(str(number), partial(read_file, job.source)) for number, job in enumerate(jobs))
    for outcome in executor.map(items, pipeline):
        job = jobs[int(outcome.key)]
        if outcome.result is None:
            yield Done(job, error=outcome.error)
            continue
        try:
            for rendered in outcome.result.outputs:
                write_file(job.file_for(rendered), rendered.data)
        except OSError as error:
            yield Done(job, error=error)
        else:
            yield Done(job, result=outcome.result)


def _find(inputs: Iterable[Path], folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each picture and its path below the output folder."""
    for given in inputs:
        if given.is_dir():
            # Results of an earlier run are no input, unless the output folder is the input folder itself.
            without = folder if folder.is_dir() else None
            for path in pictures_below(given, without):
                yield path, path.relative_to(given)
        elif given.exists():
            yield given, Path(given.name)
        else:
            raise SourceNotFound(f"expected a file or folder, got {str(given)!r}, which does not exist")


def _extension(source: Path, pipeline: Pipeline) -> str:
    """Return the extension of the result; the source's own where it fits the result's format."""
    output = pipeline.output
    name = output.format
    if name == AUTO or pipeline.renditions:
        return UNKNOWN
    if name == "source":
        try:
            name = output.resolved(format_of(read_start(source, MAGIC_BYTES)).name).format
        except (UnsupportedFormat, SourceError):
            return source.suffix
    extensions = FORMATS[name].extensions
    return source.suffix if source.suffix.lower() in extensions else extensions[0]


def _with_distinct_targets(jobs: list[Job]) -> list[Job]:
    uses = Counter(job.target for job in jobs)
    distinct = [
        replace(job, target=job.target.with_name(job.source.name + job.target.suffix))
        if uses[job.target] > 1 and job.target.name != job.source.name
        else job
        for job in jobs
    ]
    sources = defaultdict(list)
    for job in distinct:
        sources[job.target].append(job.source)
    for target, several in sources.items():
        if len(several) > 1:
            raise InvalidPipeline(
                f"expected a name of its own for each result, got {target} for {several[0]} and {several[1]}; "
                "run them into different folders"
            )
    return distinct


def _status(path: Path) -> os.stat_result | None:
    """Return what is at `path`; None where nothing can be read there, which shows again when it is read."""
    try:
        return path.stat()
    except OSError:
        return None


def _identity(status: os.stat_result | None) -> tuple[int, int] | None:
    """Tell files apart by more than their names, which links and case-insensitive file systems make several of."""
    return (status.st_dev, status.st_ino) if status else None
