"""apprise: mail, chat and a hundred services more, by the library of that name (extra `apprise`).

Its URLs hold tokens: they are secrets, named by variable or file, one URL a line. The library speaks to the
world by itself, with clients that block: so it runs in a child process (`streams.deliver.apprise_child`) that
is given everything on standard input, ends after the channel's time limit, and looks up names through the
same guard as webhooks do.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from streams.core.delivering.wording import told
from streams.core.outcome import Usage
from streams.deliver import child, secret
from streams.deliver.notification import Channel, Failed, Kind, Notification, Opening, Sent

COMMAND: Final = (sys.executable, "-m", "streams.deliver.apprise_child")
TYPES: Final = {"info": "info", "warning": "warning", "critical": "failure"}
"""Severity → what apprise calls the type of a message."""


class AppriseOptions(BaseModel):
    """Which services."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urls_env: str | None = Field(default=None, description="The variable with apprise URLs, blanks between.")
    urls_file: Path | None = Field(default=None, description="The file with apprise URLs, one a line.")
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="Networks opened besides public addresses, for a mail server of your own."
    )


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """Sends one message to all its URLs; one that fails fails all: the message comes again at every one."""

    urls: secret.Secret
    networks: tuple[str, ...]
    seconds: float
    environment: dict[str, str] = field(repr=False)

    async def send(self, notification: Notification) -> Sent | Failed:
        """Start the child, give it URLs and words."""
        words = told(notification.alerts, notification.repetition)
        severity = notification.alerts[0].rule.severity.value
        given = {"urls": self.urls.value.split(), "networks": self.networks, "title": words.title,
                 "text": words.text, "type": TYPES[severity]}
        return await child.run(COMMAND, json.dumps(given).encode(), self.seconds, self.environment)

    async def close(self) -> None:
        """Nothing stays open."""


def _open(options: BaseModel, opening: Opening) -> Channel:
    assert isinstance(options, AppriseOptions)  # noqa: S101  # the registry pairs them
    if importlib.util.find_spec("apprise") is None:
        raise Usage("a channel of kind apprise needs the library: pip install 'communique[apprise]'")
    urls = secret.one(options.urls_env, options.urls_file, opening.environment, "urls")
    environment = child.environment_of(opening.environment, ("PYTHONPATH", "VIRTUAL_ENV"))
    networks = tuple(map(str, options.allow_networks))
    return AppriseChannel(urls, networks, opening.timeout_seconds, environment)


KIND = Kind(AppriseOptions, _open)
