"""Gazetteer: names the pack lists, found in a text in one pass.

An Aho-Corasick automaton over the names as written and, for those of four letters or more, in capitals
(headlines). A hit must begin and end at a word's edge; of hits that overlap the first and longest stands.

`sure` entries are mentions wherever they stand; the others (also ordinary words, or people's names) only
say what a mention is that the recogniser has marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import ahocorasick
from rigour.territories import get_territories, lookup_territory

from schemas.mention import MentionKind
from streams.core.packs import read
from streams.core.tagging.territories import usual_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_CAPITALS_FROM: Final = 4


class Sense(NamedTuple):
    """One thing an ambiguous name may mean, and the names whose presence in an article speaks for it.

    `usual`: meant where nothing speaks for another.
    """

    qid: str | None
    label: str
    speaking_for: frozenset[str]
    usual: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What the pack says of a name. `family` is the list it is in; `qid` None: not known for certain."""

    name: str
    kind: MentionKind
    family: str
    qid: str | None = None
    sure: bool = True
    metonym_for: str | None = None
    senses: tuple[Sense, ...] = ()


class Hit(NamedTuple):
    """An entry's name in a text: code points, half open."""

    start: int
    end: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The compiled names. `by_name` looks one up; `found` finds all in a text."""

    automaton: ahocorasick.Automaton
    by_name: Mapping[str, Entry]

    def found(self, text: str) -> list[Hit]:
        """Return the hits in a text, in order, none overlapping."""
        if not self.by_name:
            return []
        hits = [
            Hit(end + 1 - length, end + 1, entry)
            for end, (length, entry) in self.automaton.iter(text)
            if whole_word(text, end + 1 - length, end + 1)
        ]
        return list(_apart(hits))


def whole_word(text: str, start: int, end: int) -> bool:
    """Say whether `start:end` begins and ends at a word's edge, outside addresses and handles."""
    before = text[start - 1 : start]
    after = text[end : end + 1]
    if before and (before.isalnum() or before in "_@#/"):
        return False
    if after and (after.isalnum() or after == "_"):
        return False
    return not (after == "." and text[end + 1 : end + 2].isalnum())


def _apart(hits: list[Hit]) -> Iterator[Hit]:
    at = 0
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.start >= at:
            yield hit
            at = hit.end


@cache
def gazetteer_of(language: str, without: frozenset[str] = frozenset()) -> Gazetteer:
    """Return the gazetteer of a language's pack, without the families named."""
    automaton = ahocorasick.Automaton()
    by_name: dict[str, Entry] = {}
    for entry in _entries(language):
        if entry.family in without:
            continue
        if entry.name in by_name:
            continue
        for form in _forms(entry):
            by_name[form] = entry
            automaton.add_word(form, (len(form), entry))
    automaton.make_automaton()
    return Gazetteer(automaton, by_name)


def gazetteer_families(language: str) -> frozenset[str]:
    """Return the names of the families in a language's gazetteer."""
    return frozenset(entry.family for entry in _entries(language))


def _forms(entry: Entry) -> tuple[str, ...]:
    capitals = entry.name.upper()
    return (entry.name, capitals) if len(entry.name) >= _CAPITALS_FROM else (entry.name,)


def _entries(language: str) -> Iterator[Entry]:
    places = read(language, "places")
    entities = read(language, "entities")
    outlets = read(language, "outlets")
    for part in (places, entities):
        yield from _ambiguous(cast("list[dict[str, object]]", part["ambiguous"]))
    yield from _territories(cast("dict[str, list[str]]", places["territory_names"]))
    yield from _demonyms(cast("dict[str, list[str]]", places["demonyms"]))
    for family, kind in (("cities", MentionKind.GPE), ("regions", MentionKind.LOC)):
        for name, qid in cast("dict[str, str]", places[family]).items():
            yield Entry(name, kind, family, qid)
    for family in ("international", "national", "groups", "parties"):
        yield from _linked(cast("dict[str, list[str]]", entities[family]), MentionKind.ORG, family)
    yield from _linked(cast("dict[str, list[str]]", entities["events"]), MentionKind.EVENT, "events")
    yield from _linked(cast("dict[str, list[str]]", outlets["wires"]), MentionKind.WIRE, "outlets")
    yield from _linked(cast("dict[str, list[str]]", outlets["outlets"]), MentionKind.OUTLET, "outlets")
    for part, family in ((entities, "bodies"), (outlets, "outlets")):
        yield from _unlinked(cast("dict[str, list[str]]", part["unlinked"]), family, sure=True)
        yield from _unlinked(cast("dict[str, list[str]]", part["weak"]), family, sure=False)
    for name, body in cast("dict[str, str]", entities["metonyms"]).items():
        yield Entry(name, MentionKind.ORG, "metonyms", metonym_for=body)


def _linked(table: Mapping[str, Sequence[str]], kind: MentionKind, family: str) -> Iterator[Entry]:
    for qid, names in table.items():
        for name in names:
            yield Entry(name, kind, family, qid)


def _unlinked(table: Mapping[str, Iterable[str]], family: str, *, sure: bool) -> Iterator[Entry]:
    for kind, names in table.items():
        for name in names:
            yield Entry(name, MentionKind(kind), family, sure=sure)


def _territories(more: Mapping[str, Sequence[str]]) -> Iterator[Entry]:
    """Yield rigour's countries by their names, then those that the pack adds."""
    for territory in get_territories():
        if territory.is_country and not territory.is_historical and territory.qid.startswith("Q"):
            for name in (territory.name, territory.full_name):
                yield Entry(name, MentionKind.GPE, "territories", usual_id(territory.qid))
    for name, others in more.items():
        found = lookup_territory(name)
        for other in (name, *others):
            yield Entry(other, MentionKind.GPE, "territories", usual_id(found.qid) if found else None)


def _demonyms(table: Mapping[str, Sequence[str]]) -> Iterator[Entry]:
    for territory, names in table.items():
        found = lookup_territory(territory)
        for name in names:
            yield Entry(name, MentionKind.NORP, "demonyms", usual_id(found.qid) if found else None)


def _ambiguous(table: Sequence[Mapping[str, object]]) -> Iterator[Entry]:
    for row in table:
        senses = tuple(
            Sense(
                str(sense["qid"]) or None,
                str(sense["label"]),
                frozenset(cast("list[str]", sense["for"])),
                bool(sense.get("usual")),
            )
            for sense in cast("list[dict[str, object]]", row["means"])
        )
        yield Entry(str(row["name"]), MentionKind(str(row["kind"])), "ambiguous", sure=False, senses=senses)
