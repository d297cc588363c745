"""A URL that is connected to, taken apart strictly: what two parsers could read differently is refused.

Only `scheme://host[:port][/path][?query]` in printable ASCII. No user name, fragment, backslash, percent sign
in the host, trailing dot. A host whose last label is a number must be four decimal parts without leading
zeros: octal, hexadecimal, short and single-number forms of an address are refused (WHATWG URL, "ends in a
number"; Claroty's "Exploiting URL parsers", 2022, tells what happens otherwise). International names are
given in punycode.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Final

from streams.core.web.addresses import why_closed

if TYPE_CHECKING:
    from streams.core.web.addresses import Network

MAX_URL_CHARS: Final = 2048
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z.-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>(?:[/?][!$-;=?-\[\]_a-z~|]*)?)"
)
_LABEL: Final = re.compile(r"(?!-)[0-9A-Za-z-]{1,63}(?<!-)")
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_PORTS: Final = {"https": 443, "http": 80}


class TargetRefused(Exception):
    """The URL is not connected to; the message says why and holds nothing of the URL."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator opened beside public https addresses on port 443."""

    http: bool = False
    networks: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads. `literal`: the host is an address, not a name."""

    scheme: str
    host: str
    port: int
    literal: bool


def target_of(url: str, allowed: Allowed) -> Target:
    """Return where a URL leads. Raises `TargetRefused`; names are not resolved here.

    >>> target_of("https://hooks.example.org/x", Allowed()).port
    443
    """
    found = _URL.fullmatch(url) if len(url) <= MAX_URL_CHARS else None
    if found is None:
        raise TargetRefused("url: not https://host[:port]/path in plain ASCII")
    scheme, port = found["scheme"], int(found["port"] or _PORTS[found["scheme"]])
    if scheme == "http" and not allowed.http:
        raise TargetRefused("url: http is not allowed here")
    if port != _PORTS[scheme] and port not in allowed.ports:
        raise TargetRefused("url: this port is not allowed here")
    host = found["host"].lower()
    literal = _literal(host)
    if literal and (why := why_closed(host.strip("[]"), allowed.networks)):
        raise TargetRefused(f"address: {why}")
    return Target(scheme, host.strip("[]"), port, literal)


def _literal(host: str) -> bool:
    """Return whether a host is an address. Raises `TargetRefused` for one in an odd form, and for no host."""
    try:
        if host.startswith("["):
            IPv6Address(host[1:-1])
            return True
        labels = host.split(".")
        if _NUMBER.fullmatch(labels[-1]):
            IPv4Address(host)
            return True
    except AddressValueError:
        raise TargetRefused("url: an address in an odd notation") from None
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise TargetRefused("url: no host name")
    return False
