"""Two operations for Pixelmill, as a package of its own: `pip install .` where they are to run."""

from typing import Annotated

import numpy as np
from pydantic import Field

import pixelmill


@pixelmill.operation
def posterize(
    image: np.ndarray,
    *,
    levels: Annotated[int, Field(ge=2, le=256, description="how many levels a channel keeps")] = 4,
) -> np.ndarray:
    """Reduce each color channel to a few levels; alpha stays."""
    steps = levels - 1
    table = np.rint(np.rint(np.arange(256) / 255 * steps) / steps * 255).astype(np.uint8)
    result = table[image]
    if image.shape[2] == 4:
        result[:, :, 3] = image[:, :, 3]
    return result


def half(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size of every second pixel, rounded up."""
    return (size[0] + 1) // 2, (size[1] + 1) // 2


@pixelmill.operation(pool="resize", output_size=half)
def halve(image: np.ndarray) -> np.ndarray:
    """Keep every second row and column."""
    return image[::2, ::2]
