"""Fetching from web servers: only what is allowed, only from where it is allowed, and never too much of it."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pixelmill.errors import ImageTooLarge, PixelmillError, SourceFailed, SourceForbidden, SourceNotFound
from pixelmill.fleet.authority import Authority
from pixelmill.limits import Limits
from pixelmill.web.ondemand.allowlist import AllowList
from pixelmill.web.ondemand.remote import MAX_REDIRECTS, Web
from pixelmill.web.ondemand.source import Fetched
from tests.web.ondemand.host import PictureHost, Reply, picture_host
from tests.web.ondemand.internet import PUBLIC, PUBLIC_6, Internet

DATA = b"a picture's bytes"


@pytest.fixture
def host() -> Iterator[PictureHost]:
    """A server with one picture, for one test."""
    with picture_host() as made:
        made.replies["/a.png"] = Reply(DATA)
        yield made


def fetch(web: Web, *urls: str, known: str = "") -> list[Fetched | None]:
    """Fetch one URL after the other."""

    async def all_of_them() -> list[Fetched | None]:
        try:
            return [await web.fetch(web.allowed.web(url), known) for url in urls]
        finally:
            await web.close()

    return asyncio.run(all_of_them())


def refusal(web: Web, url: str) -> PixelmillError:
    """Return why a URL cannot be fetched."""
    with pytest.raises(PixelmillError) as caught:
        fetch(web, url)
    return caught.value


def test_a_name_is_looked_up_once_and_its_address_is_connected_to(host: PictureHost) -> None:
    net = Internet({"pictures.test": [PUBLIC]})
    (fetched,) = fetch(net.web(f"http://pictures.test:{host.port}/"), f"http://pictures.test:{host.port}/a.png")
    assert fetched == Fetched(DATA)
    assert (net.asked, net.dialed) == (["pictures.test"], [PUBLIC])
    ((_, headers),) = host.seen
    assert headers["host"] == f"pictures.test:{host.port}"
    assert headers["accept-encoding"] == "identity"
    assert not {"cookie", "authorization", "referer"} & headers.keys()


def test_a_name_that_changes_its_address(host: PictureHost) -> None:
    """DNS rebinding: the first answer is fine, the second one is this machine."""
    net = Internet({"rebind.test": [PUBLIC]})
    urls, url = f"http://rebind.test:{host.port}/", f"http://rebind.test:{host.port}/a.png"
    assert fetch(net.web(urls), url) == [Fetched(DATA)]
    net.names["rebind.test"] = ["127.0.0.1"]
    assert isinstance(refusal(net.web(urls), url), SourceForbidden)
    assert net.dialed == [PUBLIC]


def test_of_several_addresses_those_that_are_allowed_are_tried(host: PictureHost) -> None:
    net = Internet({"many.test": ["10.0.0.1", PUBLIC_6, "::ffff:127.0.0.1", PUBLIC]})
    net.dead.add(PUBLIC_6)
    assert fetch(net.web(f"http://many.test:{host.port}/"), f"http://many.test:{host.port}/a.png") == [Fetched(DATA)]
    assert net.dialed == [PUBLIC_6, PUBLIC]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "100.64.0.1", "169.254.169.254", "::1", "::ffff:8.8.8.8", "fe80::1%lo"]
)
def test_addresses_that_are_not_the_public_s(host: PictureHost, address: str) -> None:
    net = Internet({"inside.test": [address]})
    said = refusal(net.web(f"http://inside.test:{host.port}/"), f"http://inside.test:{host.port}/a.png")
    assert isinstance(said, SourceForbidden)
    assert address.partition("%")[0] not in str(said)  # which is nobody's business
    assert net.dialed == []


def test_a_host_may_be_named_as_one_inside(host: PictureHost) -> None:
    net = Internet({"minio": ["10.1.2.3"], "other": ["10.1.2.3"], "cloud": ["169.254.169.254"]})
    allowed = f"http://minio:{host.port}/ http://other:{host.port}/ http://cloud:{host.port}/"
    inside = f"minio:{host.port} cloud"
    assert fetch(net.web(allowed, inside), f"http://minio:{host.port}/a.png") == [Fetched(DATA)]
    assert isinstance(refusal(net.web(allowed, inside), f"http://other:{host.port}/a.png"), SourceForbidden)
    assert isinstance(refusal(net.web(allowed, inside), f"http://cloud:{host.port}/a.png"), SourceForbidden)
    assert isinstance(refusal(net.web(allowed, "minio:1"), f"http://minio:{host.port}/a.png"), SourceForbidden)


@pytest.mark.parametrize(
    "spelling",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "①②⑦.0.0.1",
        "127.0.0.1.",
        "LOCALHOST",
    ],
)
def test_odd_spellings_of_this_machine(host: PictureHost, spelling: str) -> None:
    """With the system's own resolver, and a list that allows every host."""
    web = Web(AllowList(f"http://*:{host.port}/"), Limits(), 10)
    said = refusal(web, f"http://{spelling}:{host.port}/a.png")
    assert isinstance(said, SourceForbidden | SourceFailed)
    assert host.seen == []


def test_a_redirect_is_followed_to_where_it_may_lead(host: PictureHost) -> None:
    net = Internet({"one.test": [PUBLIC], "two.test": [PUBLIC]})
    host.replies["/start"] = Reply(status=302, headers={"Location": f"http://two.test:{host.port}/next"})
    host.replies["/next"] = Reply(status=308, headers={"Location": "/a.png"})
    web = net.web(f"http://one.test:{host.port}/, http://two.test:{host.port}/")
    assert fetch(web, f"http://one.test:{host.port}/start") == [Fetched(DATA)]
    assert list(dict.fromkeys(net.asked)) == ["one.test", "two.test"]


@pytest.mark.parametrize(
    "location",
    [
        "http://elsewhere.test:{port}/a.png",
        "//elsewhere.test:{port}/a.png",
        "http://127.0.0.1:{port}/a.png",
        "http://inside.test:{port}/a.png",
        "http://one.test:{other}/a.png",
        "http://one.test:{port}/private/a.png",
        "/public/../private/a.png",
        "http://one.test:{port}/public/%2e%2e/private/a.png",
        "http://user@one.test:{port}/public/a.png",
        "ftp://one.test/public/a.png",
        "file:///etc/passwd",
        "gopher://one.test:{port}/public/",
    ],
)
def test_a_redirect_to_where_nothing_may_be_fetched(host: PictureHost, location: str) -> None:
    net = Internet({"one.test": [PUBLIC], "elsewhere.test": [PUBLIC], "inside.test": ["10.0.0.1"]})
    host.replies["/public/start"] = Reply(
        status=302, headers={"Location": location.format(port=host.port, other=host.port + 1)}
    )
    host.replies["/private/a.png"] = Reply(DATA)
    web = net.web(f"http://one.test:{host.port}/public/ http://inside.test:{host.port}/")
    assert isinstance(refusal(web, f"http://one.test:{host.port}/public/start"), SourceForbidden)
    assert [path for path, _ in host.seen] == ["/public/start"]


@pytest.mark.parametrize(
    "location",
    ["/a.png?next=http://elsewhere.test/", "a.png?next=http://elsewhere.test/", "?://x", "/bücher.png"],
)
def test_redirects_that_look_like_others(host: PictureHost, location: str) -> None:
    """One without a scheme belongs to the host that it comes from, whatever else stands in it; some send UTF-8 as it is."""
    net = Internet({"one.test": [PUBLIC]})
    host.replies["/start"] = Reply(status=302, headers={"Location": location.encode().decode("latin-1")})
    for path in ("/a.png?next=http://elsewhere.test/", "/start?://x", "/b%C3%BCcher.png"):
        host.replies[path] = Reply(DATA)
    assert fetch(net.web(f"http://one.test:{host.port}/"), f"http://one.test:{host.port}/start") == [Fetched(DATA)]


@pytest.mark.parametrize("tag", ['"caf\xe9"', 'W/"1"', '""', "unquoted", '"' + "x" * 8000 + '"'])
def test_any_tag_is_sent_back_as_it_came(host: PictureHost, tag: str) -> None:
    host.replies["/a.png"] = Reply(DATA, headers={"ETag": tag})
    web = Web(AllowList(f"{host.url}/", host.address), Limits(), 10)
    (first,) = fetch(web, f"{host.url}/a.png")
    assert first is not None
    again = Web(AllowList(f"{host.url}/", host.address), Limits(), 10)
    fetch(again, f"{host.url}/a.png", known=first.validator)
    assert host.seen[-1][1]["if-none-match"] == tag


def test_very_many_tiny_chunks(host: PictureHost) -> None:
    """They take no more memory than what is in them."""
    host.replies["/a.png"] = Reply(chunks=lambda: iter([b"ab"] * 5000))
    assert fetch(Web(AllowList(f"{host.url}/", host.address), Limits(), 30), f"{host.url}/a.png") == [Fetched(b"ab" * 5000)]


def test_redirects_end(host: PictureHost) -> None:
    host.replies["/round"] = Reply(status=302, headers={"Location": "/round"})
    said = refusal(Web(AllowList(f"{host.url}/", host.address), Limits(), 10), f"{host.url}/round")
    assert (type(said), str(said)) == (SourceFailed, f"expected at most {MAX_REDIRECTS} redirects for the source, got more")
    assert host.times("/round") == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(b"x" * 1001), ImageTooLarge),
        (Reply(headers={"Content-Length": "1001"}), ImageTooLarge),
        (Reply(chunks=lambda: iter(lambda: b"x" * 100, b"")), ImageTooLarge),
        (Reply(gzip.compress(b"x" * 100_000), headers={"Content-Encoding": "gzip"}), SourceFailed),
        (Reply(headers={"Content-Encoding": "br"}), SourceFailed),
        (Reply(b"short", headers={"Content-Length": "900"}), SourceFailed),
        (Reply(status=404), SourceNotFound),
        (Reply(status=410), SourceNotFound),
        (Reply(status=403), SourceForbidden),
        (Reply(status=500), SourceFailed),
        (Reply(b"part", status=206), SourceFailed),
        (Reply(status=302), SourceFailed),
    ],
)
def test_answers_that_are_no_picture(host: PictureHost, reply: Reply, error: type[PixelmillError]) -> None:
    host.replies["/b.png"] = reply
    limits = Limits(max_input_bytes=1000)
    said = refusal(
        Web(AllowList(f"{host.url}/", host.address), limits, 1 if reply.body == b"short" else 30), f"{host.url}/b.png"
    )
    assert type(said) is error


@contextmanager
def speaking(start: bytes, on_and_on: bytes = b"") -> Iterator[str]:
    """Answer one client with bytes, and with others until it has gone; give the URL."""

    def answer() -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(start)
            while on_and_on:
                connection.sendall(on_and_on)
            connection.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        pool.submit(answer)
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("start", "on_and_on"),
    [
        (OK, b"X: " + b"a" * 1000 + b"\r\n"),
        (OK + b"X: ", b"a" * 1000),
        (b"HTTP/1.1 200 ", b"a" * 1000),
        (CHUNKED, b"0" * 1000),
        (CHUNKED + b"5;", b"a" * 1000),
        (CHUNKED + b"0\r\n", b"X: " + b"a" * 1000 + b"\r\n"),
        (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", b""),
        (OK + b"Content-Length: -5\r\n\r\nhello", b""),
        (OK + b"Content-Length: \xb2\r\n\r\nhello", b""),
        (OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nhello", b""),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b""),
        (OK + b"ETag: a\0b\r\nContent-Length: 5\r\n\r\nhello", b""),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello", b""),
        (b"HTTP/1.1 302 Found\r\nLocation: /a\tb\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 302 Found\r\nLocation: //[::1\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 302 Found\r\nLocation: /" + b"a" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n", b""),
        (b"\x16\x03\x01\x00\x00 no HTTP at all \r\n\r\n", b""),
    ],
)
def test_servers_that_do_not_speak_http(start: bytes, on_and_on: bytes) -> None:
    with speaking(start, on_and_on) as url:
        said = refusal(Web(AllowList(url, "127.0.0.1"), Limits(), 60), f"{url}a.png")
    assert type(said) is SourceFailed
    assert "within" not in str(said)  # it is seen, and not waited for
    assert len(str(said)) < 300


def test_what_is_more_than_was_announced_is_not_read() -> None:
    with speaking(OK + b"Content-Length: 5\r\n\r\nhello world") as url:
        assert fetch(Web(AllowList(url, "127.0.0.1"), Limits(), 60), f"{url}a.png") == [Fetched(b"hello")]


def test_one_that_never_ends_is_given_up(host: PictureHost) -> None:
    """A byte now and then keeps no connection alive for longer than the whole may take."""

    def slowly() -> Iterator[bytes]:
        while not gone.is_set():
            yield b"x"
            gone.wait(0.05)

    gone = threading.Event()
    host.replies["/slow.png"] = Reply(chunks=slowly)
    said = refusal(Web(AllowList(f"{host.url}/", host.address), Limits(), 0.5), f"{host.url}/slow.png")
    gone.set()
    assert (type(said), str(said)) == (SourceFailed, "expected the source within 0.5 s, got no end of it from 127.0.0.1")


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    said = refusal(Web(AllowList(f"http://127.0.0.1:{port}/", "127.0.0.1"), Limits(), 10), f"http://127.0.0.1:{port}/a.png")
    assert type(said) is SourceFailed


def test_the_version_that_is_known_is_not_sent_again(host: PictureHost) -> None:
    host.replies["/c.png"] = Reply(DATA, headers={"ETag": '"v1"', "Last-Modified": "Tue, 24 Nov 2026 10:00:00 GMT"})
    host.replies["/d.png"] = Reply(DATA, headers={"Last-Modified": "Tue, 24 Nov 2026 10:00:00 GMT"})

    def web() -> Web:
        return Web(AllowList(f"{host.url}/", host.address), Limits(), 10)

    first, dated = fetch(web(), f"{host.url}/c.png", f"{host.url}/d.png")
    assert first
    assert dated
    assert fetch(web(), f"{host.url}/c.png", known=first.validator) == [None]
    assert fetch(web(), f"{host.url}/d.png", known=dated.validator) == [dated]  # this server knows no dates
    assert host.seen[-1][1]["if-modified-since"] == "Tue, 24 Nov 2026 10:00:00 GMT"


def test_the_environment_s_proxies_are_not_used(host: PictureHost, monkeypatch: pytest.MonkeyPatch) -> None:
    with picture_host() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setitem(os.environ, name, proxy.url)
        assert fetch(Web(AllowList(f"{host.url}/", host.address), Limits(), 10), f"{host.url}/a.png") == [Fetched(DATA)]
        assert proxy.seen == []


def test_tls_is_checked_for_the_url_s_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("pictures.test", (), 1)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pair.cert, pair.key)
    net = Internet({"pictures.test": [PUBLIC], "other.test": [PUBLIC]})
    with picture_host(server) as host:
        host.replies["/a.png"] = Reply(DATA)
        urls = f"https://pictures.test:{host.port}/ https://other.test:{host.port}/"

        def trusting() -> Web:
            return net.web(urls, tls=ssl.create_default_context(cafile=str(authority.paths.cert)))

        assert fetch(trusting(), f"https://pictures.test:{host.port}/a.png") == [Fetched(DATA)]
        assert type(refusal(trusting(), f"https://other.test:{host.port}/a.png")) is SourceFailed
        assert type(refusal(net.web(urls), f"https://pictures.test:{host.port}/a.png")) is SourceFailed
        assert len(host.seen) == 1
