"""Draw docs/dashboard.jpg and docs/dashboard-fleet.jpg: the dashboard of a fleet at work, as Debian's Chromium shows it.

python -m scripts.draw_dashboard
"""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from pixelmill.fleet.client import FleetExecutor
from pixelmill.fleet.embedded import EmbeddedFleet
from scripts.browser import chromium_path, launched

ROOT = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT = 1360, 900
QUALITY = 88
SETTLED_MS = 8000
"""Time until charts show something, milliseconds."""
PAGES = (("#/try", "dashboard.jpg", "light"), ("#/fleet", "dashboard-fleet.jpg", "dark"))
PIPELINE = 'resize:800x | blur:2 | sharpen | sepia | text:"© me" | webp'


def main() -> None:
    """Draw them."""
    over = threading.Event()
    with EmbeddedFleet(http_port=-1, log=os.devnull) as fleet, launched(chromium_path()) as browser:
        working = threading.Thread(target=work, args=(fleet.target, over))
        working.start()
        try:
            for page, name, scheme in PAGES:
                draw(browser, f"{fleet.http_url}/{page}", ROOT / "docs" / name, scheme)
        finally:
            over.set()
            working.join()


def work(target: str, over: threading.Event) -> None:
    """Send pictures, some a second."""
    picture = (ROOT / "examples/photos/coffee.png").read_bytes()
    with FleetExecutor(target) as client:
        while not over.wait(0.1):
            client.run(picture, PIPELINE)


def draw(browser: Browser, url: str, path: Path, scheme: str) -> None:
    """Write what a page looks like after a while."""
    page = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page.goto(url)
    page.wait_for_timeout(SETTLED_MS)
    with Image.open(io.BytesIO(page.screenshot())) as opened:
        small = opened.convert("RGB").resize((WIDTH * 3 // 4, HEIGHT * 3 // 4), Image.Resampling.LANCZOS)
        small.save(path, quality=QUALITY, subsampling=0, optimize=True)
    page.close()


if __name__ == "__main__":
    main()
