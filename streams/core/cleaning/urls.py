"""URLs: the canonical one, the domain, and the day that a path names. No URL is ever fetched."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from courlan import clean_url, extract_domain

_LONGEST_CHARS: Final = 2_048
_PATH_DAY: Final = re.compile(
    r"/((?:19|20)\d{2})[/-]?(0[1-9]|1[0-2]|[a-z]{3})[/-]?(0[1-9]|[12]\d|3[01])(?=[/_.-]|$)", re.IGNORECASE
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
"""As publishing systems write them in paths, whatever the language."""


def canonical(url: str | None) -> str | None:
    """Return the URL without trackers and fragment, None when it is no http URL.

    >>> canonical("https://Example.org/a?utm_source=x#top")
    'https://example.org/a'
    """
    if not url or len(url) > _LONGEST_CHARS or not re.match(r"https?://[^\s/]+", url.strip(), re.IGNORECASE):
        return None
    return (clean_url(url.strip()) or url.strip()).partition("#")[0]


def domain_of(url: str | None) -> str | None:
    """Return the registered domain of a URL ("bbc.co.uk"), None when it has none."""
    if not url:
        return None
    try:
        return extract_domain(url.lower()) or None
    except ValueError:
        return None


def day_in(url: str | None) -> date | None:
    """Return the day that the path names (/2018/02/14/, /2018/feb/14/), None when it names none."""
    found = _PATH_DAY.search(url[:_LONGEST_CHARS]) if url else None
    if not found:
        return None
    month = found[2].lower()
    if month.isalpha() and month not in _MONTHS:
        return None
    try:
        return date(int(found[1]), int(month) if month.isdigit() else _MONTHS.index(month) + 1, int(found[3]))
    except ValueError:
        return None
