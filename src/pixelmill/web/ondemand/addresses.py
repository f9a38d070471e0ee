"""Which addresses of the network belong to the public, and which to this machine, its network or nobody.

Source: IANA's registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890), and of multicast.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


CLOUDS = _networks(
    *("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.0/24"),
    *("fd00:ec2::254/128", "fd20:ce::254/128"),
)
"""Where clouds tell machines their secrets: what is link-local; Alibaba, Azure and Oracle; by IPv6, AWS and Google."""
INTERNAL = _networks(
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
    *("::1/128", "fc00::/7"),
)
"""This machine and networks of one's own, carriers' included: a setting may open them to named hosts."""
NEVER = CLOUDS + _networks(
    *("0.0.0.0/8", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24"),
    *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
)
"""Also multicast, reserved, for documentation and for tests; what carries an IPv4 address inside: Teredo and 6to4."""
GLOBAL_IPV6 = IPv6Network("2000::/3")
"""The only part of IPv6 that is given out. IPv4-mapped, NAT64, site-local, link-local and multicast addresses are out."""


def parse_address(text: str) -> Address:
    """Return an address as a resolver writes it, with or without the zone of a link."""
    return ip_address(text.partition("%")[0])


def may_connect(address: Address, internal: bool) -> bool:
    """Tell whether an address may be connected to.

    Args:
        address: the one that the connection goes to, not a name.
        internal: whether those of one's own networks may be, too.
    """
    if _within(address, NEVER):
        return False
    if _within(address, INTERNAL):
        return internal
    return not isinstance(address, IPv6Address) or address in GLOBAL_IPV6


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
