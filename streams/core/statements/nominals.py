"""Nominals: nouns that point back to somebody introduced: "the minister", "the ministry", "the spokesman"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.mention import MentionKind
from streams.core.offices.model import Office
from streams.core.statements.report import Bounds
from streams.core.tagging.roles import role_of

if TYPE_CHECKING:
    from schemas.span import SpanField
    from streams.core.statements.cast import Actor, Cast, Introduced
    from streams.core.statements.context_words import BodyWords, PersonWords
    from streams.core.tagging.roles import RoleSaid

_MOST: Final = 50
"""People introduced with one office that are looked at, so that thousands stay linear."""
_SOUGHT: Final = "candidate"
"""The rank of those who hold no office."""
_PORTFOLIOS: Final = frozenset(
    (Office.FOREIGN_MINISTER, Office.DEFENCE_MINISTER, Office.FINANCE_MINISTER, Office.INTERIOR_MINISTER)
)
_HELD_APART: Final = _PORTFOLIOS | {Office.HEAD_OF_GOVERNMENT}
_ANY: Final = frozenset((Office.OTHER, Office.MINISTER))
"""Kinds of role that may be any office's."""


def office_of(words: str, people: PersonWords, *, strict: bool = False) -> str | None:
    """Return the office that a phrase in lower case names, None when it names none.

    What belongs to it ("of the ministry") is left out; `strict`: none that a noun for anybody shares.
    """
    cut = people.belongs.search(words)
    found = [match[0] for match in people.office.finditer(words[: cut.start()] if cut else words)]
    office = found[-1] if found else None
    return None if strict and office and people.anyone.search(office) else office


def is_office_of(words: str, people: PersonWords, bodies: BodyWords) -> bool:
    """Say whether a phrase in lower case is a body that serves an office ("the prime minister's office")."""
    cut = people.belongs.search(words)
    head = words[: cut.start()].rstrip() if cut else words
    ends = any(match.end() == len(head) for match in bodies.public.finditer(head))
    holder = any(match.end() == len(head) for match in people.office.finditer(head))
    return ends and not holder and bool(people.office.search(words))


def is_plain(words: str, people: PersonWords, bodies: BodyWords) -> bool:
    """Say whether capitalised words are no name but a noun at the beginning of a sentence or a title."""
    lower = words.lower()
    return bool(
        lower in people.unnamed
        or lower in people.nobody
        or any(match.end() == len(lower) for match in people.office.finditer(lower))
        or people.anyone.fullmatch(lower)
        or bodies.common.fullmatch(lower)
    )


def fitting(
    words: str,
    noun: tuple[str | None, str | None],
    cast: Cast,
    name: SpanField,
    source: Bounds,
    people: PersonWords,
) -> list[Actor]:
    """Return who was introduced before `source` and fits a noun (office, body), those it fits best."""
    office, body = noun
    if office:
        return _holders(words, office, cast, name, source, people)
    if body:
        return _bodies(body, cast, name, source)
    return []


def _holders(
    words: str, office: str, cast: Cast, name: SpanField, source: Bounds, people: PersonWords
) -> list[Actor]:
    """Return the people who were introduced with an office: called the same, else nearly so."""
    asked = role_of(words)
    parted = [
        each for each in cast.holding.get(office.rpartition(" ")[2], ())[:_MOST] if _has_all(office, each)
    ]
    same, alike = cast.holding.get(office, ()), cast.alike.get(office, ())
    for index in (same, alike, parted):
        found = [
            (each.actor, each.words)
            for each in index[:_MOST]
            if (each.mention.field is not name or each.mention.start < source.start)
            and not _is_less(words, each, people)
            and (asked is None or _may_be(asked, each.said, same=index is not alike))
        ]
        if found:
            return _qualified(words, found)
    return []


def _has_all(office: str, each: Introduced) -> bool:
    """Say whether all words of an office are somebody's: "deputy minister", "deputy foreign minister"."""
    return set(office.split()) <= set(each.words.split())


def _is_less(words: str, each: Introduced, people: PersonWords) -> bool:
    """Say whether somebody's role is less than the office: a deputy goes by no bare title."""
    said = each.said
    if said.former:
        return True
    flagged = said.deputy or said.elect or said.rank == _SOUGHT or said.office is Office.DEPUTY_HEAD
    lesser = people.lesser.intersection(each.words.replace("-", " ").split())
    return flagged and bool(lesser) and lesser.isdisjoint(words.replace("-", " ").split())


def _may_be(asked: RoleSaid, said: RoleSaid, *, same: bool) -> bool:
    """Say whether two roles may be one: no other country, no other office; `same`: by the same noun."""
    if None not in (asked.country, said.country) and asked.country != said.country:
        return False
    kinds = {asked.office, said.office}
    if asked.office is Office.MINISTER and None not in (asked.body, said.body):
        return asked.body == said.body
    if same:
        return len(kinds) == 1 or asked.office not in _PORTFOLIOS or said.office not in _HELD_APART
    return len(kinds) == 1 or bool(kinds & _ANY)


def _qualified(words: str, found: list[tuple[Actor, str]]) -> list[Actor]:
    """Return those in whose role most words of the phrase stand ("the Russian minister")."""
    parts = set(words.split())
    shared = [len(parts & set(role.split())) for _, role in found]
    best = {actor.key: actor for (actor, _), count in zip(found, shared, strict=True) if count == max(shared)}
    return list(best.values())


def _bodies(body: str, cast: Cast, name: SpanField, source: Bounds) -> list[Actor]:
    """Return the last body named before whose name holds the noun."""
    earlier = [
        m for m in cast.within(name, max(0, source.start - 3_000), source.start) if m.kind is MentionKind.ORG
    ]
    for mention in reversed(earlier):
        actor = cast.actor(mention)
        if actor and body in actor.name.lower().split():
            return [actor]
    return []
