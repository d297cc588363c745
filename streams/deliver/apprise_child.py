"""The child of the apprise channel: reads one message on standard input, sends it, ends with 0 or 75.

    {"urls": […], "networks": […], "title": "…", "text": "…", "type": "info"}

Every connection of every client of apprise (requests, smtplib) asks `socket.getaddrinfo` and goes to what it
answers; here it answers with addresses that may be connected to, or not at all. Nothing is printed: an error
of the library may quote a URL.
"""

from __future__ import annotations

import json
import logging
import socket
import sys
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from streams.core.web.addresses import why_closed

if TYPE_CHECKING:
    from streams.core.web.addresses import Network

TRY_AGAIN = 75


def guarded(
    ask: Callable[..., list[Any]], networks: Sequence[Network]
) -> Callable[..., list[Any]]:
    """Return a `getaddrinfo` that raises `socket.gaierror` when one of a name's addresses is closed."""
    def checked(host: Any, *rest: Any, **named: Any) -> list[Any]:  # noqa: ANN401  # getaddrinfo's signature
        """Ask, and keep closed addresses back."""
        found = ask(host, *rest, **named)
        if any(why_closed(str(each[4][0]), networks) for each in found):
            raise socket.gaierror(socket.EAI_FAIL, "not connected to")
        return found
    return checked


def main() -> int:
    """Send the message on standard input; return the exit code."""
    import apprise  # noqa: PLC0415  # an extra

    logging.disable(logging.CRITICAL)
    given = json.loads(sys.stdin.buffer.read())
    networks = [ip_network(text) for text in given["networks"]]
    socket.getaddrinfo = guarded(socket.getaddrinfo, networks)
    sender = apprise.Apprise()
    known = [sender.add(url) for url in given["urls"]]
    if not known or not all(known):
        return TRY_AGAIN
    sent = sender.notify(
        title=given["title"], body=given["text"], notify_type=given["type"], body_format="text")
    return 0 if sent else TRY_AGAIN


if __name__ == "__main__":
    sys.exit(main())
