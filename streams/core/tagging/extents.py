"""Extents: how far a name goes, and what the words beside it say of its kind.

In this order: an initial or a first name that stands before a surname is part of it ("V. Melua"); what
"Lake" or "Mount" leads is a place, one that goes on with "bridge" or "air base" a building; a body or place
that "who" follows, or "Mr" leads, is a person; ordinary words that the model takes for names are dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from schemas.mention import MentionKind
from streams.core.packs import either, read
from streams.core.tagging.mentions import Found

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMED: Final = (MentionKind.ORG, MentionKind.GPE, MentionKind.LOC, MentionKind.FAC, MentionKind.NORP)
_PLACES: Final = (MentionKind.GPE, MentionKind.LOC, MentionKind.FAC)
_LOOK_BACK: Final = 40
"""Code points before a name in which an initial or a title is looked for."""


@dataclass(frozen=True, slots=True)
class Extents:
    """One pack's words beside names, compiled."""

    initial: re.Pattern[str]
    first_name: re.Pattern[str]
    title: re.Pattern[str]
    who: re.Pattern[str]
    building: re.Pattern[str]
    place: re.Pattern[str]
    two_names: re.Pattern[str]
    no_first: frozenset[str]
    no_people: frozenset[str]
    bodies: frozenset[str]
    papers: frozenset[str]
    agency: re.Pattern[str]
    broadcast: re.Pattern[str]
    common_tail: re.Pattern[str]

    def fitted(self, text: str, spans: Sequence[Found]) -> list[Found]:
        """Return the mentions of a field with their extents and kinds mended, in order, none overlapping."""
        out: list[Found] = []
        for at, found in enumerate(spans):
            last = out[-1].end if out else 0
            following = spans[at + 1].start if at + 1 < len(spans) else len(text)
            mended = self._mended(text, found, last, following)
            if mended is not None:
                out.append(mended)
        return out

    def _mended(self, text: str, found: Found, last: int, following: int) -> Found | None:
        name = text[found.start : found.end]
        if found.kind in (MentionKind.DATE, MentionKind.EVENT) or (found.entry and found.entry.sure):
            return found
        if name.islower() or (found.kind is MentionKind.PERSON and name.lower() in self.no_people):
            return None
        kind = self._kind(text, found)
        if kind is not found.kind:
            found = found._replace(kind=kind, entry=None)
        goes_on = self.building.match(text, found.end) if found.entry is None else None
        if goes_on and goes_on.end() <= following:
            return found._replace(end=goes_on.end(), kind=MentionKind.FAC)
        if kind is MentionKind.PERSON:
            return found._replace(start=self._first(text, found.start, last, alone=" " not in name))
        tail = self.common_tail.search(text, found.start, found.end) if kind in _PLACES else None
        return found._replace(end=tail.start()) if tail else found

    def _kind(self, text: str, found: Found) -> MentionKind:
        name = text[found.start : found.end]
        if found.kind in _NAMED and self._is_person(text, found):
            return MentionKind.PERSON
        if found.kind is MentionKind.PERSON and self.place.match(name):
            return MentionKind.LOC
        if found.kind in (MentionKind.PERSON, MentionKind.ORG) and self.broadcast.match(name):
            return MentionKind.OUTLET
        if found.kind is MentionKind.ORG and self.agency.search(name):
            return MentionKind.WIRE
        paper = found.kind is MentionKind.ORG and " " in name and name.rsplit(" ", 1)[-1] in self.papers
        return MentionKind.OUTLET if paper else found.kind

    def _is_person(self, text: str, found: Found) -> bool:
        name = text[found.start : found.end]
        if not self.two_names.fullmatch(name) or name.rsplit(" ", 1)[-1] in self.bodies:
            return False
        if found.entry is not None:
            return False
        return bool(
            self.who.match(text, found.end)
            or self.title.search(text, max(0, found.start - _LOOK_BACK), found.start)
        )

    def _first(self, text: str, start: int, last: int, *, alone: bool) -> int:
        """Return where a person's name begins, not before `last`; `alone`: only a surname was marked."""
        initial = self.initial.search(text, max(last, start - _LOOK_BACK), start)
        if initial:
            return initial.start()
        name = self.first_name.search(text, max(last, start - _LOOK_BACK), start) if alone else None
        if name and name.group("name").lower() not in self.no_first:
            return name.start("name")
        return start


@cache
def extents_of(language: str) -> Extents:
    """Return the extents of a language's pack."""
    words = cast("dict[str, list[str]]", read(language, "entities")["beside"])
    capital = r"[^\W\d_a-z]"
    return Extents(
        initial=re.compile(rf"(?<![\w.])(?:{capital}\.[ -]?){{1,3}}(?<= )$"),
        first_name=re.compile(
            rf"(?:[a-z,]|\b{either(words['titles'])}) (?P<name>{capital}[a-zà-ÿ]{{2,14}}) $"
        ),
        title=re.compile(rf"\b{either(words['titles'])} $"),
        who=re.compile(rf", {either(words['who'])} "),
        building=re.compile(rf" {either(words['buildings'])}\b"),
        place=re.compile(rf"{either(words['places'])} {capital}"),
        two_names=re.compile(rf"{capital}[\w'’-]{{1,20}}(?: {capital}[\w'’-]{{1,20}}){{1,2}}"),
        no_first=frozenset(words["no_first"]),
        no_people=frozenset(words["no_people"]),
        bodies=frozenset(words["bodies"]),
        papers=frozenset(words["papers"]),
        agency=re.compile(rf" {either(words['agencies'])}$"),
        broadcast=re.compile(rf"{either(words['broadcasters'])} {capital}"),
        common_tail=re.compile(r"(?: [a-z]{3,20}){1,6}$"),
    )
