"""Many pictures: which files, where each result goes, and running them all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from pixelmill.codecs import FORMATS, Output
from pixelmill.codecs.formats import MAGIC_BYTES, format_of
from pixelmill.codecs.output import AUTO, DEFAULT_ACCEPT, SOURCE
from pixelmill.errors import InvalidPipeline, PixelmillError, SourceError, SourceNotFound, UnsupportedFormat
from pixelmill.executors import Executor, Item
from pixelmill.pipeline import Pipeline
from pixelmill.result import Rendered, Result
from pixelmill.storage import PICTURE_EXTENSIONS, pictures_below, read_file, read_start, write_file


@dataclass(frozen=True)
class Job:
    """One picture.

    Attributes:
        source: the file that it is read from.
        base: the files that its results go to, without what each adds: its rendition's name, and an extension.
        size: of the source, in bytes.
        extensions: by the renditions' names, "" where there are none, the extension of each result; several where
            only the result decides.
    """

    source: Path
    base: Path
    size: int
    extensions: Mapping[str, tuple[str, ...]]

    @property
    def files(self) -> list[Path]:
        """Every file that a result may go to."""
        return [self._file(name, extension) for name, several in self.extensions.items() for extension in several]

    def is_done(self) -> bool:
        """Tell whether all its results are there already."""
        return all(any(self._file(name, one).exists() for one in several) for name, several in self.extensions.items())

    def file_for(self, rendered: Rendered) -> Path:
        """Return the file that one of its results goes to."""
        extensions = self.extensions[rendered.name]
        return self._file(rendered.name, extensions[0] if len(extensions) == 1 else _usual(rendered.info.format))

    def _file(self, name: str, extension: str) -> Path:
        return self.base.with_name(self.base.name + (f"-{name}" if name else "") + extension)


@dataclass(frozen=True)
class Done:
    """What became of one job: a result that has been written, or an error; `file` is what could not be written."""

    job: Job
    result: Result | None = None
    error: PixelmillError | OSError | None = None
    file: Path | None = None


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
    inputs_found = set()
    for source, relative in found.values():
        status = _status(source)
        inputs_found.add(_identity(status))
        base = folder / relative.with_name(relative.stem)
        jobs.append(Job(source, base, status.st_size if status else 0, _extensions(source, pipeline)))
    jobs = _with_distinct_files(jobs)
    for file in (file for job in jobs for file in job.files):
        identity = _identity(_status(file))
        if identity and identity in inputs_found:
            raise InvalidPipeline(f"expected another folder for the results, got {file}, which is an input")
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
        file = None
        try:
            for rendered in outcome.result.outputs:
                file = job.file_for(rendered)
                write_file(file, rendered.data)
        except OSError as error:
            yield Done(job, error=error, file=file)
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


def _extensions(source: Path, pipeline: Pipeline) -> dict[str, tuple[str, ...]]:
    """Return the extensions that a picture's results may have, by the names of its renditions."""
    return {end.name: _extensions_of(source, end.output) for end in pipeline.ends}


def _extensions_of(source: Path, output: Output) -> tuple[str, ...]:
    """Return the extensions of one result: its source's own where that fits its format, several where that is open."""
    if output.format == AUTO:
        return tuple(map(_usual, output.accept or DEFAULT_ACCEPT))
    try:
        name = output.format if output.format != SOURCE else format_of(read_start(source, MAGIC_BYTES)).name
    except (UnsupportedFormat, SourceError):
        return (source.suffix,)
    name = name if FORMATS[name].writable else "png"
    return (source.suffix if source.suffix.lower() in FORMATS[name].extensions else _usual(name),)


def _usual(format: str) -> str:
    return FORMATS[format].extensions[0]


def _with_distinct_files(jobs: list[Job]) -> list[Job]:
    uses = Counter(file for job in jobs for file in job.files)
    distinct = [
        replace(job, base=job.base.with_name(job.source.name))
        if any(uses[file] > 1 and file.name != job.source.name for file in job.files)
        else job
        for job in jobs
    ]
    sources: dict[Path, Path] = {}
    for job in distinct:
        for file in job.files:
            other = sources.setdefault(file, job.source)
            if other != job.source:
                raise InvalidPipeline(
                    f"expected a name of its own for each result, got {file} for {other} and {job.source}; "
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
