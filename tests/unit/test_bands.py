"""What is worked out on bands of rows is what it would be at once."""

from __future__ import annotations

import numpy as np
import pytest

from pixelmill import Pipeline
from pixelmill.pixels import BAND, Image, in_bands
from tests.pictures import photo

TALL = photo(23, 5 * BAND + 17, 4)
OPERATIONS = {"sharpen": 1, "convolve:1 2 3 4 5 6 7 8 9 8 7 6 5 4 3 2 1 2 3 4 5 6 7 8 9": 2, "blur:2": 9, "unsharp:1.5": 7}
OPERATIONS |= {"median:1": 3, "median:6": 18}


@pytest.mark.parametrize("text", OPERATIONS)
def test_each_row_is_what_it_is_among_its_neighbours_alone(text: str) -> None:
    (operation,) = Pipeline.from_text(text).operations
    whole, reach = operation.apply(TALL), OPERATIONS[text]
    for top in range(0, len(TALL), 40):
        low = max(0, top - reach)
        part = operation.apply(np.ascontiguousarray(TALL[low : top + 40 + reach]))
        assert np.array_equal(part[top - low : top - low + 40], whole[top : top + 40])


@pytest.mark.parametrize("height", [1, BAND, BAND + 1, BAND + 6, BAND + 7, 2 * BAND + 12, 3 * BAND])
def test_every_row_is_there_once(height: int) -> None:
    image = TALL[:height]
    heights = []

    def noted(band: Image) -> Image:
        heights.append(len(band))
        return 255 - band

    assert np.array_equal(in_bands(image, 3, noted), 255 - image)
    assert max(heights) <= BAND + 4 * 3
