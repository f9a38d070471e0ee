"""How a result is to be encoded."""

from __future__ import annotations

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

from pixelmill.codecs.formats import FORMATS, WRITABLE
from pixelmill.color import Color
from pixelmill.errors import ImageTooLarge, InvalidPipeline
from pixelmill.geometry import Size
from pixelmill.refusals import explain_refusal

SOURCE: Final = "source"
ALIASES = {"jpg": "jpeg"}


def _canonical(value: object) -> object:
    return ALIASES.get(value.lower(), value.lower()) if isinstance(value, str) else value


class Output(BaseModel):
    """Encode the result; no metadata is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    positional: ClassVar[tuple[str, ...]] = ("quality",)

    format: Annotated[Literal["source", "jpeg", "png", "webp", "avif"], BeforeValidator(_canonical)] = Field(
        SOURCE, description="source keeps the picture's own format, or PNG where that is not written"
    )
    quality: int | None = Field(
        None, ge=1, le=100, description="1 to 100; unset: jpeg 85, webp 80, avif 60; lossless formats have none"
    )
    lossless: bool = Field(False, description="webp and avif: exact pixels")
    background: Color = Field("#ffffff", description="what shows under transparent pixels where the format has no alpha")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.quality is not None and self.format == "png":
            raise ValueError(f"expected no quality for png, which is lossless, got {self.quality}")
        if self.lossless and self.format in ("jpeg", "png"):
            raise ValueError(f"expected lossless only for webp and avif, got it for {self.format}")
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
        name = source_format if source_format in WRITABLE else "png"
        lossy = FORMATS[name].quality is not None
        return Output(
            format=name,
            quality=self.quality if lossy else None,
            lossless=self.lossless and name in ("webp", "avif"),
            background=self.background,
        )

    def check_size(self, size: Size) -> None:
        """Raise `ImageTooLarge` where the format cannot hold a picture of `size`."""
        most = FORMATS[self.format].max_side
        if max(size) > most:
            raise ImageTooLarge(f"expected at most {most} px a side for {self.format}, got {size.width}×{size.height}")

    @property
    def effective_quality(self) -> int:
        """The quality to encode with: the one asked for, or the format's default."""
        return self.quality or FORMATS[self.format].quality or 0
