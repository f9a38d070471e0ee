"""Fetching from web servers: only what is allowed, only from where it is allowed, and never too much of it."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest

from pixelmill.errors import SourceFailed, SourceForbidden
from pixelmill.fleet.authority import Authority
from pixelmill.limits import Limits
from pixelmill.web.ondemand.allowlist import AllowList
from pixelmill.web.ondemand.remote import MAX_REDIRECTS, Web
from pixelmill.web.ondemand.source import Fetched
from tests.web.ondemand.host import (
    DATA,
    PictureHost,
    Reply,
    fetch,
    lone_host,  # noqa: F401 - in place of the host that all tests share
    picture_host,
    refusal,
)
from tests.web.ondemand.internet import PUBLIC, PUBLIC_6, Internet


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


def test_redirects_end(host: PictureHost) -> None:
    host.replies["/round"] = Reply(status=302, headers={"Location": "/round"})
    said = refusal(Web(AllowList(f"{host.url}/", host.address), Limits(), 10), f"{host.url}/round")
    assert (type(said), str(said)) == (SourceFailed, f"expected at most {MAX_REDIRECTS} redirects for the source, got more")
    assert host.times("/round") == MAX_REDIRECTS + 1


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
