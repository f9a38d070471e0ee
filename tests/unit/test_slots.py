"""Slots in shared memory: what is written is read, there are never more than allowed, and none is left over."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from pixelmill.fleet import shared
from pixelmill.fleet.shared import NotShared, read, space, write
from pixelmill.fleet.slots import FINEST, LARGEST, Slots, remove_left
from pixelmill.limits import MIB

HOLDER = """
import sys
from pathlib import Path
from pixelmill.fleet.slots import Slots
slots = Slots(Path(sys.argv[1])).open()
import asyncio
print(asyncio.run(slots.take(1000)), flush=True)
sys.stdin.read()
"""


def with_slots(folder: Path, use: Callable[[Slots], Coroutine[Any, Any, None]], **options: Any) -> None:
    """Run `use` with slots in a folder, and see to it that closing them leaves nothing."""

    async def run() -> None:
        slots = Slots(folder, **options).open()
        try:
            await use(slots)
        finally:
            slots.close()

    asyncio.run(run())
    assert list(folder.iterdir()) == []


def path_of(name: str, folder: Path) -> Path:
    return Path(shared.path_of(name, folder))


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    async def use(slots: Slots) -> None:
        name = await slots.take(10)
        assert write(name, [b"12345", memoryview(b"67890")], tmp_path)
        assert bytes(read(name, 10, tmp_path)) == b"1234567890"
        assert slots.read(name, 3) == b"123"
        assert path_of(name, tmp_path).stat().st_mode & 0o777 == 0o600
        assert path_of(name, tmp_path).parent.stat().st_mode & 0o777 == 0o700

    with_slots(tmp_path, use)


def test_what_does_not_fit_is_not_written(tmp_path: Path) -> None:
    async def use(slots: Slots) -> None:
        name = await slots.take(10)
        assert write(name, [b"x" * FINEST], tmp_path)
        assert not write(name, [b"y" * FINEST, b"y"], tmp_path)
        assert bytes(read(name, FINEST, tmp_path)) == b"x" * FINEST

    with_slots(tmp_path, use)


def test_a_slot_is_used_again_unless_somebody_may_still_write_to_it(tmp_path: Path) -> None:
    async def use(slots: Slots) -> None:
        first = await slots.take(3 * MIB)
        assert await slots.take(3 * MIB) != first
        slots.give_back(first)
        assert await slots.take(3 * MIB - 7) == first
        slots.give_up(first)
        assert not path_of(first, tmp_path).exists()
        assert await slots.take(3 * MIB) != first

    with_slots(tmp_path, use)


def test_who_reads_goes_on_when_a_slot_is_removed(tmp_path: Path) -> None:
    async def use(slots: Slots) -> None:
        name = await slots.take(5)
        write(name, [b"hello"], tmp_path)
        with path_of(name, tmp_path).open("rb") as reader:
            slots.give_up(name)
            assert reader.read(5) == b"hello"

    with_slots(tmp_path, use)


def test_there_are_never_more_than_allowed(tmp_path: Path) -> None:
    async def use(slots: Slots) -> None:
        first, second = await slots.take(MIB), await slots.take(MIB)
        assert "" not in (first, second)
        assert await slots.take(1) == ""
        slots.give_back(second)
        # It makes room for one of another size.
        third = await slots.take(FINEST)
        assert third
        assert {path_of(name, tmp_path) for name in (first, third)} == set(files(tmp_path))

    with_slots(tmp_path, use, most=2 * MIB)


@pytest.mark.parametrize("size", [0, -1, LARGEST + 1])
def test_no_slot_for_nothing_or_too_much(tmp_path: Path, size: int) -> None:
    async def use(slots: Slots) -> None:
        assert await slots.take(size) == ""

    with_slots(tmp_path, use)


def test_a_full_file_system_is_no_failure(tmp_path: Path) -> None:
    async def use(slots: Slots) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (FINEST, hard))
        try:
            assert await slots.take(MIB) == ""
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert files(tmp_path) == []
        # Nothing of what was allowed is lost.
        assert await slots.take(MIB)

    with_slots(tmp_path, use, most=MIB)


def test_a_request_leaves_no_slot_behind(tmp_path: Path) -> None:
    async def use(slots: Slots) -> None:
        with slots.lease() as lease:
            kept, back, up = [await lease.take(MIB) for _ in range(3)]
            lease.give_back(back)
            lease.give_up(up)
            assert {path_of(name, tmp_path) for name in (kept, back)} == set(files(tmp_path))
        assert files(tmp_path) == [path_of(back, tmp_path)]

    with_slots(tmp_path, use)


def test_who_gives_up_waiting_leaves_no_slot_behind(tmp_path: Path) -> None:
    async def use(slots: Slots) -> None:
        taking = asyncio.create_task(slots.take(16 * MIB))
        await asyncio.sleep(0)
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        assert taking.cancelled()
        async with asyncio.timeout(60):
            while not (name := await slots.take(16 * MIB)):
                await asyncio.sleep(0.001)
        assert files(tmp_path) == [path_of(name, tmp_path)]

    with_slots(tmp_path, use, most=16 * MIB)


def test_slots_that_nobody_needs_are_removed(tmp_path: Path) -> None:
    async def use(slots: Slots) -> None:
        slots.give_back(await slots.take(MIB))
        async with asyncio.timeout(60):
            while files(tmp_path):
                await asyncio.sleep(0.001)

    with_slots(tmp_path, use, idle_s=0.0)


def test_without_a_folder_there_are_none(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "missing").open()
    assert space(tmp_path / "missing") == slots.space == asyncio.run(slots.take(1)) == ""
    slots.close()


def test_the_next_process_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    names = []
    holders = []
    for _ in range(2):
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout
        holders.append(holder)
        names.append(holder.stdout.readline().strip())
    try:
        holders[0].send_signal(signal.SIGKILL)
        holders[0].wait()
        assert path_of(names[0], tmp_path).exists()
        remove_left(tmp_path)
        assert files(tmp_path) == [path_of(names[1], tmp_path)]
    finally:
        for holder in holders:
            holder.kill()
            holder.communicate()


@pytest.mark.parametrize("name", ["", "x", "../" + "0" * 32 + "/1", "0" * 32 + "/../1", "0" * 32 + "/1\n", "0" * 32 + "/1"])
def test_only_names_of_slots_are_opened(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotShared):
        read(name, 1, tmp_path)
    with pytest.raises(NotShared):
        write(name, [b"x"], tmp_path)


def test_only_files_are_opened_and_only_as_far_as_they_go(tmp_path: Path) -> None:
    async def use(slots: Slots) -> None:
        name = await slots.take(1)
        path = path_of(name, tmp_path)
        for size in (0, -1, path.stat().st_size + 1):
            with pytest.raises(NotShared):
                read(name, size, tmp_path)
        other = f"{name}0"
        path_of(other, tmp_path).symlink_to(path)
        with pytest.raises(NotShared):
            read(other, 1, tmp_path)
        path_of(other, tmp_path).unlink()
        os.mkfifo(path_of(other, tmp_path))
        with pytest.raises(NotShared):
            write(other, [b"x"], tmp_path)

    with_slots(tmp_path, use)
