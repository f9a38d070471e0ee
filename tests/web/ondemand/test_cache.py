"""The cache: bounded, shared by processes, and never in the way."""

from __future__ import annotations

import builtins
import hashlib
import logging
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pixelmill.web.ondemand.cache import ABANDONED_S, FILL, LOOK_SHARE, Cache
from pixelmill.web.ondemand.picture import Picture

KIB = 1024


def picture(size: int = 1000, seed: int = 0) -> Picture:
    return Picture.of(random.Random(seed).randbytes(size), "webp", f"etag {seed}", "ab" * 32)


def key(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]


def on_disk(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in files(folder))


def test_what_is_put_is_found(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "new" / "folder", KIB * KIB)
    assert cache.get(key(1)) is None
    assert cache.put(key(1), picture())
    found = cache.get(key(1))
    assert found is not None
    assert found.picture == picture()
    assert 0 <= found.age_s < 60
    again = Cache(tmp_path / "new" / "folder", KIB * KIB).get(key(1))
    assert again is not None
    assert again.picture == picture()


def test_its_age_is_since_its_source_was_looked_at(tmp_path: Path) -> None:
    cache = Cache(tmp_path, KIB * KIB)
    cache.put(key(1), picture())
    (path,) = files(tmp_path)
    os.utime(path, (time.time(), time.time() - 500))
    found = cache.get(key(1))
    assert found is not None
    assert 499 < found.age_s < 560
    cache.renew(key(1))
    renewed = cache.get(key(1))
    assert renewed is not None
    assert renewed.age_s < 60
    cache.renew(key(2))  # which is not there


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[:-1] + b"\0",
        lambda data: b"PXM0" + data[4:],
        lambda data: data[:5],
        lambda data: data + b"x",
    ],
)
def test_what_is_damaged_is_not_given_out(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    cache = Cache(tmp_path, KIB * KIB)
    cache.put(key(1), picture(seed=3))
    (path,) = files(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    assert cache.get(key(1)) is None
    assert files(tmp_path) == []
    assert cache.put(key(1), picture())
    assert cache.get(key(1))


def test_the_bound_holds_and_what_was_used_last_stays(tmp_path: Path) -> None:
    bound = 400 * KIB
    cache = Cache(tmp_path, bound)
    old = time.time() - 3600
    for number in range(200):
        assert cache.put(key(number), picture(7 * KIB, number))
        for path in files(tmp_path):
            if path.stat().st_atime > old + 1000 and path.name != key(0):
                os.utime(path, (old + number, path.stat().st_mtime))
        assert cache.get(key(0)) is not None  # asked for all the time
        assert on_disk(tmp_path) <= bound * (1 + 1 / LOOK_SHARE)
    assert cache.get(key(199)) is not None
    assert cache.get(key(1)) is None
    assert on_disk(tmp_path) > bound * FILL / 2


def test_one_picture_does_not_push_out_all_others(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 100 * KIB)
    cache.put(key(1), picture())
    assert not cache.put(key(2), picture(50 * KIB))
    assert cache.get(key(1))


def test_what_was_left_half_written_goes(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    left, current = tmp_path / "ab" / "abcd.1.part", tmp_path / "ab" / "abcd.2.part"
    left.write_bytes(b"half")
    current.write_bytes(b"half")
    os.utime(left, (0, time.time() - ABANDONED_S - 1))
    Cache(tmp_path, KIB * KIB).put(key(1), picture())
    assert not left.exists()
    assert current.exists()


WRITER = """
import random, sys
from pathlib import Path
from tests.web.ondemand.test_cache import key, picture
from pixelmill.web.ondemand.cache import Cache
cache = Cache(Path(sys.argv[1]), int(sys.argv[2]))
chosen = random.Random(int(sys.argv[3]))
print("ready", flush=True)
while True:
    number = chosen.randrange(60)
    found = cache.get(key(number))
    assert found is None or found.picture == picture(9000, number), number
    cache.put(key(number), picture(9000, number))
"""


def test_processes_share_it_and_may_be_killed(tmp_path: Path) -> None:
    """Four write and read the same pictures, in less room than all need, and are killed in the middle of it."""
    bound = 200 * KIB
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    for turn in range(2):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(tmp_path), str(bound), str(4 * turn + number)],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for number in range(4)
        ]
        most = 0
        try:
            for writer in writers:
                assert writer.stdout is not None
                assert writer.stdout.readline() == "ready\n", writer.communicate()[1]
            for _ in range(100):
                taken = 0
                for path in tmp_path.rglob("*"):
                    try:
                        taken += path.stat().st_blocks * 512 if path.is_file() else 0
                    except FileNotFoundError:
                        continue
                most = max(most, taken)
            assert all(writer.poll() is None for writer in writers)
        finally:
            for writer in writers:
                writer.kill()
            said = [writer.communicate()[1] for writer in writers]
        assert said == [""] * 4
        assert most <= bound * (1 + 4 / LOOK_SHARE) + 4 * 12 * KIB
    cache = Cache(tmp_path, bound)
    for number in range(60):
        found = cache.get(key(number))
        assert found is None or found.picture == picture(9000, number)


def test_threads_share_it(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 200 * KIB)
    wrong: list[object] = []

    def use(seed: int) -> None:
        for number in range(100):
            cache.put(key(number % 40), picture(6000, number % 40))
            found = cache.get(key((number + seed) % 40))
            if found and found.picture != picture(6000, (number + seed) % 40):
                wrong.append(found)

    threads = [threading.Thread(target=use, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert on_disk(tmp_path) <= 200 * KIB * (1 + 1 / LOOK_SHARE)


def test_a_disk_that_takes_nothing_is_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("where the folder should be")
    with caplog.at_level(logging.WARNING):
        cache = Cache(tmp_path / "file", KIB * KIB)
        for number in range(5):
            assert not cache.put(key(number), picture())
            assert cache.get(key(number)) is None
    (line,) = caplog.messages
    assert line.startswith(f"going on without the cache: cannot make {tmp_path / 'file'}: ")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is full")
def test_a_full_disk_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cache = Cache(tmp_path, KIB * KIB)
    cache.put(key(1), picture())
    real = builtins.open
    with monkeypatch.context() as patch:
        patch.setattr(
            builtins,
            "open",
            lambda path, mode="r", **more: real("/dev/full" if mode == "xb" else path, mode.replace("x", "w"), **more),
        )
        assert not cache.put(key(2), picture())
    assert "No space left on device" in caplog.text
    assert cache.get(key(1))
    assert cache.put(key(2), picture())
