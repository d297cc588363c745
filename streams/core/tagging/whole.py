"""Whole: names that the recogniser cuts, made whole before lists and shapes are put in.

A person's name goes on over its small words ("Bart De" Wever, Ursula "von der" Leyen), and over one more
capitalised word where only a first name was marked. A country before a name is no part of it ("the president
of" Norway Ivo Marek). A body whose kind has a name ("General Staff", "Prosecutor General's Office") is one,
with what it is of.
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
    from collections.abc import Iterator, Sequence

    from streams.core.tagging.gazetteer import Gazetteer

_CAPITAL: Final = r"[^\W\d_a-z][\w'’\-]{1,30}(?<!'s)(?<!’s)"
_BACK: Final = 48
"""Code points before a name in which its first words stand."""
_MOST_OF: Final = 4
"""What a body is of, one after another."""
_MIXED: Final = (MentionKind.PERSON, MentionKind.ORG, MentionKind.GPE)


@dataclass(frozen=True, slots=True)
class Whole:
    """One pack's words inside names, compiled."""

    over: re.Pattern[str]
    on: re.Pattern[str]
    before: re.Pattern[str]
    one_more: re.Pattern[str]
    country: re.Pattern[str]
    body: re.Pattern[str]
    of: re.Pattern[str]
    particles: frozenset[str]
    no_name: frozenset[str]

    def names(self, text: str, spans: Sequence[Found], gazetteer: Gazetteer) -> list[Found]:
        """Return what the model marked in a field, whole, in order, none overlapping."""
        out: list[Found] = []
        for at, found in enumerate(spans):
            following = spans[at + 1].start if at + 1 < len(spans) else len(text)
            last = out[-1].end if out else 0
            if found.end <= last:
                continue
            parts = self._apart(text, found, gazetteer)
            out.extend(self._person(text, each, last, following) for each in parts)
        return [found for at, found in enumerate(out) if not at or found.start >= out[at - 1].end]

    def bodies(self, text: str, spans: Sequence[Found]) -> list[Found]:
        """Return the bodies whose kind has a name; none goes on over a person's name."""
        people = {found.start for found in spans if found.kind is MentionKind.PERSON}
        out: list[Found] = []
        for head in self.body.finditer(text):
            end = head.end()
            if out and head.start() < out[-1].end:
                continue
            for _ in range(_MOST_OF):
                more = self.of.match(text, end)
                if more is None or people & set(range(end, more.end())):
                    break
                end = more.end()
            out.append(Found(head.start(), end, MentionKind.ORG, None, "whole"))
        return out

    def _apart(self, text: str, found: Found, gazetteer: Gazetteer) -> Iterator[Found]:
        """Yield a mention, or the country and the person that it runs together."""
        if found.kind in _MIXED and text[max(0, found.start - 4) : found.start] == " of ":
            cut = self.country.fullmatch(text, found.start, found.end)
            entry = gazetteer.by_name.get(cut["country"]) if cut else None
            if cut and entry and entry.kind is MentionKind.GPE and not self._is_no_name(cut["name"]):
                yield Found(*cut.span("country"), MentionKind.GPE)
                yield Found(*cut.span("name"), MentionKind.PERSON)
                return
        yield found

    def _person(self, text: str, found: Found, last: int, following: int) -> Found:
        if found.kind is not MentionKind.PERSON:
            return found
        name = text[found.start : found.end]
        pattern = self.over if name.rpartition(" ")[2].lower() in self.particles else self.on
        more = pattern.match(text, found.end)
        if more and more.end() <= following:
            found = found._replace(end=more.end())
        elif " " not in name and (more := self.one_more.match(text, found.end)) and more.end() <= following:
            common = f" {more['name'].lower()} " in text
            if not common and not self._is_no_name(more["name"]) and not self._is_no_name(name):
                found = found._replace(end=more.end("name"))
        led = self.before.search(text, max(last, found.start - _BACK), found.start)
        if led and not name[0].islower():
            first = (
                led.start()
                if led["first"] and led["first"].lower() not in self.no_name
                else led.start("link")
            )
            found = found._replace(start=first)
        return found

    def _is_no_name(self, name: str) -> bool:
        return any(word.lower() in self.no_name for word in name.split())


@cache
def whole_of(language: str) -> Whole:
    """Return the whole names of a language's pack."""
    pack = cast("dict[str, dict[str, list[str]]]", read(language, "entities"))
    words, beside = pack["whole"], pack["beside"]
    links = words["links"]
    link = either([*links, *(word.capitalize() for word in links)])
    no_name = {*beside["no_first"], *beside["bodies"], *words["no_name"]}
    return Whole(
        over=re.compile(rf"(?: {link}){{0,2}} {_CAPITAL}"),
        on=re.compile(rf"(?: {either(links)}){{1,3}} {_CAPITAL}"),
        before=re.compile(rf"(?:(?<![\w.])(?P<first>{_CAPITAL}) )?(?<![\w.])(?P<link>(?:{link} ){{1,3}})$"),
        one_more=re.compile(rf" (?P<name>{_CAPITAL})(?= [a-z(]|[,;:.!?]|$)", re.MULTILINE),
        country=re.compile(
            rf"(?P<country>{_CAPITAL}(?: {_CAPITAL})?) (?P<name>{_CAPITAL}(?: {_CAPITAL}){{1,2}})"
        ),
        body=re.compile(rf"(?<![\w-]){either(words['bodies'])}(?![\w-])"),
        of=re.compile(rf" of (?:the )?{_CAPITAL}(?: {_CAPITAL}){{0,3}}"),
        particles=frozenset(links),
        no_name=frozenset(word.lower() for word in no_name),
    )
