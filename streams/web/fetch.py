"""fetch: GET one URL, from an address that was checked, within bounds, whatever the other end does.

Each hop of a redirect is judged as the first URL is: form, scheme, port, address, and what the caller admits;
at most `max_redirects` of them. The whole takes at most `total_seconds`, name look-ups and redirects
included; between two pieces of an answer at most `read_seconds` go by. Of a body at most `max_bytes` are
read, and it unpacks to at most as many. Headers are bounded by the client: lines of 8 kB, 128 of them. TLS is
verified. No cookies, no proxy or `.netrc` of the environment, no connection kept.

Source: OWASP SSRF Prevention Cheat Sheet; RFC 9110 §15.4 (redirects).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import aiohttp
from yarl import URL

from streams.core.outcome import CommuniqueError
from streams.core.web.links import joined
from streams.core.web.target import Allowed, TargetRefused, target_of
from streams.core.web.unpacked import Unreadable, unpacked
from streams.web.resolver import CheckedResolver, LookUp, look_up_by

if TYPE_CHECKING:
    from pathlib import Path

_READ_BYTES: Final = 65_536
_LOOK_UPS: Final = 8
"""Names looked up at once."""
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD: Final = frozenset({301, 308})

Admit: TypeAlias = Callable[[str], Awaitable[None]]
"""Called with the URL of each hop before it is asked for; raises `TargetRefused` to end it there."""


class FetchFailed(CommuniqueError):
    """Nothing usable came; the message says why, in our words. `passing`: later it may."""

    def __init__(self, why: str, *, passing: bool = True) -> None:
        super().__init__(why)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one fetch may take."""

    max_bytes: int
    total_seconds: float = 30.0
    read_seconds: float = 10.0
    max_redirects: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. `url`: the one that gave it; `moved_to`: where the first URL has moved for good, or None.

    `headers` have lower-case names; of a name that came twice the first. `body` is unpacked.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    moved_to: str | None = None


async def everywhere(url: str) -> None:
    """Admit every hop that the rules of addresses admit."""
    del url


@dataclass(slots=True)
class Web:
    """The door. `ask` looks up names: another one in tests."""

    allowed: Allowed
    user_agent: str
    trust: ssl.SSLContext
    ask: LookUp
    _session: aiohttp.ClientSession | None = None

    async def get(
        self, url: str, limits: Limits, *, headers: Mapping[str, str] | None = None, admit: Admit = everywhere
    ) -> Fetched:
        """Get a URL, redirects followed. Raises `FetchFailed`; a status of any kind is an answer.

        `headers` are sent to every hop: nothing secret may stand in them.
        """
        try:
            async with asyncio.timeout(limits.total_seconds):
                return await self._followed(url, limits, headers or {}, admit)
        except TimeoutError:
            raise FetchFailed("timeout") from None
        except TargetRefused as error:
            raise FetchFailed(f"refused, {error}", passing=False) from None
        except Unreadable as error:
            raise FetchFailed(f"unreadable: {error}") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failure(error) from None

    async def _followed(
        self, url: str, limits: Limits, headers: Mapping[str, str], admit: Admit
    ) -> Fetched:
        moved_to, for_good = None, True
        for _hop in range(limits.max_redirects + 1):
            target_of(url, self.allowed)
            await admit(url)
            answer = await self._once(url, limits, headers)
            to = joined(url, answer.headers.get("location", "")) if answer.status in _MOVED else None
            if to is None:
                return Fetched(url, answer.status, answer.headers, answer.body, moved_to)
            if url.startswith("https:") and not to.startswith("https:"):
                raise FetchFailed("refused, redirect: away from https", passing=False)
            for_good = for_good and answer.status in _FOR_GOOD
            url, moved_to = to, to if for_good else moved_to
        raise FetchFailed(f"redirect: more than {limits.max_redirects} of them")

    async def _once(self, url: str, limits: Limits, headers: Mapping[str, str]) -> Fetched:
        timeout = aiohttp.ClientTimeout(
            total=limits.total_seconds, sock_connect=limits.read_seconds, sock_read=limits.read_seconds)
        async with self._opened().get(
            URL(url, encoded=True), headers=headers, allow_redirects=False, timeout=timeout
        ) as answer:
            try:
                pairs = reversed(list(answer.headers.items()))
                found = {name.lower(): _readable(value) for name, value in pairs}
                body = b"" if answer.status in _MOVED else await _read(answer, limits.max_bytes)
            finally:
                answer.close()
        unpacked_body = unpacked(body, found.get("content-encoding"), limits.max_bytes)
        return Fetched(url, answer.status, found, unpacked_body)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver = CheckedResolver(self.allowed.networks, self.ask)
            connector = aiohttp.TCPConnector(
                resolver=resolver, use_dns_cache=False, force_close=True, ssl=self.trust, limit=0)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False,
                auto_decompress=False, read_bufsize=_READ_BYTES, requote_redirect_url=False,
                headers={"User-Agent": self.user_agent, "Accept-Encoding": "gzip, deflate"})
        return self._session

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()

    async def __aenter__(self) -> Self:
        """Open nothing yet."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close."""
        await self.close()


async def _read(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """Return a body. Raises `FetchFailed` for one that says it is larger, or is."""
    if (answer.content_length or 0) > most:
        raise FetchFailed(f"too large: more than {most:,} bytes")
    parts, size = [], 0
    while part := await answer.content.read(_READ_BYTES):
        size += len(part)
        if size > most:
            raise FetchFailed(f"too large: more than {most:,} bytes")
        parts.append(part)
    return b"".join(parts)


def _readable(value: str) -> str:
    """Return a header's value as text that can be kept: what is no UTF-8 comes as half characters."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _failure(error: BaseException) -> FetchFailed:
    """Return why, in words of ours: of a library's error only its class."""
    while not isinstance(error, TargetRefused) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, TargetRefused):
        return FetchFailed(f"refused, {error}", passing=False)
    return FetchFailed(f"connection: {type(error).__name__}")


def open_web(allowed: Allowed, user_agent: str, *, ca_file: Path | None = None) -> Web:
    """Return a door with the machine's own name look-up and certificates (`ca_file`: those instead)."""
    threads = ThreadPoolExecutor(_LOOK_UPS, thread_name_prefix="names-web")
    return Web(allowed, user_agent, ssl.create_default_context(cafile=ca_file), look_up_by(threads))
