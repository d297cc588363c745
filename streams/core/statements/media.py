"""Media: where a text says that words came through an agency, a paper, a channel.

Around each mention of a medium, the pack's phrases tell what it did: "told Reuters", "TASS reports on
February 12", "according to state media", "citing Interfax". A passage is a hop for what is reported in its
sentence. Organisations are media when they are marked so, or when a word beside or in their name says so.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from schemas.mention import MentionKind
from streams.core.packs import either, read
from streams.core.statements.context_words import phrases
from streams.core.statements.days_said import time_words
from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.mention import Mention
    from schemas.span import SpanField
    from streams.core.statements.cast import Cast
    from streams.core.statements.report import Report
    from streams.core.tagging.fields import Field

_BEFORE: Final = 70
_AFTER: Final = 90
"""Code points around a medium's name in which its verb stands."""


class Depth(IntEnum):
    """How near to the speaker a medium stands in the chain."""

    TOLD = 0
    CITED = 1
    REPORTS = 2


class Passage(NamedTuple):
    """One medium in a field: its name, what it did, where that stands, and the words that date it."""

    bounds: Bounds
    actor: str
    key: str
    depth: Depth
    relation: str
    when: Bounds | None
    citing: int | None
    """Where the words after its "citing" begin; None when it cites nobody."""


@dataclass(frozen=True, slots=True)
class MediaWords:
    """One pack's phrases, compiled; searched in lower case around a name."""

    reports: re.Pattern[str]
    inverted: re.Pattern[str]
    told: re.Pattern[str]
    carried: re.Pattern[str]
    cited: re.Pattern[str]
    citing: re.Pattern[str]
    beside: re.Pattern[str]
    media: re.Pattern[str]
    unnamed: re.Pattern[str]
    again: re.Pattern[str]
    noun: re.Pattern[str]


@cache
def media_words(language: str) -> MediaWords:
    """Return the phrases of a pack. A few words may stand between phrase and name, no mark."""
    pack = cast("dict[str, list[str]]", read(language, "chain"))
    between = r"(?: [\w’'-]+){0,5} ?$"
    verbs = either(pack["reports"])
    owned = either(cast("list[str]", read(language, "tagging")["possessives"]))
    return MediaWords(
        reports=re.compile(rf"{owned}?(?: [\w-]+){{0,3}}?,? ({verbs})(?!\w)"),
        inverted=re.compile(rf"(?:^|[,.;”\"»]) ?({verbs})(?: [\w’'-]+){{0,3}} ?$"),
        told=re.compile(rf"(?<!\w)({either(pack['told'])}){between}"),
        carried=re.compile(rf"(?<!\w)({either(pack['carried'])}){between}"),
        cited=re.compile(rf"(?<!\w)({either(pack['citing'])}){between}"),
        citing=re.compile(rf"^[^.;”\"]{{0,60}}?(?<!\w){either(pack['citing'])} "),
        beside=re.compile(rf"(?: [\w-]+)? {either(pack['media'])}(?!\w)"),
        media=phrases(pack["media"]),
        unnamed=phrases(pack["unnamed"]),
        again=phrases(pack["again"]),
        noun=re.compile(rf"(?<!\w){either(pack['nouns'])}$"),
    )


def is_medium(mention: Mention, text: str, words: MediaWords) -> bool:
    """Say whether a mention is a medium: marked so, or an organisation by its words."""
    if mention.kind in (MentionKind.WIRE, MentionKind.OUTLET):
        return True
    if mention.kind is not MentionKind.ORG:
        return False
    after = text[mention.end : mention.end + 30].lower()
    return bool(words.media.search(mention.text.lower()) or words.beside.match(after))


def passages_in(text: Field, cast: Cast, language: str) -> list[Passage]:
    """Return where media are named as having carried something, in order of the page."""
    words = media_words(language)
    found: list[Passage] = []
    for mention in cast.within(text.name, 0, len(text.text)):
        if is_medium(mention, text.text, words):
            actor = cast.actor(mention)
            name = actor.name if actor else mention.text
            found += _passage(
                text.text,
                Bounds(mention.start, mention.end),
                name,
                actor.key if actor else name,
                words,
                language,
            )
    found += _unnamed(text, cast, words, found, language)
    return sorted(found)


def by_noun(
    reports: Sequence[Report], text: Field, named: Sequence[Passage], language: str
) -> Iterator[Passage]:
    """Yield the passages of media without a name that are sources (a news agency said)."""
    words = media_words(language)
    starts = [each.bounds.start for each in named]
    for report in reports:
        at, cue = report.source, report.cue
        if at is None or cue is None:
            continue
        name = text.text[at.start : at.end]
        number = bisect_left(starts, at.end + len(" x")) - 1  # "the news agency Xinhua" is named
        taken = number >= 0 and named[number].bounds.end > at.start
        if not taken and words.noun.search(name.lower()):
            key = f"\t{name.lower()}"
            relation = text.text[cue.bounds.start : cue.bounds.end].lower()
            when = _when(text.text, max(at.end, cue.bounds.end), language)
            yield Passage(at, name, key, Depth.REPORTS, relation, when, None)


def _unnamed(
    text: Field, cast: Cast, words: MediaWords, named: list[Passage], language: str
) -> Iterator[Passage]:
    """Yield the passages of media without a name, and of "the agency" named before."""
    lower = text.text.lower()
    lower = lower if len(lower) == len(text.text) else text.text
    for match in words.unnamed.finditer(lower):
        if not cast.touching(text.name, Bounds(*match.span())):
            name = text.text[match.start() : match.end()]
            yield from _passage(text.text, Bounds(*match.span()), name, name.lower(), words, language)
    ordered = sorted(named)
    at = 0
    for match in words.again.finditer(lower):
        while at < len(ordered) and ordered[at].bounds.start < match.start():
            at += 1
        if at:
            last = ordered[at - 1]
            yield from _passage(text.text, Bounds(*match.span()), last.actor, last.key, words, language)


def _passage(
    text: str, at: Bounds, name: str, key: str, words: MediaWords, language: str
) -> Iterator[Passage]:
    """Yield what a medium did, if the words around it say that it carried something."""
    before = _line(text[max(0, at.start - _BEFORE) : at.start], last=True).lower()
    after = _line(text[at.end : at.end + _AFTER], last=False).lower()
    named = words.beside.match(after)
    for depth, pattern in (
        (Depth.CITED, words.cited),
        (Depth.TOLD, words.told),
        (Depth.REPORTS, words.carried),
    ):
        if match := pattern.search(before):
            start = at.start - len(before) + match.start(1)
            yield Passage(
                Bounds(start, at.end),
                name,
                key,
                depth,
                match[1],
                _when(text, at.end, language),
                _citing(after, at, words),
            )
            return
    match = words.reports.match(after[named.end() :] if named else after)
    if match:
        end = at.end + (named.end() if named else 0) + match.end()
        when = _when(text, end, language) or _between(text, at.end, end, language)
        yield Passage(
            Bounds(at.start, end), name, key, Depth.REPORTS, match[1], when, _citing(after, at, words)
        )
    elif match := words.inverted.search(before):
        start = at.start - len(before) + match.start(1)
        yield Passage(
            Bounds(start, at.end),
            name,
            key,
            Depth.REPORTS,
            match[1],
            _when(text, at.end, language),
            _citing(after, at, words),
        )


def _line(window: str, *, last: bool) -> str:
    """Return the part of a window that is in the paragraph of the name."""
    return window.rsplit("\n", 1)[-1] if last else window.split("\n", 1)[0]


def _when(text: str, end: int, language: str) -> Bounds | None:
    """Return the words right behind that date."""
    start = end + (len(text[end : end + 2]) - len(text[end : end + 2].lstrip(" ,")))
    match = time_words(language).any_of.match(text, start)
    return Bounds(*match.span()) if match else None


def _between(text: str, start: int, end: int, language: str) -> Bounds | None:
    """Return the words between name and verb that date."""
    match = time_words(language).any_of.search(text, start, end)
    return Bounds(*match.span()) if match else None


def _citing(after: str, at: Bounds, words: MediaWords) -> int | None:
    match = words.citing.match(after)
    return at.end + match.end() if match else None


def media_of(name: SpanField, cast: Cast) -> list[Mention]:
    """Return the media named in a dateline or credit."""
    return [m for m in cast.within(name, 0, 1_000) if m.kind in (MentionKind.WIRE, MentionKind.OUTLET)]
