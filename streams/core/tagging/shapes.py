"""Shapes: names known by how they are built, whoever bears them.

An election is a year, capitalised words and "election"; a party is capitalised words that end in "Party"; a
body may go on with "of the X"; letters in capitals alone are a body's. Words are the pack's, shapes are here.
Every pattern is bounded: its work at one place is at most a few hundred steps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from streams.core.packs import either, read

if TYPE_CHECKING:
    from collections.abc import Iterator

_CAPITAL: Final = r"[^\W\d_a-z][\w'’.\-]{0,40}"
"""A word that begins with a capital (any script that has them)."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """One pack's shapes, compiled."""

    election: re.Pattern[str]
    party: re.Pattern[str]
    going_on: re.Pattern[str]
    seat: re.Pattern[str]
    heads: frozenset[str]
    seats: frozenset[str]
    no_lead: frozenset[str]
    acronym: re.Pattern[str]
    no_acronyms: frozenset[str]
    no_names: frozenset[str]
    no_shapes: re.Pattern[str]
    direction: re.Pattern[str]
    second: re.Pattern[str]
    dangling: re.Pattern[str]

    def elections(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the elections, summits and the like that are named by year and place."""
        for match in self.election.finditer(text):
            yield match.span()

    def parties(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the names that end in "Party", without words that only begin the sentence."""
        for match in self.party.finditer(text):
            start = match.start()
            for word in match.group().split(" ")[:-1]:
                if word.lower().strip(".") not in self.no_lead and not word.endswith(("'s", "’s", ".")):
                    break
                start += len(word) + 1
            if match.group("head_at") and start < match.start("head_at"):
                yield start, match.end()

    def acronyms(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield words of three to six capitals that are no known abbreviation, nor in small letters here."""
        for match in self.acronym.finditer(text):
            word = match.group()
            if word not in self.no_acronyms and f" {word.lower()} " not in text:
                yield match.span()

    def apart(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the bodies that a span names: cut after a head before "and", no small word at the end."""
        dangling = self.dangling.search(text[start:end])
        end = start + dangling.start() if dangling else end
        for cut in self.second.finditer(text, start, end):
            if text[start : cut.start()].rsplit(" ", 1)[-1] in self.heads or cut.group().count(" ") > 2:
                yield start, cut.start()
                start = cut.end()
        yield start, end

    def with_direction(self, text: str, start: int) -> int:
        """Return where a place begins that has a direction before it (South Australia), else `start`."""
        found = self.direction.search(text, max(0, start - 10), start)
        return found.start() if found else start

    def goes_on(self, text: str, start: int, end: int) -> int:
        """Return where a body's name that ends in one of the heads really ends."""
        words = text[start:end].split(" ")
        pattern = self.going_on if words[-1] in self.heads else None
        pattern = self.seat if not self.seats.isdisjoint(words) else pattern
        found = pattern.match(text, end) if pattern else None
        return found.end() if found else end


@cache
def shapes_of(language: str) -> Shapes:
    """Return the shapes of a language's pack."""
    words = cast("dict[str, list[str]]", read(language, "entities")["shapes"])
    kinds, heads = either(words["election_kinds"]), either(words["election_heads"])
    joins = either(words["joins"])
    links, more = either(words["links"]), either(words["more"])
    return Shapes(
        election=re.compile(rf"\b[12]\d\d\d (?:{_CAPITAL} |{links} ){{1,7}}(?:{kinds} ){{0,3}}{heads}\b"),
        party=re.compile(
            rf"(?<![\w'’-])(?:{_CAPITAL} |{links} (?={_CAPITAL} )){{1,6}}"
            rf"(?P<head_at>{either(words['party_heads'])})\b"
        ),
        going_on=re.compile(rf" {joins} (?:{more} )?{_CAPITAL}(?: (?:{more} )?{_CAPITAL}){{0,3}}(?<![.,'’])"),
        seat=re.compile(
            rf"(?: {joins} (?:{more} )?{_CAPITAL})?"
            rf" {either(words['seat_joins'])} (?:{more} )?{_CAPITAL}(?<![.,'’])"
        ),
        heads=frozenset(words["body_heads"]),
        seats=frozenset(words["seats"]),
        no_lead=frozenset(words["no_lead"]),
        acronym=re.compile(r"(?<![\w.&'’/-])[A-Z]{3,6}(?![\w&:]|[.'’-]\w)"),
        no_acronyms=frozenset(words["no_acronyms"]),
        no_names=frozenset(words["no_names"]),
        no_shapes=re.compile("|".join(words["no_shapes"])),
        direction=re.compile(rf"(?<![\w-]){either(words['directions'])} $"),
        second=re.compile(
            rf" {either(words['and'])} (?:(?={_CAPITAL})|{either(words['articles'])} (?={_CAPITAL}))"
        ),
        dangling=re.compile(rf"(?: {links})+$"),
    )
