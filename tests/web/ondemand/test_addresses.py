"""Addresses that belong to the public, and all others."""

from __future__ import annotations

import pytest

from pixelmill.web.ondemand.addresses import may_connect, parse_address

OWN = [
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "127.255.255.254"),
    *("100.64.0.1", "100.127.255.255", "::1", "fc00::1", "fdff::1"),
]
NOBODY = [
    *("0.0.0.0", "0.1.2.3", "169.254.169.254", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255"),
    *("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "3fff::1", "100::1"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1"),
    *("2002:7f00:1::1", "2002:808:808::1", "5f00::1"),
]
PUBLIC = [
    *("8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1"),
    *("169.253.1.1", "223.255.255.255", "2606:4700:4700::1111", "2a00:1450::1", "2001:4860:4860::8888"),
]


@pytest.mark.parametrize(("addresses", "usually", "internally"), [(OWN, 0, 1), (NOBODY, 0, 0), (PUBLIC, 1, 1)])
def test_which_may_be_connected_to(addresses: list[str], usually: int, internally: int) -> None:
    for text in addresses:
        assert may_connect(parse_address(text), internal=False) == bool(usually), text
        assert may_connect(parse_address(text), internal=True) == bool(internally), text
