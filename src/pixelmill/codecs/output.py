"""How a result is to be encoded."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

from pixelmill.codecs.formats import FORMATS, SPECIAL_OPTIONS, WRITABLE, Kept, WritableName
from pixelmill.color import Color
from pixelmill.errors import ImageTooLarge, InvalidPipeline, expected, shown
from pixelmill.geometry import Size
from pixelmill.refusals import explain_refusal

SOURCE: Final = "source"
AUTO: Final = "auto"
ALIASES = {"jpg": "jpeg", "tif": "tiff"}
DEFAULT_ACCEPT: tuple[WritableName, ...] = ("webp", "jpeg", "png", "gif")


def _canonical(value: object) -> object:
    return ALIASES.get(value.lower(), value.lower()) if isinstance(value, str) else value


def _several(value: object) -> object:
    """Take `a b`, `a+b` or `a,b` for a list: the command line and the compact form have no other way to write one."""
    if isinstance(value, str):
        value = re.split(r"[\s+,]+", value.strip())
    return tuple(map(_canonical, value)) if isinstance(value, (list, tuple)) else value


class Output(BaseModel):
    """Encode the result. No metadata is kept but what `keep` names."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    positional: ClassVar[tuple[str, ...]] = ("quality",)

    format: Annotated[Literal["source", "auto", WritableName], BeforeValidator(_canonical)] = Field(
        SOURCE,
        description="source keeps the picture's own format, or PNG where that is not written; auto chooses by content",
    )
    quality: int | None = Field(
        None,
        ge=1,
        le=100,
        description="1 to 100; unset: jpeg and jxl 85, webp 80, avif and heic 60; lossless formats have none",
    )
    lossless: bool = Field(False, description="webp, avif and jxl: exact pixels")
    effort: Literal["speed", "balanced", "small"] = Field(
        "speed", description="time spent on fewer bytes: speed is for pictures on demand, small for those written once"
    )
    progressive: bool = Field(False, description="jpeg: a coarse picture shows first")
    subsampling: Literal["4:2:0", "4:2:2", "4:4:4"] = Field(
        "4:2:0", description="jpeg, avif and heic: how finely color is stored"
    )
    colors: int | None = Field(
        None, ge=2, le=256, description="png and gif: from a palette of so many colors; unset: png has none, gif 256"
    )
    background: Color = Field("#ffffff", description="what shows under transparent pixels where the format has no alpha")
    frames: Literal["all", "first"] = Field("all", description="first makes a still picture of an animation")
    keep: Annotated[tuple[Kept, ...], BeforeValidator(_several)] = Field(
        (),
        description="metadata to keep: icc (with it, the picture's own color space), exif, xmp; a list, or text: icc+exif",
    )
    accept: Annotated[tuple[WritableName, ...], BeforeValidator(_several)] = Field(
        (), description="auto: the formats that the caller takes; unset: webp, jpeg, png and gif; a list, or text: webp+jpeg"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.format == AUTO:
            return self
        if self.accept:
            raise ValueError(f"expected accept only for auto, got it for {self.format}")
        if self.format == SOURCE:
            return self
        for option in sorted(SPECIAL_OPTIONS - set(FORMATS[self.format].options)):
            value = getattr(self, option)
            if value != type(self).model_fields[option].default:
                names = ", ".join(name for name in WRITABLE if option in FORMATS[name].options)
                raise ValueError(f"expected {option} only for {names}, got {shown(value)} for {self.format}")
        lost = [name for name in self.keep if name not in FORMATS[self.format].keeps]
        if lost:
            raise ValueError(
                expected(f"metadata that {self.format} holds ({', '.join(FORMATS[self.format].keeps)})", "keep", lost[0])
            )
        return self

    # The last of the validators, so that it sees what the others refuse.
    @model_validator(mode="wrap")
    @classmethod
    def _refused(cls, value: object, validate: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return validate(value)
        except ValidationError as error:
            raise InvalidPipeline(explain_refusal(cls, "output", error)) from None

    def resolved(self, source_format: str) -> Output:
        """Return the output with "source" replaced by what it means for a source of that format."""
        if self.format != SOURCE:
            return self
        return self.as_format(source_format if source_format in WRITABLE else "png")

    def as_format(self, name: str) -> Output:
        """Return the output for that format; options that mean nothing to it are left out.

        So is metadata to be kept where that loses nothing: `auto` has chosen a format that holds what there is, and in a
        format that holds none there was none.

        Raises:
            InvalidPipeline: metadata is to be kept, which the format does not.
        """
        entry = FORMATS[name]
        without = SPECIAL_OPTIONS - set(entry.options)
        if entry.keeps and self.format != AUTO:
            without -= {"keep"}
        options = self.model_dump(exclude={"format", "accept", *without}, exclude_defaults=True)
        if self.format == AUTO and self.keep:
            options["keep"] = tuple(kind for kind in self.keep if kind in entry.keeps)
        return Output.model_validate({"format": name, **options})

    def check_size(self, size: Size) -> None:
        """Raise `ImageTooLarge` where the format cannot hold a picture of `size`."""
        if self.format == AUTO:
            return
        most = FORMATS[self.format].max_side
        if max(size) > most:
            raise ImageTooLarge(f"expected at most {most} px a side for {self.format}, got {size.width}×{size.height}")

    @property
    def effective_quality(self) -> int:
        """The quality to encode with: the one asked for, or the format's default."""
        return self.quality or FORMATS[self.format].quality or 0
