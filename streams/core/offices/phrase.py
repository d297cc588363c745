"""Phrase: from items to an office: "deputy foreign minister of Russia", "the president's spokesman".

A phrase is cut at its "of", "for" and "to" into segments. The head is a title in one of them; what stands
before it in its segment says more of it, and so do the segments after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from streams.core.offices.lexicon import Body, Title, Word
from streams.core.offices.model import Office

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from streams.core.offices.items import Item

INSIDE = frozenset({
    Word.TITLE, Word.BODY, Word.PORTFOLIO, Word.COUNTRY, Word.PERSON, Word.ARTICLE, Word.POSSESSIVE, Word.OF,
    Word.AND, Word.NOISE, Word.FORMER, Word.ACTING, Word.DEPUTY, Word.ELECT, Word.NOT,
})  # fmt: skip
"""What may stand inside a role."""


class Segment(NamedTuple):
    """A stretch of a phrase without "of". `of`: the word before it, None for the first."""

    items: tuple[Item, ...]
    of: Item | None = None

    @property
    def head(self) -> int | None:
        """The place of its title, the last that is not weak; None when it has none of its own."""
        own = [
            at for at, item in enumerate(self.items)
            if item.title and not (at + 1 < len(self.items) and self.items[at + 1].word is Word.POSSESSIVE)
        ]  # fmt: skip
        strong = [at for at in own if (title := self.items[at].title) and not title.weak]
        found = strong or own
        return found[-1] if found else None


class Said(NamedTuple):
    """An office as a phrase says it. `person`: the item of the person who is served."""

    title: Title
    office: Office
    rank: str
    body: str | None = None
    organization: tuple[int, int] | str | None = None
    country: str | None = None
    inside: bool = False
    person: Item | None = None
    former: bool = False
    acting: bool = False
    deputy: bool = False
    elect: bool = False


def segments(items: Iterable[Item]) -> list[Segment]:
    """Cut a phrase at its "of"; segments without anything in them are left out."""
    found: list[Segment] = []
    held: list[Item] = []
    of: Item | None = None
    for item in items:
        if item.word is Word.OF:
            found.append(Segment(tuple(held), of))
            held, of = [], item
        else:
            held.append(item)
    found.append(Segment(tuple(held), of))
    return found


def office_of(segment: Segment, after: Sequence[Segment], country: str | None = None) -> Said | None:
    """Return the office that a segment's title and the segments after it say; None: it has no title.

    `country`: where the office is, when that is known otherwise.
    """
    at = segment.head
    if at is None:
        return None
    before = segment.items[:at]
    words = {item.word for item in (*_own(before), *segment.items[at + 1 :])}
    place = _place(before, after, accredited=_is_accredited(segment.items[at]))
    title = _title(segment.items[at], country or place.country)
    office, rank, body = _office(title, [*reversed(before), *_all(after)], place)
    if Word.NOT in words:
        office, rank, body = Office.OTHER, "candidate", None
    return Said(
        title, office, rank, body.id if body else title.body,
        _organization(body, [*before, *_all(after)]),
        place.country or (body.country if body else None) or title.country, place.inside,
        next((item for item in [*before, *_all(after)] if item.word is Word.PERSON), None),
        Word.FORMER in words, Word.ACTING in words, Word.DEPUTY in words or title.deputy, Word.ELECT in words,
    )  # fmt: skip


def _own(before: Sequence[Item]) -> Sequence[Item]:
    """Return what stands before a title without the one whose it is ("the former president's spokesman")."""
    marks = [at for at, item in enumerate(before) if item.word is Word.POSSESSIVE]
    return before[marks[-1] + 1 :] if marks else before


def _all(after: Iterable[Segment]) -> Iterator[Item]:
    return (item for segment in after for item in segment.items)


class _Place(NamedTuple):
    country: str | None
    inside: bool
    to: str | None


def _is_accredited(head: Item) -> bool:
    return bool(head.title and head.title.accredited)


def _place(before: Sequence[Item], after: Sequence[Segment], *, accredited: bool) -> _Place:
    """Return the country of an office, and where an ambassador is sent to."""
    own = [item.country for item in before if item.country]
    later = [item.country for item in _all(after) if item.country]
    if accredited:
        to = next((place.code for place in later if place.code), None)
        return _Place(next((place.code for place in own), None), inside=False, to=to)
    places = [*reversed(own), *later]
    named = [place for place in places if place.code] or places
    return _Place(named[0].code, named[0].inside, None) if named else _Place(None, inside=False, to=None)


def _title(item: Item, country: str | None) -> Title:
    """Return the sense of a title in a country."""
    titles = [sense for sense in item.senses if isinstance(sense, Title)]
    fitting = (each for each in titles if not each.only or country is None or country in each.only)
    return next(fitting, titles[-1])


def _office(title: Title, beside: Sequence[Item], place: _Place) -> tuple[Office, str, Body | None]:
    """Return office, rank and body of a title with what stands beside it, nearest first."""
    if title.accredited:
        return _mission(title, beside, place)
    if title.portfolio:
        for item in beside:
            if item.word is Word.PORTFOLIO and item.body and item.body.office:
                return item.body.office, item.body.rank or title.rank, item.body
    body = _body(beside)
    if body is None or not title.heads or (body.id == title.body and title.body is not None):
        if place.inside and title.single:
            return Office.OTHER, title.rank, body
        return title.office, title.rank, body
    if title.minor:
        return (body.office if body.intl and body.office else Office.OTHER), title.rank, body
    return body.office or Office.OTHER, body.rank or title.rank, body


def _mission(title: Title, beside: Sequence[Item], place: _Place) -> tuple[Office, str, Body | None]:
    if place.to:
        return title.office, title.rank, Body(f"to:{place.to}")
    return title.office, title.rank, next((item.body for item in beside if item.word is Word.BODY), None)


def _body(beside: Sequence[Item]) -> Body | None:
    """Return the nearest body, or that of a title that is served ("the president's spokesman")."""
    for item in beside:
        if item.word is Word.BODY and item.body:
            return item.body
        if item.title and item.title.body:
            return Body(item.title.body, None, None, item.title.country)
    return None


def _organization(body: Body | None, items: Iterable[Item]) -> tuple[int, int] | str | None:
    """Return the name of the body: its label, else where it is written."""
    if body is None or body.label:
        return body.label if body else None
    places = ((item.start, item.end) for item in items if item.word is Word.BODY and item.body is body)
    return next(places, None)


def phrase_office(items: Iterable[Item], country: str | None = None) -> Said | None:
    """Return the office that a whole phrase says, by its first title; what is no part of it is passed over.

    None: there is no title.
    """
    parts = segments(item for item in items if item.word in INSIDE)
    heads = (office_of(segment, parts[at + 1 :], country) for at, segment in enumerate(parts))
    return next((said for said in heads if said), None)
