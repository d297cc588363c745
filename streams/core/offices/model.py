"""Model: people, the offices they held, and days that are not known exactly.

FollowTheMoney's Person, Position and Occupancy: `Tenure` is an occupancy with its position written into it.
A day is a pair of bounds (`Fuzzy`): "2012" is somewhere from 2012-01-01 to 2012-12-31. Unknown is None.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from schemas.office import Office

__all__ = ["Fuzzy", "Held", "Office", "Person", "Tenure", "fuzzy", "held"]


class Fuzzy(NamedTuple):
    """A day somewhere from `first` to `last`, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        """Return it as written: 2012, 2012-05, 2012-05-07, or `first/last`."""
        day = self.first.isoformat()
        if self.first == self.last:
            return day
        return next((text for text in (day[:7], day[:4]) if fuzzy(text) == self), f"{day}/{self.last}")


@lru_cache(maxsize=65536)
def fuzzy(text: str | None) -> Fuzzy | None:
    """Return the bounds of YYYY, YYYY-MM, YYYY-MM-DD or `first/last`; None for None and "".

    Raises ValueError for anything else.

    >>> str(fuzzy("2012-05")), fuzzy("2012-05").last.day
    ('2012-05', 31)
    """
    if not text:
        return None
    match len(text):
        case 4:
            return Fuzzy(date(int(text), 1, 1), date(int(text), 12, 31))
        case 7:
            first = date.fromisoformat(f"{text}-01")
            return Fuzzy(first, first.replace(day=monthrange(first.year, first.month)[1]))
        case 21:
            return Fuzzy(date.fromisoformat(text[:10]), date.fromisoformat(text[11:]))
        case _:
            day = date.fromisoformat(text)
            return Fuzzy(day, day)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who holds or held an office. `key`: the number in the registry it came from."""

    key: int
    name: str
    aliases: tuple[str, ...] = ()
    qid: str | None = None


@dataclass(frozen=True, slots=True)
class Tenure:
    """One time in one office.

    `title` as its source writes it; `rank` is its canonical word (president, king, press_secretary), None
    when no pack knows it. `office` of a deputy is that of the office he is deputy in, with `deputy` set.
    `body` is the canonical kind of body (presidency, foreign_ministry, …) or the organisation's name in
    normal form, None for none. `end` None with `as_of`: still open at that day, nothing known after it.
    """

    position_id: str | None
    title: str
    office: Office
    rank: str | None
    organization: str | None
    body: str | None
    country: str | None
    start: Fuzzy | None
    end: Fuzzy | None
    as_of: date | None
    deputy: bool = False
    acting: bool = False
    source: str | None = None


class Held(StrEnum):
    """Whether a tenure covers a day."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


def held(tenure: Tenure, on: date) -> Held:
    """Say whether the office was held on a day: NO only when that is sure, UNSURE after `as_of`."""
    start, end = tenure.start, tenure.end
    if (start and on < start.first) or (end and on > end.last):
        return Held.NO
    begun = start is not None and on >= start.last
    lasts = on <= end.first if end else tenure.as_of is not None and on <= tenure.as_of
    return Held.YES if begun and lasts else Held.UNSURE
