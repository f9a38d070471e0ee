"""What several of these tests need."""

from __future__ import annotations

import pytest

from pixelmill.operations import base


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    monkeypatch.setattr(base, "_registry", dict(base._registry))
