"""Resolve: what the mentions of one article mean, together.

In this order: letters in brackets after a body's name stand for it ("International Atomic Energy Agency
(IAEA)"); a person's mentions are gathered under the fullest name; each is linked; what means one thing gets
one entity id.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from rigour.territories import get_territories

from schemas.mention import MentionKind
from streams.core.tagging.entities import AMBIGUOUS, Named, entity_ids, entity_keys, people_of_article
from streams.core.tagging.linking import linked, person_linked
from streams.core.tagging.territories import Linked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from streams.core.offices.registry import Registry
    from streams.core.tagging.mentions import Found
    from streams.core.tagging.names import Names

_FEWEST_LETTERS = 2


def resolved(
    fields: Sequence[tuple[str, list[Found]]], names: Names, registry: Registry, article_id: str
) -> list[tuple[Linked, str | None]]:
    """Return what each mention (field after field, in order) is linked to, and its entity id."""
    flat = [(text, found) for text, spans in fields for found in spans]
    words = [text[found.start : found.end] for text, found in flat]
    aliases = _aliases(fields)
    bare = [Named(found.kind, name, None) for (_, found), name in zip(flat, words, strict=True)]
    people = people_of_article(bare, names)
    known = frozenset(words)
    links = [
        _alias_link(name, aliases) or linked(name, found, known, names)
        for (_, found), name in zip(flat, words, strict=True)
    ]
    countries = _countries(link.qid for link in links)
    links = [
        link if who is None else _person(who, registry, countries)
        for link, who in zip(links, people, strict=True)
    ]
    named = [each._replace(qid=link.qid) for each, link in zip(bare, links, strict=True)]
    ids = entity_ids(article_id, entity_keys(named, people, aliases))
    return list(zip(links, ids, strict=True))


def _aliases(fields: Sequence[tuple[str, list[Found]]]) -> dict[str, str]:
    """Map letters in brackets after a body's name to that name, where no list knows that both are one."""
    out: dict[str, str] = {}
    for text, spans in fields:
        for full, short in pairwise(spans):
            letters = text[short.start : short.end]
            name = text[full.start : full.end]
            if (
                short.start - full.end == len(" (")
                and text[full.end : short.start] == " ("
                and text[short.end : short.end + 1] == ")"
                and full.kind is MentionKind.ORG
                and _initials(letters, name)
            ):
                known = (
                    short.entry is not None and full.entry is not None and short.entry.qid == full.entry.qid
                )
                if not known:
                    out.setdefault(letters, name)
    return out


def _initials(letters: str, name: str) -> bool:
    """Say whether `letters` are capitals, in this order, of the words of `name`."""
    if len(letters) < _FEWEST_LETTERS or not letters[0].isupper() or " " in letters:
        return False
    rest = iter(letter for letter in name if letter.isupper())
    return all(letter in rest for letter in letters if letter.isupper())


def _alias_link(name: str, aliases: Mapping[str, str]) -> Linked | None:
    return Linked(None, nil_reason="stands_for_unlinked_name") if name in aliases else None


def _person(who: str, registry: Registry, countries: frozenset[str]) -> Linked:
    if who == AMBIGUOUS:
        return Linked(None, nil_reason="ambiguous")
    if " " not in who:
        return Linked(None, nil_reason="no_full_name")
    return person_linked(who, registry, countries)


@cache
def _codes() -> Mapping[str, str]:
    return {territory.qid: territory.code for territory in get_territories() if territory.is_country}


def _countries(qids: Iterable[str | None]) -> frozenset[str]:
    codes = _codes()
    return frozenset(codes[qid] for qid in qids if qid and qid in codes)
