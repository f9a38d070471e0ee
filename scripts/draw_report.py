"""Draw docs/report.png, a part of a report that `pixelmill report` has written, as Debian's Chromium shows it.

python -m scripts.draw_report report.html
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image

from scripts.browser import chromium_path, launched

ROOT = Path(__file__).resolve().parents[1]
SHOWN = ("load", "throughput", "cores")
"""The sections that are left in the picture."""
WIDTH = 960
COLORS = 64


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    report: Path = parser.parse_args().report
    kept = ", ".join(f"#{name}" for name in SHOWN)
    with launched(chromium_path()) as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": 600}, color_scheme="light")
        page.goto(report.resolve().as_uri())
        page.add_style_tag(
            content=f"section:not({kept}), details, nav, section h3, section > .scroll, footer {{ display: none }}"
        )
        picture = page.screenshot(full_page=True)
    with Image.open(io.BytesIO(picture)) as opened:
        opened.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(ROOT / "docs/report.png", optimize=True)


if __name__ == "__main__":
    main()
