"""when: moments as people write them on a command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from streams.cli import exits

_AGO: Final = re.compile(r"(\d{1,6})\s*([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime) -> datetime:
    """Return the moment that `text` means, UTC.

    RFC 3339, a date (its midnight), or a time before `now` (90m, 2h, 7d).

    Raises `Usage` for anything else.

    >>> moment("2h", datetime(2018, 2, 14, 12, tzinfo=UTC)).isoformat()
    '2018-02-14T10:00:00+00:00'
    """
    if ago := _AGO.fullmatch(text.strip()):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise exits.Usage(
            f"{text} is no time: write 2018-02-14, 2018-02-14T12:00:00Z, 90m, 2h or 7d"
        ) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
