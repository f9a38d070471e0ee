"""What the tests of isolation share: a picture, and operations that crash whoever runs them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cells import poisonous
from tests.pictures import encoded, photo


@pytest.fixture(autouse=True, scope="module")
def poison() -> Iterator[None]:
    with poisonous():
        yield


@pytest.fixture(scope="module")
def picture() -> bytes:
    return encoded(photo(120, 90), "PNG")
