"""resolver: a name → addresses that may be connected to, or none. The connection goes to what was checked.

aiohttp asks it once a connection and connects to what it answers: no second look-up, so a name that answers
differently the next time (rebinding) gains nothing. One address that is closed closes the name: a name that
has both a public and a private one is a trap or a mistake. Names that are addresses never come here:
`target_of` has judged them.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

from streams.core.web.addresses import why_closed
from streams.core.web.target import TargetRefused

if TYPE_CHECKING:
    from streams.core.web.addresses import Network

Found: TypeAlias = tuple[int, str]
"""Address family and address, as `getaddrinfo` has them."""
LookUp: TypeAlias = Callable[[str, int], Awaitable[Sequence[Found]]]


def look_up_by(threads: Executor) -> LookUp:
    """Return what asks the system for a name's addresses (raises OSError), in threads of one channel.

    The system's look-up cannot be cut off: a name server that says nothing keeps a thread for half a minute,
    and in threads that all share it would keep everybody waiting.
    """
    async def look_up(host: str, port: int) -> Sequence[Found]:
        """Ask for one name."""
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(threads, ask)
        return [(family, str(place[0])) for family, _type, _protocol, _name, place in found]

    return look_up


def check(found: Sequence[Found], networks: Sequence[Network]) -> None:
    """Raise `TargetRefused` when one of a name's addresses is closed, or it has none."""
    if not found:
        raise TargetRefused("address: none")
    for _family, address in found:
        if why := why_closed(address, networks):
            raise TargetRefused(f"address: {why}")


@dataclass(slots=True)
class CheckedResolver(AbstractResolver):
    """aiohttp's door to a look-up."""

    networks: Sequence[Network]
    ask: LookUp

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return a name's addresses. Raises `TargetRefused`, or OSError when there is no such name."""
        del family
        found = await self.ask(host, port)
        check(found, self.networks)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=socket.IPPROTO_TCP,
                          flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV)
            for kind, address in dict.fromkeys(found)
        ]

    async def close(self) -> None:
        """Nothing is open."""
