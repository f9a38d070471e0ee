"""The configuration file: what is too long for variables."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pixelmill.attached import with_files
from pixelmill.errors import InvalidPipeline
from pixelmill.pipeline import Pipeline, plain
from pixelmill.refusals import explain_refusal

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]


class _File(BaseModel):
    """What the file holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    presets: dict[Name, str | dict[str, Any]] = Field(default={}, description="pipelines by their names")
    sources: dict[Name, str] = Field(default={}, description="folders and URLs by their names")


@dataclass(frozen=True)
class Configuration:
    """What a configuration file says, read and checked.

    Attributes:
        presets: pipelines by their names.
        sources: folders and URLs, by the names that stand for them.
    """

    presets: Mapping[str, Pipeline] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


def read_configuration(path: str) -> Configuration:
    """Read a file in TOML, where its name ends so, or in YAML. Files that it names are relative to its folder.

    Raises:
        InvalidPipeline: it cannot be read, or a preset is no pipeline; the message says where.
    """
    if not path:
        return Configuration()
    try:
        given = _File.model_validate(_data(Path(path)) or {})
    except ValidationError as error:
        raise InvalidPipeline(f"{explain_refusal(_File, 'configuration', error)}, in {path}") from None
    folder = Path(path).parent
    presets = {name: _preset(name, value, folder, path) for name, value in given.presets.items()}
    sources = {name: place if "://" in place else str(folder / place) for name, place in given.sources.items()}
    return Configuration(presets, sources)


def _data(path: Path) -> object:
    try:
        text = path.read_text("utf-8-sig")
        return tomllib.loads(text) if path.suffix.lower() == ".toml" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())[:300]
        raise InvalidPipeline(f"expected a configuration file in YAML or TOML at {path}, got: {reason}") from None


def _preset(name: str, value: str | dict[str, Any], folder: Path, path: str) -> Pipeline:
    try:
        pipeline = Pipeline.from_data(with_files(plain(value) if isinstance(value, str) else value, folder))
        if pipeline.renditions:
            raise InvalidPipeline("expected a pipeline without renditions, got one with renditions")
    except InvalidPipeline as error:
        raise InvalidPipeline(f"{error}, in preset {name} of {path}") from None
    return pipeline
