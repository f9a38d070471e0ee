"""Whatever happens to a file's bytes, it is a picture or one of our errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelmill import Internal, PixelmillError, run
from tests.pictures import encoded, photo

FILES = {
    "jpeg": encoded(photo(40, 30), "JPEG"),
    "png": encoded(photo(40, 30, 4)),
    "webp": encoded(photo(40, 30, 4), "WEBP"),
    "avif": encoded(photo(40, 30), "AVIF"),
    "gif": encoded(photo(40, 30), "GIF"),
    "tiff": encoded(photo(40, 30), "TIFF", compression="tiff_lzw"),
}


@pytest.mark.parametrize("format", FILES)
@given(data=st.data())
def test_a_damaged_file_is_a_picture_or_one_of_our_errors(format: str, data: st.DataObject) -> None:
    damaged = bytearray(FILES[format])
    places = st.integers(0, len(damaged) - 1) | st.integers(0, min(200, len(damaged) - 1))
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6)):
        damaged[place] = value
    cut = data.draw(st.just(len(damaged)) | st.integers(1, len(damaged)))
    try:
        result = run(bytes(damaged[:cut]), "resize:20x20 | png")
    except Internal:
        raise
    except PixelmillError:
        return
    assert max(result.info.width, result.info.height) <= 20


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(PixelmillError, match="expected a"):
        run(data, "png")
