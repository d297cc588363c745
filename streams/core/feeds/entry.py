"""entry: what a feed or a sitemap holds, in one shape; by which names it is known, and when it has changed.

An entry is known by its link and by its guid, each with a fingerprint of its words: a guid made anew, a link
with another tracker, another order or another date make nothing new; other words do. A link or guid that
several different entries of one document share names none of them.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from schemas.ids import digest
from streams.core.cleaning.urls import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TAG: Final = re.compile(r"<[^<>]*>")
_ENOUGH_DATES: Final = 5
_MINUTE: Final = len("2018-02-14T12:00")


class NotAFeed(Exception):
    """The document is none of the kinds that are read; the message says what it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `link` is absolute; `published` is RFC 3339.

    `content` None: the feed has no text, only the link.
    """

    link: str | None = None
    guid: str | None = None
    headline: str | None = None
    content: str | None = None
    html: bool = False
    authors: tuple[str, ...] = ()
    published: str | None = None
    language: str | None = None
    outlet: str | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """A sitemap that an index names; `changed` as it says so."""

    url: str
    changed: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A feed, a sitemap or an index of sitemaps. `wait_seconds`: how long it asks not to be read again."""

    kind: str
    entries: tuple[Entry, ...] = ()
    children: tuple[Child, ...] = ()
    title: str | None = None
    home: str | None = None
    wait_seconds: float | None = None
    doubts: int = 0
    """Dates that were not taken: all of them in one minute."""


@dataclass(frozen=True, slots=True)
class Named:
    """An entry with the names it is known by, best first, and its fingerprint."""

    entry: Entry
    names: tuple[str, ...]
    print: str


def fingerprint(entry: Entry) -> str:
    """Return the hash of an entry's words; of an entry without any, of its date."""
    text = html.unescape(_TAG.sub(" ", entry.content or "")) if entry.html else entry.content or ""
    words = " ".join(text.split())
    dated = "" if entry.content else entry.published or ""
    return digest("entry", " ".join((entry.headline or "").split()), words, dated)


def named(entries: Iterable[Entry], home: str | None = None) -> list[Named]:
    """Return each different entry once, in order, with its names.

    A link to the feed's own front page, or one that several entries share, is nobody's: the entry has none.
    """
    found = [(each, fingerprint(each)) for each in entries]
    shared = _shared((each.link, mark) for each, mark in found)
    front = canonical(home)
    alone = [
        (replace(each, link=None), mark) if each.link in shared or (front and canonical(each.link) == front)
        else (each, mark) for each, mark in found]
    guids = _shared((each.guid, mark) for each, mark in alone)
    once = {(names, mark): Named(each, names, mark)
            for each, mark in alone for names in [_names(each, mark, guids)]}
    return list(once.values())


def _shared(pairs: Iterable[tuple[str | None, str]]) -> set[str]:
    marks: dict[str, set[str]] = defaultdict(set)
    for name, mark in pairs:
        if name:
            marks[name].add(mark)
    return {name for name, those in marks.items() if len(those) > 1}


def _names(entry: Entry, mark: str, shared_guids: set[str]) -> tuple[str, ...]:
    link = canonical(entry.link)
    found = (
        digest("link", link) if link else None,
        digest("guid", entry.guid) if entry.guid and entry.guid not in shared_guids else None)
    return tuple(each for each in found if each) or (digest("words", mark),)


def undated_if_alike(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], int]:
    """Return the entries without their dates when all lie in one minute, and how many dates that were.

    So it is with a feed that gives the moment it was made: from five dated entries on it is no chance.
    """
    dates = [each.published for each in entries if each.published]
    if len(dates) < _ENOUGH_DATES or len({each[:_MINUTE] for each in dates}) > 1:
        return tuple(entries), 0
    return tuple(replace(each, published=None) for each in entries), len(dates)
