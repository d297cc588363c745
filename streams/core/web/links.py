"""links: URLs as they are found, written so that `target_of` can judge them; and where a link leads.

Feeds and redirects carry letters that no URL has, spaces, fragments, upper case schemes. What has one meaning
is written in that meaning: letters beyond ASCII in UTF-8 (RFC 3987 §3.1), host names in punycode (RFC 3490),
no fragment. Whatever else is odd stays odd, for `target_of` to refuse.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urljoin

from streams.core.web.target import MAX_URL_CHARS

_PARTS: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#\\]*)(?P<rest>[^#]*)")
_HOST: Final = re.compile(r"(?P<host>[^:@\[\]]+)(?P<port>:[0-9]+)?")
_KEPT: Final = "/?!$%&'()*+,-.:;=@[]_~|"


def written(url: str) -> str:
    r"""Return a URL in plain ASCII without its fragment; one that is too odd comes back as it was.

    >>> written("HTTPS://Bücher.example/a b/ü?x={1}#top")
    'https://xn--bcher-kva.example/a%20b/%C3%BC?x=%7B1%7D'
    """
    found = _PARTS.match(url.strip()) if len(url) <= 2 * MAX_URL_CHARS else None
    if found is None:
        return url
    return f"{found['scheme'].lower()}://{_authority(found['authority'])}{_rest(found['rest'])}"


def _authority(authority: str) -> str:
    found = _HOST.fullmatch(authority)
    if found is None or authority.isascii():
        return authority.lower()
    try:
        return found["host"].lower().encode("idna").decode("ascii") + (found["port"] or "")
    except UnicodeError:
        return authority


def _rest(rest: str) -> str:
    return quote(rest, safe=_KEPT, errors="replace") if rest else "/"


def joined(base: str, link: str) -> str | None:
    """Return where a link on the page `base` leads, written plainly; None for a link that leads nowhere.

    >>> joined("https://a.example/feed/", "../x")
    'https://a.example/x'
    """
    if not link.strip() or len(link) > 2 * MAX_URL_CHARS:
        return None
    try:
        return written(urljoin(base, link.strip()))
    except ValueError:
        return None
