"""robots: what a site's robots.txt lets us ask for, and how slowly.

No rules (4xx): everything. Server errors and silence: nothing, for now. More than 500 kB: the rest is not
read.

Source: RFC 9309; `Crawl-delay` as the search engines that know it do.
"""

from __future__ import annotations

from typing import Final

from protego import Protego

AGENT: Final = "communique"
"""The name that rules in robots.txt are for."""
_MOST_BYTES: Final = 500 * 1024
MOST_DELAY_SECONDS: Final = 300.0


class Rules:
    """The rules of one site."""

    __slots__ = ("_rules",)

    def __init__(self, body: bytes) -> None:
        self._rules = Protego.parse(body[:_MOST_BYTES].decode("utf-8", "replace").lstrip("\ufeff"))

    def allow(self, url: str) -> bool:
        """Return whether a URL of the site may be asked for."""
        return bool(self._rules.can_fetch(url, AGENT))

    def delay_seconds(self) -> float | None:
        """Return the least time between two requests, at most five minutes; None: not said."""
        found = self._rules.crawl_delay(AGENT)
        return None if found is None else min(float(found), MOST_DELAY_SECONDS)
