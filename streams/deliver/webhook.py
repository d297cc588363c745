"""webhook: a signed POST in the Standard Webhooks form, to an address that was checked.

Headers `webhook-id` (the idempotency key: the same at every attempt), `webhook-timestamp`,
`webhook-signature` (one `v1,…` a secret). Delivered: any 2xx. 410: never again for this notification. 3xx:
not followed, a failure. 429 and 503: their `Retry-After` is kept to. Of an answer at most
`max_response_bytes` are read, then the connection is cut; the whole exchange, name look-up included, takes at
most `timeout_seconds`. No cookies, no proxy from the environment, no decompression, no redirects, no
connection kept.

Source: Standard Webhooks specification 1.0.0; OWASP SSRF Prevention Cheat Sheet.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from yarl import URL

from streams import __version__
from streams.core.delivering.pace import retry_after
from streams.core.delivering.signature import key_of, signatures
from streams.core.outcome import Usage
from streams.core.web.target import Allowed, TargetRefused, target_of
from streams.deliver import secret
from streams.deliver.notification import Channel, Failed, Kind, Notification, Opening, Sent
from streams.web.resolver import CheckedResolver, LookUp, look_up_by

if TYPE_CHECKING:
    from collections.abc import Callable

_READ_BYTES: Final = 4096
"""aiohttp stops reading from the socket at twice this: what a receiver pours out stays in the kernel."""

_LOOK_UPS: Final = 4
"""Names that a channel looks up at once."""
_LISTEN_SECONDS: Final = 1.0
"""A body is waited for so long: cut at once, some servers take their answer for lost and undo the work."""


class WebhookOptions(BaseModel):
    """Where to, signed with what. The URL, too, may be a secret: some services put a token into it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr | None = Field(default=None, description="https://…; or name it by url_env, url_file.")
    url_env: str | None = Field(default=None, description="The variable that holds the URL.")
    url_file: Path | None = Field(default=None, description="The file that holds the URL.")
    secret_envs: tuple[str, ...] = Field(
        default=(), description="Variables with secrets, whsec_…; newest first."
    )
    secret_files: tuple[Path, ...] = Field(default=(), description="Files with secrets, whsec_….")
    allow_http: bool = Field(
        default=False, description="Allow http://: nobody checks who is at the other end."
    )
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description='Networks opened besides public addresses: ["10.1.2.0/24"].'
    )
    allow_ports: frozenset[int] = Field(default=frozenset(), description="Ports besides 443 (http: 80).")
    ca_file: Path | None = Field(default=None, description="Certificates to trust instead of the system's.")
    max_response_bytes: int = Field(
        default=16_384, ge=0, le=1 << 20, description="Read of an answer at most."
    )


@dataclass(slots=True)
class WebhookChannel:
    """Posts to one URL. `ask` looks up names: another one in tests."""

    url: secret.Secret
    keys: tuple[bytes, ...] = field(repr=False)
    allowed: Allowed
    max_response_bytes: int
    timeout_seconds: float
    now: Callable[[], float]
    trust: ssl.SSLContext
    ask: LookUp
    _session: aiohttp.ClientSession | None = None

    async def send(self, notification: Notification) -> Sent | Failed:
        """Post once. Whatever goes wrong is a `Failed` with a reason that holds nothing of URL or answer."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return await self._post(notification)
        except TimeoutError:
            return Failed("timeout")
        except (aiohttp.ClientError, OSError, TargetRefused, ValueError) as error:
            return Failed(_reason(error))

    async def _post(self, notification: Notification) -> Sent | Failed:
        target_of(self.url.value, self.allowed)
        headers = self._headers(notification)
        async with self._opened().post(
            URL(self.url.value, encoded=True), data=notification.body, headers=headers, allow_redirects=False
        ) as answer:
            try:
                await self._read(answer)
            finally:
                answer.close()
            return self._judged(answer)

    async def _read(self, answer: aiohttp.ClientResponse) -> None:
        """Let the other end say what it has to say, within bounds: the status has decided already."""
        left = self.max_response_bytes
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with asyncio.timeout(_LISTEN_SECONDS):
                while left > 0 and (part := await answer.content.read(min(left, _READ_BYTES))):
                    left -= len(part)

    def _judged(self, answer: aiohttp.ClientResponse) -> Sent | Failed:
        if 200 <= answer.status < 300:
            return Sent()
        asked = retry_after(answer.headers.get("Retry-After"), self.now())
        kept = asked if answer.status in {429, 503} else None
        return Failed(f"http {answer.status}", kept, final=answer.status == 410)

    def _headers(self, notification: Notification) -> dict[str, str]:
        at = int(self.now())
        found = {
            "Content-Type": "application/json", "User-Agent": f"communique/{__version__}",
            "webhook-id": notification.key, "webhook-timestamp": str(at),
        }
        if self.keys:
            found["webhook-signature"] = signatures(self.keys, notification.key, at, notification.body)
        return found

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver = CheckedResolver(self.allowed.networks, self.ask)
            connector = aiohttp.TCPConnector(
                resolver=resolver, use_dns_cache=False, force_close=True, ssl=self.trust)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False,
                auto_decompress=False, read_bufsize=_READ_BYTES, requote_redirect_url=False,
                timeout=aiohttp.ClientTimeout(total=self.timeout_seconds))
        return self._session

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()


def _reason(error: BaseException) -> str:
    """Return why, in words of ours: of a library's error only its class."""
    while not isinstance(error, TargetRefused) and error.__cause__ is not None:
        error = error.__cause__
    return f"refused, {error}" if isinstance(error, TargetRefused) else f"connection: {type(error).__name__}"


def _open(options: BaseModel, opening: Opening) -> Channel:
    assert isinstance(options, WebhookOptions)  # noqa: S101  # the registry pairs them
    url = secret.Secret("url", options.url.get_secret_value()) if options.url else secret.one(
        options.url_env, options.url_file, opening.environment, "url")
    allowed = Allowed(options.allow_http, options.allow_networks, options.allow_ports)
    _check_form(url, allowed)
    secrets = [secret.from_variable(name, opening.environment) for name in options.secret_envs]
    secrets += [secret.from_file(path) for path in options.secret_files]
    return WebhookChannel(
        url, tuple(_key(each) for each in secrets), allowed, options.max_response_bytes,
        opening.timeout_seconds, opening.now, ssl.create_default_context(cafile=options.ca_file),
        look_up_by(ThreadPoolExecutor(_LOOK_UPS, thread_name_prefix=f"names-{opening.name}")))


def _check_form(url: secret.Secret, allowed: Allowed) -> None:
    """Raise `Usage` for a URL that could never be posted to; it is judged again before each attempt."""
    try:
        target_of(url.value, allowed)
    except TargetRefused as error:
        raise Usage(f"{error} (allow_http, allow_networks and allow_ports open what is meant)") from None


def _key(found: secret.Secret) -> bytes:
    try:
        return key_of(found.value)
    except ValueError as error:
        raise Usage(f"{found.name}: {error}") from None


KIND = Kind(WebhookOptions, _open)
