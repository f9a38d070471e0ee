"""The picture that the demo sends first: a synthetic landscape, the same on every run."""

from __future__ import annotations

import math

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (1920, 1080)
SUN = (1340, 400)
HORIZON = 640
OVERSAMPLING = 2
"""The shapes are drawn that many times larger and then reduced: that smooths their edges."""

Rgb = tuple[int, int, int]
Point = tuple[float, float]


def create_sample_image() -> Image.Image:
    """Return a 1920×1080 RGB picture of an evening landscape: gradients, hills, a windmill, a lake and some text.

    It has what shows a filter's work: smooth areas, sharp edges, fine lines, saturated and pale colors. Deterministic.
    """
    picture = _sky()
    shapes = Image.new("RGBA", (SIZE[0] * OVERSAMPLING, SIZE[1] * OVERSAMPLING), (0, 0, 0, 0))
    canvas = _Canvas(ImageDraw.Draw(shapes))
    canvas.ellipse(SUN, 88, (255, 244, 214))
    _draw_hills(canvas)
    _draw_lake(canvas)
    for x, y, height in ((150, 905, 190), (235, 935, 240), (330, 915, 170), (1690, 930, 250), (1790, 950, 200)):
        _draw_fir(canvas, x, y, height)
    _draw_windmill(canvas, 640, 780)
    _draw_palette(canvas)
    smooth = shapes.reduce(OVERSAMPLING)
    picture.paste(smooth, mask=smooth.getchannel("A"))
    pen = ImageDraw.Draw(picture)
    pen.text((90, 70), "PIXELMILL", fill=(255, 255, 255), font=ImageFont.load_default(96))
    pen.text((96, 180), "resize · filter · watermark", fill=(255, 236, 214), font=ImageFont.load_default(36))
    return picture


class _Canvas:
    """Draws in the picture's own coordinates on the larger picture of the shapes."""

    def __init__(self, pen: ImageDraw.ImageDraw) -> None:
        self.pen = pen

    def polygon(self, points: list[Point], color: Rgb) -> None:
        self.pen.polygon([(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in points], fill=color)

    def ellipse(self, center: Point, radius: float, color: Rgb, flatness: float = 1.0) -> None:
        (x, y), across, down = center, radius * OVERSAMPLING, radius * OVERSAMPLING * flatness
        x, y = x * OVERSAMPLING, y * OVERSAMPLING
        self.pen.ellipse((x - across, y - down, x + across, y + down), fill=color)

    def box(self, left: float, top: float, right: float, bottom: float, color: Rgb) -> None:
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], color)


def _between(first: Rgb, second: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _sky() -> Image.Image:
    stops: list[tuple[float, Rgb]] = [
        (0.0, (38, 66, 130)),
        (0.35, (116, 134, 190)),
        (0.65, (248, 190, 150)),
        (1.0, (255, 226, 170)),
    ]
    column = Image.new("RGB", (1, SIZE[1]))
    for y in range(SIZE[1]):
        at = min(1.0, y / HORIZON)
        below = next(number for number, (place, _) in enumerate(stops) if at <= place)
        (start, upper), (end, lower) = stops[max(0, below - 1)], stops[max(1, below)]
        column.putpixel((0, y), _between(upper, lower, (at - start) / (end - start)))
    sky = column.resize(SIZE)
    # The glow: radial_gradient is 0 in the middle and 255 at the rim.
    glow = Image.radial_gradient("L").point(lambda level: max(0, 200 - 2 * level)).resize((1100, 1100))
    sky.paste((255, 238, 200), (SUN[0] - 550, SUN[1] - 550), glow)
    clouds = Image.new("L", (SIZE[0] // 4, SIZE[1] // 4))
    pen = ImageDraw.Draw(clouds)
    for left, top, width in ((60, 70, 120), (120, 62, 90), (250, 92, 150), (330, 84, 80), (20, 118, 90), (400, 40, 70)):
        pen.ellipse((left, top, left + width, top + 9), fill=150)
    sky.paste((255, 246, 240), (0, 0), clouds.filter(ImageFilter.GaussianBlur(3)).resize(SIZE))
    return sky


def _ridge(base: float, *waves: tuple[float, float, float]) -> list[Point]:
    """Return a ridge's outline: sine waves of (amplitude in px, length in px, phase), closed at the bottom."""
    outline = [
        (float(x), base - sum(tall * math.sin(x / length + phase) for tall, length, phase in waves))
        for x in range(0, SIZE[0] + 8, 8)
    ]
    return [*outline, (SIZE[0], SIZE[1]), (0, SIZE[1])]


def _draw_hills(canvas: _Canvas) -> None:
    peaks: list[Point] = [(0, 600), (210, 430), (330, 520), (520, 350), (700, 540), (860, 470), (1110, 690)]
    canvas.polygon([*peaks, (0, 700)], (112, 118, 160))
    canvas.polygon([(520, 350), (573, 406), (540, 396), (515, 422), (492, 398), (462, 408)], (240, 240, 248))
    canvas.polygon([(210, 430), (244, 458), (216, 456), (200, 470), (171, 461)], (240, 240, 248))
    canvas.polygon(_ridge(600, (36, 190, 0.4), (12, 61, 2.0)), (134, 120, 150))
    canvas.polygon(_ridge(655, (30, 260, 2.2), (8, 70, 0.3)), (96, 112, 116))
    canvas.polygon(_ridge(730, (34, 330, 5.0), (9, 90, 1.0)), (70, 110, 84))
    canvas.polygon(_ridge(800, (42, 280, 3.6), (6, 50, 1.7)), (58, 98, 62))


def _draw_lake(canvas: _Canvas) -> None:
    canvas.ellipse((1270, 905), 470, (92, 132, 168), flatness=0.2)
    canvas.ellipse((1270, 915), 440, (122, 160, 188), flatness=0.17)
    for number in range(9):
        y, half = 852 + 16 * number, 150 - 13 * number
        canvas.box(SUN[0] - half, y, SUN[0] + half, y + 3, _between((255, 232, 190), (160, 184, 196), number / 8))


def _draw_fir(canvas: _Canvas, x: float, y: float, height: float) -> None:
    canvas.box(x - height * 0.035, y - height * 0.1, x + height * 0.035, y, (74, 52, 40))
    for step in range(4):
        half, top = height * (0.11 + 0.05 * step), y - height + height * 0.2 * step
        base = top + height * 0.32
        canvas.polygon([(x, top), (x + half, base), (x - half, base)], _between((34, 82, 62), (20, 58, 48), step / 3))
        canvas.polygon([(x, top), (x + half, base), (x, base)], _between((48, 104, 74), (30, 74, 58), step / 3))


def _draw_windmill(canvas: _Canvas, x: float, y: float) -> None:
    canvas.polygon([(x - 52, y - 230), (x + 52, y - 230), (x + 84, y), (x - 84, y)], (232, 220, 200))
    canvas.polygon([(x + 8, y - 230), (x + 52, y - 230), (x + 84, y), (x + 14, y)], (208, 190, 168))
    canvas.polygon([(x - 62, y - 228), (x, y - 300), (x + 62, y - 228)], (168, 62, 48))
    canvas.box(x - 20, y - 64, x + 20, y, (104, 66, 44))
    for top in (-196, -134):
        canvas.box(x - 16, y + top, x + 16, y + top + 34, (74, 96, 120))
        canvas.box(x - 2, y + top, x + 2, y + top + 34, (232, 220, 200))
    for quarter in range(4):
        turn = math.radians(24 + 90 * quarter)
        along, across = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))

        def at(far: float, aside: float, along: Point = along, across: Point = across) -> Point:
            return x + far * along[0] + aside * across[0], y - 246 + far * along[1] + aside * across[1]

        canvas.polygon([at(0, -4), at(190, -4), at(190, 4), at(0, 4)], (92, 60, 44))
        canvas.polygon([at(50, 4), at(186, 4), at(186, 42), at(50, 34)], (250, 246, 236))
        for bar in range(58, 186, 21):
            canvas.polygon([at(bar, 4), at(bar + 3, 4), at(bar + 3, 40), at(bar, 36)], (150, 120, 96))
    canvas.ellipse((x, y - 246), 13, (60, 44, 36))


def _draw_palette(canvas: _Canvas) -> None:
    """Six saturated tiles and a row of fine lines: what sepia and sharpening do shows best on these."""
    colors: list[Rgb] = [(230, 57, 53), (251, 140, 0), (253, 216, 53), (67, 160, 71), (30, 136, 229), (142, 36, 170)]
    for number, color in enumerate(colors):
        left = 90 + 74 * number
        canvas.box(left, 970, left + 62, 1032, color)
    for number in range(24):
        start = 560 + number * (4 + number * 0.35)
        canvas.box(start, 970, start + 1 + number * 0.2, 1032, (240, 240, 230))
