"""Nominals: nouns that point back to somebody introduced: "the minister", "the ministry", "the spokesman"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.mention import MentionKind
from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from schemas.span import SpanField
    from streams.core.statements.cast import Actor, Cast
    from streams.core.statements.context_words import BodyWords, PersonWords

_MOST: Final = 50
"""People introduced with one office that are looked at, so that thousands stay linear."""


def office_of(words: str, people: PersonWords, *, strict: bool = False) -> str | None:
    """Return the office that a phrase in lower case names, None when it names none.

    What belongs to it ("of the ministry") is left out; `strict`: none that a noun for anybody shares.
    """
    cut = people.belongs.search(words)
    found = [match[0] for match in people.office.finditer(words[: cut.start()] if cut else words)]
    office = found[-1] if found else None
    return None if strict and office and people.anyone.search(office) else office


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
    words: str, office: str | None, body: str | None, cast: Cast, name: SpanField, source: Bounds
) -> list[Actor]:
    """Return who was introduced before `source` and fits a noun, those it fits best."""
    if office:
        return _holders(words, office, cast, name, source)
    if body:
        return _bodies(body, cast, name, source)
    return []


def _holders(words: str, office: str, cast: Cast, name: SpanField, source: Bounds) -> list[Actor]:
    """Return the people who were introduced with an office: called the same, else nearly so."""
    for index in (cast.holding, cast.alike):
        found = [
            (each.actor, each.words)
            for each in index.get(office, ())[:_MOST]
            if not each.said.former and (each.mention.field is not name or each.mention.start < source.start)
        ]
        if found:
            return _qualified(words, found)
    return []


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
