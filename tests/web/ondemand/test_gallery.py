"""Who makes a picture, how often, and what is kept of it."""

from __future__ import annotations

import http.client
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from PIL import Image as Pillow

from pixelmill import sign_url
from pixelmill.signing import signature
from tests.fleet.processes import wait_for
from tests.pictures import encoded
from tests.web.ondemand.host import PictureHost, Reply, picture_host
from tests.web.ondemand.site import KEY, PHOTO, Answer, Site, fill, site

RED = encoded(Pillow.new("RGB", (60, 40), "red"))
BLUE = encoded(Pillow.new("RGB", (60, 40), "blue"))


@pytest.fixture(scope="module")
def web() -> Iterator[PictureHost]:
    """A host with pictures."""
    with picture_host() as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose pictures are changed."""
    return fill(tmp_path_factory.mktemp("folder"))


@pytest.fixture(scope="module")
def cached(folder: Path, web: PictureHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with a cache."""
    with site(**variables(folder, web), PIXELMILL_CACHE_DIR=str(tmp_path_factory.mktemp("cache"))) as made:
        yield made


@pytest.fixture(scope="module")
def stale(folder: Path, web: PictureHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with a cache that looks at sources each time."""
    cache = str(tmp_path_factory.mktemp("stale"))
    with site(**variables(folder, web), PIXELMILL_CACHE_DIR=cache, PIXELMILL_URL_MAX_AGE_S="0") as made:
        yield made


def variables(folder: Path, web: PictureHost) -> dict[str, str]:
    return {
        "PIXELMILL_URL_KEYS": KEY,
        "PIXELMILL_SOURCE_ROOTS": str(folder),
        "PIXELMILL_SOURCE_URLS": f"{web.url}/",
        "PIXELMILL_SOURCE_INTERNAL": web.address,
    }


def calls(made: Site) -> int:
    """Return how many pictures the fleet has begun to make."""
    return made.fleet.workers["worker"][0].describe().calls


class Gate:
    """A reply that waits until it is opened."""

    def __init__(self, reply: Reply) -> None:
        self.open = threading.Event()
        self._reply = reply

    def __call__(self) -> Reply:
        self.open.wait(60)
        return self._reply


def came(answer: Answer) -> str:
    return answer.headers["cache-status"].removeprefix("pixelmill; ")


def test_what_is_kept_needs_neither_source_nor_fleet(cached: Site, web: PictureHost) -> None:
    web.replies["/kept.png"] = Reply(RED, headers={"ETag": '"1"'})
    first = cached.show("resize:30x;png", f"{web.url}/kept.png")
    before = calls(cached)
    again = cached.show("resize:30x;png", f"{web.url}/kept.png")
    assert (came(first), came(again)) == ("fwd=miss", "hit")
    assert (again.body, again.headers["etag"]) == (first.body, first.headers["etag"])
    assert cached.show("resize:30x;png", f"{web.url}/kept.png", if_none_match=first.headers["etag"]).status == 304
    assert (calls(cached), web.times("/kept.png")) == (before, 1)


def test_equal_pipelines_are_one_whatever_their_text(cached: Site, web: PictureHost) -> None:
    web.replies["/same.png"] = Reply(RED)
    assert came(cached.show("resize:30x20;webp:80", f"{web.url}/same.png")) == "fwd=miss"
    rest = "resize:height=20,width=30%7Cwebp:quality=80/" + f"{web.url}/same.png"
    assert came(cached.get(f"/i/{signature(KEY, rest.encode())}/{rest}")) == "hit"


def test_a_file_that_changes_is_seen_at_once(cached: Site, folder: Path) -> None:
    (folder / "changing.png").write_bytes(RED)
    first = cached.show("png", "changing.png")
    assert came(cached.show("png", "changing.png")) == "hit"
    (folder / "changing.png").write_bytes(BLUE)
    os.utime(folder / "changing.png", (0, 5))
    second = cached.show("png", "changing.png")
    assert came(second) == "fwd=stale"
    assert second.body != first.body
    assert second.headers["etag"] != first.headers["etag"]
    (folder / "changing.png").unlink()
    assert cached.show("png", "changing.png").status == 404


def test_a_source_is_asked_whether_it_has_changed(stale: Site, web: PictureHost) -> None:
    web.replies["/tagged.png"] = Reply(RED, headers={"ETag": '"1"'})
    first = stale.show("png", f"{web.url}/tagged.png")
    assert first.headers["cache-control"] == "no-cache"
    before = calls(stale)
    again = stale.show("png", f"{web.url}/tagged.png")
    assert came(again) == "fwd=stale; fwd-status=304"
    assert again.body == first.body
    assert web.seen[-1][1]["if-none-match"] == '"1"'
    web.replies["/tagged.png"] = Reply(RED, headers={"ETag": '"2"'})
    assert came(stale.show("png", f"{web.url}/tagged.png")) == "fwd=stale; fwd-status=200; detail=unchanged"
    assert came(stale.show("png", f"{web.url}/tagged.png")) == "fwd=stale; fwd-status=304"
    assert calls(stale) == before
    web.replies["/tagged.png"] = Reply(BLUE, headers={"ETag": '"3"'})
    changed = stale.show("png", f"{web.url}/tagged.png")
    assert came(changed) == "fwd=stale"
    assert changed.body != first.body


def test_identical_requests_at_a_time_run_once(cached: Site, web: PictureHost) -> None:
    gate = Gate(Reply(RED))
    web.replies["/popular.png"] = gate
    before = calls(cached)
    with ThreadPoolExecutor(20) as clients:
        answers = [clients.submit(cached.show, "resize:9x;png", f"{web.url}/popular.png") for _ in range(20)]
        wait_for(lambda: web.times("/popular.png"), "the source to be asked for")
        wait_for(lambda: in_flight(cached) == 20, "all clients to wait")
        gate.open.set()
        bodies = {answer.result().body for answer in answers}
    assert len(bodies) == 1
    assert sorted(came(answer.result()) for answer in answers) == ["fwd=miss", *["fwd=miss; collapsed"] * 19]
    assert web.times("/popular.png") == 1
    assert calls(cached) == before + 1


def test_one_source_is_fetched_once_for_several_pictures(cached: Site, web: PictureHost) -> None:
    gate = Gate(Reply(RED))
    web.replies["/srcset.png"] = gate
    with ThreadPoolExecutor(4) as clients:
        answers = [
            clients.submit(cached.show, f"resize:{width}x;png", f"{web.url}/srcset.png") for width in (10, 20, 30, 40)
        ]
        wait_for(lambda: in_flight(cached) == 4, "all clients to wait")
        wait_for(lambda: web.times("/srcset.png"), "the source to be asked for")
        gate.open.set()
        assert [answer.result().size[0] for answer in answers] == [10, 20, 30, 40]
    assert web.times("/srcset.png") == 1


def test_an_error_is_shared_but_not_kept(cached: Site, web: PictureHost) -> None:
    gate = Gate(Reply(status=500))
    web.replies["/down.png"] = gate
    with ThreadPoolExecutor(3) as clients:
        answers = [clients.submit(cached.show, "png", f"{web.url}/down.png") for _ in range(3)]
        wait_for(lambda: in_flight(cached) == 3, "all clients to wait")
        gate.open.set()
        assert [answer.result().status for answer in answers] == [502] * 3
    assert web.times("/down.png") == 1
    web.replies["/down.png"] = Reply(RED)
    assert cached.show("png", f"{web.url}/down.png").status == 200


def test_a_client_that_leaves_takes_nothing_from_the_others(cached: Site, web: PictureHost) -> None:
    gate = Gate(Reply(RED))
    web.replies["/left.png"] = gate
    with ThreadPoolExecutor(1) as clients:
        leaving = begin(cached, f"{web.url}/left.png")
        wait_for(lambda: web.times("/left.png"), "the source to be asked for")
        staying = clients.submit(cached.show, "png", f"{web.url}/left.png")
        wait_for(lambda: in_flight(cached) == 2, "both to wait")
        leaving.close()
        wait_for(lambda: in_flight(cached) == 1, "one to be gone")
        gate.open.set()
        assert staying.result().status == 200
    assert web.times("/left.png") == 1


def test_the_last_client_who_leaves_ends_the_work(cached: Site, web: PictureHost) -> None:
    gone = threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
                gone.wait(0.01)
        finally:
            gone.set()

    web.replies["/endless.png"] = Reply(chunks=endless)
    with closing(begin(cached, f"{web.url}/endless.png")):
        wait_for(lambda: web.times("/endless.png"), "the source to be asked for")
        assert not gone.is_set()
    assert gone.wait(60)  # the connection to the source has been closed


def test_orchestrators_share_a_cache(cached: Site, folder: Path, web: PictureHost) -> None:
    cache = cached.fleet.orchestrator.environment["PIXELMILL_CACHE_DIR"]
    first = cached.show("resize:11x;webp", PHOTO)
    with site(**variables(folder, web), PIXELMILL_CACHE_DIR=cache) as other:
        again = other.show("resize:11x;webp", PHOTO)
        assert (came(again), again.body) == ("hit", first.body)
        assert calls(other) == 0


def test_a_cache_that_cannot_be_used_is_done_without(folder: Path, web: PictureHost, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with site(**variables(folder, web), PIXELMILL_CACHE_DIR=str(tmp_path / "file")) as made:
        for _ in range(2):
            answer = made.show("png", "drawing.png")
            assert (answer.status, came(answer)) == (200, "fwd=miss")
        assert made.fleet.orchestrator.errors().count("going on without the cache") == 1


def begin(made: Site, source: str) -> http.client.HTTPConnection:
    """Send a request, and do not wait for the answer."""
    connection = http.client.HTTPConnection(urlsplit(made.url).netloc, timeout=60)
    connection.request("GET", sign_url("png", source, key=KEY))
    return connection


def in_flight(made: Site) -> int:
    """Return how many connections the orchestrator's HTTP side holds beside the one that asks: requests that wait."""
    process = psutil.Process(made.fleet.orchestrator.process.pid)
    port = made.fleet.orchestrator.http_port
    return sum(
        one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port for one in process.net_connections(kind="tcp")
    )
