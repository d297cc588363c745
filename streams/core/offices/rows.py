"""Rows: what an imported file says of one tenure, and how its title becomes an office."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.offices.items import items_of
from streams.core.offices.model import Fuzzy, Office, Tenure
from streams.core.offices.names import normal
from streams.core.offices.phrase import phrase_office

if TYPE_CHECKING:
    from datetime import date

_QID: Final = re.compile(r"Q[1-9]\d{0,12}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
LONGEST_CHARS: Final = 400
"""A longer name or title is none."""


class Row(NamedTuple):
    """One tenure of one person. Unknown is None."""

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    qid: str | None = None
    position: str | None = None
    organization: str | None = None
    country: str | None = None
    start: Fuzzy | None = None
    end: Fuzzy | None = None
    as_of: date | None = None
    acting: bool = False
    source: str | None = None
    label: str | None = None
    """The title written out, when `title` is a short form of it."""


def wrong(row: Row) -> str | None:
    """Return what makes a row unusable, None when it is sound."""
    if not normal(row.name) or not row.title.strip():
        return "no name or no title"
    if max(len(row.name), len(row.title), *(len(each) for each in row.aliases), 0) > LONGEST_CHARS:
        return f"a name or title of more than {LONGEST_CHARS} characters"
    for what, value in (("person", row.qid), ("position", row.position)):
        if value is not None and not _QID.fullmatch(value):
            return f"the {what}'s id is no Wikidata id: {value[:40]!r}"
    if row.country is not None and not _COUNTRY.fullmatch(row.country):
        return f"the country is no ISO 3166-1 alpha-2 code: {row.country[:40]!r}"
    return None


class _Office(NamedTuple):
    office: Office
    rank: str | None
    body: str | None
    organization: str | None
    country: str | None
    deputy: bool
    acting: bool


@lru_cache(maxsize=32768)
def _read(
    title: str, label: str | None, organization: str | None, country: str | None, language: str
) -> _Office:
    """Return the office of a title as the language's pack reads it, of the label when that says nothing."""
    for text in (title, label or ""):
        said = phrase_office(items_of(text, 0, len(text), None, language), country)
        if said:
            named = said.organization
            written = text[slice(*named)] if isinstance(named, tuple) else named
            body = said.body or (normal(organization) if organization else None)
            return _Office(
                said.office, said.rank, body, organization or written, said.country, said.deputy, said.acting
            )
    body = normal(organization) if organization else None
    return _Office(Office.OTHER, normal(title), body, organization, None, deputy=False, acting=False)


def tenure_of(row: Row, language: str = "en") -> Tenure:
    """Return a row's tenure; days that contradict each other are unknown days."""
    said = _read(row.title, row.label, row.organization, row.country, language)
    start, end = row.start, row.end
    if start and end and start.first > end.last:
        start = end = None
    return Tenure(
        row.position, row.label or row.title, said.office, said.rank, said.organization, said.body,
        row.country or (said.country if said.office is not Office.AMBASSADOR else None),
        start, end, None if end else row.as_of, said.deputy, row.acting or said.acting, row.source,
    )  # fmt: skip
