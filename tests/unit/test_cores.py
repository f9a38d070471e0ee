"""How many cores a process may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pixelmill.cores import available_cores

ALL = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("limit", "cores"),
    [("max 100000", ALL), ("50000 100000", 1), ("100000 100000", 1), (f"{ALL * 100000 + 1} 100000", ALL), ("nonsense", ALL)],
)
def test_a_containers_cpu_limit_is_respected(tmp_path: Path, limit: str, cores: int) -> None:
    cgroup = tmp_path / "cpu.max"
    cgroup.write_text(limit + "\n")
    assert available_cores(cgroup) == cores


def test_without_cgroups_all_cores_count(tmp_path: Path) -> None:
    assert available_cores(tmp_path / "missing") == ALL
