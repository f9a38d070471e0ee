"""Written by scripts/generate_fluent.py from the operations' own declarations. Do not edit."""

from collections.abc import Sequence
from typing import Literal

from pixelmill.geometry import Anchor, Gravity
from pixelmill.operations.convolve import KernelRows
from pixelmill.pipeline import Pipeline

class Fluent:
    def blur(self, sigma: float = 2.0) -> Pipeline:
        """Blur with a Gaussian; transparent pixels do not bleed into opaque ones.

        Args:
            sigma: standard deviation, px
        """

    def unsharp(self, sigma: float = 1.0, amount: float = 1.0, threshold: int = 0) -> Pipeline:
        """Sharpen by an unsharp mask: add `amount` times what a Gaussian blur takes away.

        Args:
            sigma: standard deviation of the blur, px
            amount: strength; 0 leaves the picture as it is
            threshold: differences of up to that many levels stay, as noise does
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

    def saturation(self, factor: float = 1.2) -> Pipeline:
        """Scale every color's distance from gray of the same luma, on sRGB values as they are stored.

        Args:
            factor: 1 leaves the picture as it is, 0 makes it gray
        """

    def hue(self, degrees: float = 90) -> Pipeline:
        """Turn every color's hue around gray of the same luma, on sRGB values as they are stored.

        Args:
            degrees: angle; 120 makes red green, nearly
        """

    def duotone(self, dark: str = "#1d2b53", light: str = "#fff1e8", amount: float = 1.0) -> Pipeline:
        """Replace colors by those between a dark and a light one, in proportion to ITU-R BT.601 luma.

        Args:
            dark: what black becomes, #RRGGBB
            light: what white becomes, #RRGGBB
            amount: share of the result against the original
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

    def convolve(self, kernel: KernelRows, divisor: float | None = None, offset: float = 0) -> Pipeline:
        """Replace each pixel by its neighbours' sum, each times a number of the kernel, over the divisor, plus the offset.

        Args:
            kernel: 3×3, 5×5 or another odd square up to 15×15, row by row
            divisor: what the sum is divided by; unset: the kernel's sum, or 1 where that is 0
            offset: what is added then, levels
        """

    def crop(
        self,
        width: int | None = None,
        height: int | None = None,
        gravity: Gravity = "center",
        left: int | None = None,
        top: int | None = None,
    ) -> Pipeline:
        """Keep a box of the picture: at a place in px, at an anchor, or around what draws the eye.

        Args:
            width: width of the box, px
            height: height of the box, px
            gravity: which part is kept where neither left nor top is given
            left: distance of the box from the left side, px
            top: distance of the box from the top, px
        """

    def vignette(self, amount: float = 0.5, start: float = 0.3) -> Pipeline:
        """Darken towards the corners, along ellipses of the picture's shape; alpha stays.

        Args:
            amount: how much darker the corners are; 1 makes them black
            start: where it begins: share of the way from the centre to a corner
        """

    def pixelate(self, size: int = 10) -> Pipeline:
        """Replace each square block by its mean, weighted by alpha; blocks at the right and bottom may be smaller.

        Args:
            size: side of a block, px
        """

    def rounded_corners(self, radius: float | None = None, share: float | None = None) -> Pipeline:
        """Cut the corners off along circles, smoothly; a picture without alpha gets one.

        Args:
            radius: radius of the corners, px; at most half the shorter side
            share: radius as a share of the shorter side; 0.5 makes a disc
        """

    def extend(
        self,
        border: int | None = None,
        left: int | None = None,
        top: int | None = None,
        right: int | None = None,
        bottom: int | None = None,
        mode: Literal["background", "copy", "mirror", "repeat"] = "background",
        background: str = "#ffffff",
    ) -> Pipeline:
        """Add a border, of one color or made from the picture; a side's own width goes before the one for all sides.

        Args:
            border: width on every side, px
            left: width on the left, px; unset: border, or 0; so for the others
            top: width at the top, px
            right: width on the right, px
            bottom: width at the bottom, px
            mode: background: one color; copy: the edge pixels; mirror: reflected; repeat: tiled
            background: the color of the border; transparent gives the result alpha
        """

    def median(self, radius: int = 1) -> Pipeline:
        """Replace each channel of each pixel by the median of its neighbourhood; edges are continued by their last pixels.

        Args:
            radius: half the neighbourhood's side, px: 1 is 3×3
        """

    def resize(
        self,
        width: int | None = None,
        height: int | None = None,
        fit: Literal["inside", "outside", "cover", "contain", "fill"] = "inside",
        gravity: Gravity = "center",
        enlarge: bool = False,
        scale: float | None = None,
        dpr: float = 1.0,
        kernel: Literal["nearest", "cubic", "lanczos3"] = "lanczos3",
        background: str = "#ffffff",
    ) -> Pipeline:
        """Change the size. Where only a width or a height is given, the other follows from the aspect ratio.

        Args:
            width: width of the box, px
            height: height of the box, px
            fit: the whole inside the box, or outside around it; cover: cropped to it; contain: padded; fill: stretched
            gravity: which part cover keeps, at a place or by what is seen; where contain puts the picture
            enlarge: also make pictures larger
            scale: instead of a box, a factor, above 1 enlarges; also 50% in text
            dpr: device pixel ratio: multiplies width and height
            kernel: lanczos3: sharpest; cubic: softer, less ringing; nearest: for pixel art
            background: what contain pads with; transparent gives the result alpha
        """

    def rotate(self, angle: float, background: str = "#ffffff") -> Pipeline:
        """Turn clockwise. Quarter turns move the pixels as they are; other angles interpolate.

        Args:
            angle: degrees clockwise
            background: what fills the corners; transparent gives the result alpha
        """

    def flip(self) -> Pipeline:
        """Mirror upside down.

        Args:
        """

    def flop(self) -> Pipeline:
        """Mirror left to right.

        Args:
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

    def gamma(self, gamma: float = 2.2) -> Pipeline:
        """Raise every color to a power: 255·(v/255)^(1/gamma), on sRGB values as they are stored.

        Args:
            gamma: above 1 makes midtones lighter, below 1 darker
        """

    def tint(self, color: str, amount: float = 1.0) -> Pipeline:
        """Move midtones towards a color's hue; black and white stay.

        Args:
            color: #RRGGBB
            amount: strength; 0 leaves the picture as it is
        """

    def auto_level(self, clip: float = 0.005, by: Literal["luma", "channel"] = "luma") -> Pipeline:
        """Stretch colors to the whole range: the darkest level becomes 0, the lightest 255, all between them in proportion.

        Args:
            clip: share of the pixels that become black, and share that become white
            by: luma: one range for all channels, hues stay; channel: each has its own, which removes a cast
        """

    def opacity(self, factor: float = 0.5) -> Pipeline:
        """Multiply alpha by a factor; a picture without alpha gets one.

        Args:
            factor: 1 leaves the picture as it is, 0 makes it invisible
        """

    def trim(self, threshold: int = 10, background: str | None = None) -> Pipeline:
        """Cut off the border on all four sides whose pixels are like the background.

        Args:
            threshold: largest difference from the background that is cut off, levels
            background: the border's color; unset: the top left pixel of the picture
        """

    def logo(
        self,
        image: bytes,
        position: Anchor = "bottom-right",
        scale: float = 0.2,
        opacity: float = 0.8,
        margin: int = 10,
        rotation: float = 0.0,
        tile: bool = False,
        spacing: float = 1.0,
        blend: Literal[
            "normal",
            "multiply",
            "screen",
            "overlay",
            "darken",
            "lighten",
            "color-dodge",
            "color-burn",
            "hard-light",
            "soft-light",
            "difference",
            "exclusion",
            "hue",
            "saturation",
            "color",
            "luminosity",
        ] = "normal",
    ) -> Pipeline:
        """Draw another picture over this one, scaled to a share of this one's width.

        Args:
            image: the logo: the bytes of a JPEG, PNG, WebP or AVIF; base64 in JSON, @FILE on the command line
            position: where; of repeated ones, where one of them is
            scale: the logo's width as a share of the picture's
            opacity: 0 is invisible, 1 covers
            margin: distance from the sides, px
            rotation: degrees, clockwise
            tile: repeat it all over the picture, in rows that are rotated with it
            spacing: gap between repeated ones, as a share of their height
            blend: how its colors mix with the picture's, by the names of CSS
        """

    def text(
        self,
        text: str,
        position: Anchor = "bottom-right",
        size: int = 30,
        color: str = "#ffffff",
        opacity: float = 0.8,
        margin: int = 10,
        font: Literal["sans", "sans-bold", "serif", "mono"] = "sans",
        relative_size: float | None = None,
        width: int | None = None,
        relative_width: float | None = None,
        align: Literal["auto", "left", "center", "right"] = "auto",
        rotation: float = 0.0,
        tile: bool = False,
        spacing: float = 1.0,
        outline: float = 0.0,
        outline_color: str = "#000000",
        shadow: float = 0.0,
        shadow_color: str = "#000000",
        shadow_x: float = 0.06,
        shadow_y: float = 0.06,
        shadow_blur: float = 0.06,
    ) -> Pipeline:
        """Write text over the picture, as it is: no markup, no escapes. What does not fit is cut off.

        Args:
            text: what to write
            position: where; of repeated ones, where one of them is
            size: font size, px
            color: #RRGGBB
            opacity: 0 is invisible, 1 covers
            margin: distance from the sides, px
            font: DejaVu Sans, Sans Bold, Serif or Sans Mono
            relative_size: font size as a share of the picture's shorter side; replaces size
            width: where lines are wrapped, px; unset: only at line breaks
            relative_width: where lines are wrapped, as a share of the picture's width
            align: of lines; auto: as the position says
            rotation: degrees, clockwise
            tile: repeat it all over the picture, in rows that are rotated with it
            spacing: gap between repeated ones, as a share of their height
            outline: width of an outline, as a share of the font size; 0: none
            outline_color: #RRGGBB
            shadow: opacity of a shadow; 0: none
            shadow_color: #RRGGBB
            shadow_x: how far right it falls, as a share of the font size
            shadow_y: how far down it falls, as a share of the font size
            shadow_blur: its standard deviation, as a share of the font size
        """

    def to(
        self,
        format: str,
        *,
        quality: int | None = None,
        lossless: bool = False,
        effort: Literal["speed", "balanced", "small"] = "speed",
        progressive: bool = False,
        subsampling: Literal["4:2:0", "4:2:2", "4:4:4"] = "4:2:0",
        colors: int | None = None,
        background: str = "#ffffff",
        frames: Literal["all", "first"] = "all",
        keep: Sequence[Literal["icc", "exif", "xmp"]] = (),
        accept: Sequence[Literal["jpeg", "png", "webp", "avif", "gif", "tiff", "heic", "jxl"]] = (),
    ) -> Pipeline:
        """Encode the result. No metadata is kept but what `keep` names.

        Args:
            quality: 1 to 100; unset: jpeg and jxl 85, webp 80, avif and heic 60; lossless formats have none
            lossless: webp, avif and jxl: exact pixels
            effort: time spent on fewer bytes: speed is for pictures on demand, small for those written once
            progressive: jpeg: a coarse picture shows first
            subsampling: jpeg, avif and heic: how finely color is stored
            colors: png and gif: from a palette of so many colors; unset: png has none, gif 256
            background: what shows under transparent pixels where the format has no alpha
            frames: first makes a still picture of an animation
            keep: metadata to keep: icc (with it, the picture's own color space), exif, xmp; a list, or text: icc+exif
            accept: auto: the formats that the caller takes; unset: webp, jpeg, png and gif; a list, or text: webp+jpeg
        """
