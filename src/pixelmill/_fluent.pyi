"""Written by scripts/generate_fluent.py from the operations' own declarations. Do not edit."""

from typing import Literal

from pixelmill.geometry import Anchor
from pixelmill.pipeline import Pipeline

class Fluent:
    def blur(self, sigma: float = 2.0) -> Pipeline:
        """Blur with a Gaussian; transparent pixels do not bleed into opaque ones.

        Args:
            sigma: standard deviation, px
        """

    def sharpen(self, amount: float = 2.0) -> Pipeline:
        """Add `amount` times what the 3×3 kernel [1 1 1; 1 5 1; 1 1 1]/13 smooths away; alpha stays.

        Args:
            amount: strength; 0 leaves the picture as it is
        """

    def edge_detect(self, amount: float = 1.0) -> Pipeline:
        """Show the differences from the eight neighbours: the 3×3 kernel of −1 around 8; alpha stays.

        Args:
            amount: share of the result against the original
        """

    def resize(
        self,
        width: int | None = None,
        height: int | None = None,
        fit: Literal["inside", "cover", "fill"] = "inside",
        gravity: Anchor = "center",
        enlarge: bool = False,
    ) -> Pipeline:
        """Change the size. Where only a width or a height is given, the other follows from the aspect ratio.

        Args:
            width: width of the box, px
            height: height of the box, px
            fit: inside: the whole picture within the box; cover: the box filled, the rest cropped; fill: stretched
            gravity: which part cover keeps
            enlarge: also make pictures larger
        """

    def grayscale(self, amount: float = 1.0) -> Pipeline:
        """Turn to gray: ITU-R BT.601 luma, 0.299 R + 0.587 G + 0.114 B.

        Args:
            amount: share of the result against the original
        """

    def sepia(self, amount: float = 1.0) -> Pipeline:
        """Tone like an old print: the matrix (.393 .769 .189; .349 .686 .168; .272 .534 .131), clipped.

        Args:
            amount: share of the result against the original
        """

    def negative(self, amount: float = 1.0) -> Pipeline:
        """Invert every color: 255 − v.

        Args:
            amount: share of the result against the original
        """

    def brightness(self, factor: float = 1.2) -> Pipeline:
        """Multiply every color by a factor.

        Args:
            factor: 1 leaves the picture as it is, 0 makes it black
        """

    def contrast(self, factor: float = 1.2) -> Pipeline:
        """Scale every color's distance from the picture's mean luma; transparent pixels do not count for the mean.

        Args:
            factor: 1 leaves the picture as it is, 0 makes it flat
        """

    def text(
        self,
        text: str,
        position: Anchor = "bottom-right",
        size: int = 30,
        color: str = "#ffffff",
        opacity: float = 0.8,
        margin: int = 10,
    ) -> Pipeline:
        """Write text over the picture, as it is: no markup, no escapes. What does not fit is cut off.

        Args:
            text: what to write
            position: where
            size: font size, px
            color: #RRGGBB
            opacity: 0 is invisible, 1 covers
            margin: distance from the sides, px
        """

    def logo(
        self,
        image: bytes,
        position: Anchor = "bottom-right",
        scale: float = 0.2,
        opacity: float = 0.8,
        margin: int = 10,
    ) -> Pipeline:
        """Draw another picture over this one, scaled to a share of this one's width.

        Args:
            image: the logo: the bytes of a JPEG, PNG, WebP or AVIF; base64 in JSON, @FILE on the command line
            position: where
            scale: the logo's width as a share of the picture's
            opacity: 0 is invisible, 1 covers
            margin: distance from the sides, px
        """

    def to(
        self,
        format: str,
        *,
        quality: int | None = None,
        lossless: bool = False,
        background: str = "#ffffff",
    ) -> Pipeline:
        """Encode the result; no metadata is kept.

        Args:
            quality: 1 to 100; unset: jpeg 85, webp 80, avif 60; lossless formats have none
            lossless: webp and avif: exact pixels
            background: what shows under transparent pixels where the format has no alpha
        """
