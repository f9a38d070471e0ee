"""Lists of hosts, and gRPC's targets for them."""

from __future__ import annotations

import asyncio

import pytest

from pixelmill.errors import InvalidPipeline
from pixelmill.fleet.addresses import Host, Resolver, parse_hosts, target

BAD = [
    "filter-1",
    "filter-1:",
    ":50053",
    "filter-1:http",
    "filter-1:0",
    "filter-1:65536",
    "filter-1:-1",
    "filter-1:²",
    "filter-1:" + "9" * 5000,
    "::1:50053",
    "[::1]",
    "[]:50053",
    "a..b:50053",
    "a" * 64 + ".example:50053",
    "good:1,bad",
]


def test_a_list() -> None:
    hosts = parse_hosts(" 10.0.0.1:50053, filter-2:50053 ,,[fe80::1]:7,10.0.0.1:50053,bücher.example:1", "HOSTS")
    assert hosts == (Host("10.0.0.1", 50053), Host("filter-2", 50053), Host("fe80::1", 7), Host("bücher.example", 1))
    assert [str(host) for host in hosts[:3]] == ["10.0.0.1:50053", "filter-2:50053", "[fe80::1]:7"]


def test_an_empty_list() -> None:
    assert parse_hosts(" , ", "HOSTS") == ()


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_a_bad_list(text: str) -> None:
    with pytest.raises(InvalidPipeline, match=r"^expected host:port items separated by commas for HOSTS, got"):
        parse_hosts(text, "HOSTS")


def test_targets() -> None:
    assert target([Host("10.0.0.1", 1), Host("10.0.0.2", 2)]) == "ipv4:10.0.0.1:1,10.0.0.2:2"
    assert target([Host("::1", 1)]) == "ipv6:[::1]:1"
    assert target([Host("::1", 1), Host("10.0.0.2", 2)]) == "ipv6:[::1]:1,[::ffff:10.0.0.2]:2"


def test_resolving() -> None:
    hosts = [Host("127.0.0.1", 1), Host("::1", 1), Host("localhost", 1), Host("nowhere.invalid", 1)]
    found = asyncio.run(Resolver().resolve(hosts))
    assert found[hosts[0]] == (hosts[0],)
    assert found[hosts[1]] == (hosts[1],)
    assert found[hosts[2]] in ((hosts[0],), (hosts[1],))
    assert found[hosts[3]] == ()
