"""Which IP addresses may be connected to: public unicast ones, and what the operator allows by network.

IPv6 is judged by what may be, not by what may not: only 2000::/3 is global unicast, so loopback, unique
local, link-local, multicast, IPv4-mapped (::ffff:0:0/96), IPv4-compatible and NAT64 (64:ff9b::/96,
64:ff9b:1::/48) are refused without a list; of 2000::/3 those blocks are that lead elsewhere (6to4, Teredo) or
nowhere.

Source: IANA special-purpose address registries (RFC 6890, RFC 8190); RFC 6598 (CGNAT); RFC 6052 (NAT64). The
metadata services of clouds lie in link-local, CGNAT and unique local space, save Azure's 168.63.129.16.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Network: TypeAlias = IPv4Network | IPv6Network

_CLOSED_V4: Final[tuple[tuple[IPv4Network, str], ...]] = tuple((IPv4Network(net), why) for net, why in (
    ("0.0.0.0/8", "this network"), ("10.0.0.0/8", "private"), ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"), ("169.254.0.0/16", "link-local"), ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"), ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4 relay"), ("192.168.0.0/16", "private"), ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"), ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"), ("240.0.0.0/4", "reserved"), ("168.63.129.16/32", "cloud metadata"),
))
_GLOBAL_V6: Final = IPv6Network("2000::/3")
_CLOSED_V6: Final[tuple[tuple[IPv6Network, str], ...]] = tuple((IPv6Network(net), why) for net, why in (
    ("2001::/23", "protocol assignments, Teredo"), ("2001:db8::/32", "documentation"), ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
))


def why_closed(address: str, allowed: Iterable[Network] = ()) -> str | None:
    """Return why an address is not connected to, None when it may be.

    `allowed` are networks that the operator opened; they hold for the address as it is written: allowing
    127.0.0.0/8 does not allow ::ffff:127.0.0.1. What is no address is closed.

    >>> why_closed("127.0.0.1")
    'loopback'
    >>> why_closed("1.1.1.1") is None
    True
    """
    try:
        found = ip_address(address)
    except ValueError:
        return "no address"
    if any(found.version == network.version and found in network for network in allowed):
        return None
    return _closed_v4(found) if isinstance(found, IPv4Address) else _closed_v6(found)


def _closed_v4(address: IPv4Address) -> str | None:
    return next((why for network, why in _CLOSED_V4 if address in network), None)


def _closed_v6(address: IPv6Address) -> str | None:
    if address not in _GLOBAL_V6 or address.scope_id:
        return "not global"
    return next((why for network, why in _CLOSED_V6 if address in network), None)
