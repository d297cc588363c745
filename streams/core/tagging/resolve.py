"""Resolve: what the mentions of one article mean, together.

In this order: letters in brackets after a body's name stand for it ("International Atomic Energy Agency
(IAEA)"); a person's mentions are gathered under the fullest name; each is linked; what means one thing gets
one entity id.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from rigour.territories import get_territories

from schemas.mention import MentionKind
from streams.core.offices.people import who
from streams.core.tagging.entities import AMBIGUOUS, Named, entity_ids, entity_keys, people_of_article
from streams.core.tagging.linking import linked, person_linked
from streams.core.tagging.roles import roles_in
from streams.core.tagging.territories import Linked, usual_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date

    from streams.core.offices.registry import Registry
    from streams.core.tagging.mentions import Found
    from streams.core.tagging.names import Names
    from streams.core.tagging.roles import RoleSaid

_FEWEST_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What linking knows besides the article's words.

    `on`: the day of the article, None when it is not known.
    """

    registry: Registry
    on: date | None
    language: str


def resolved(
    fields: Sequence[tuple[str, list[Found]]], names: Names, backdrop: Backdrop, article_id: str
) -> list[tuple[Linked, str | None]]:
    """Return what each mention (field after field, in order) is linked to, and its entity id."""
    flat = [(text, found) for text, spans in fields for found in spans]
    words = [text[found.start : found.end] for text, found in flat]
    aliases = _aliases(fields)
    bare = [Named(found.kind, name, None) for (_, found), name in zip(flat, words, strict=True)]
    people = people_of_article(bare, names)
    known = frozenset(words)
    links = [
        _alias_link(name, aliases) or linked(text, found, known, names)
        for (text, found), name in zip(flat, words, strict=True)
    ]
    meant = _people(fields, people, _countries(link.qid for link in links), backdrop)
    links = [link if person is None else meant[person] for link, person in zip(links, people, strict=True)]
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


def _people(
    fields: Sequence[tuple[str, list[Found]]],
    people: Sequence[str | None],
    countries: frozenset[str],
    backdrop: Backdrop,
) -> Mapping[str, Linked]:
    """Return for each person of the article what he is linked to; roles are read where a name is known."""
    known = {each for each in people if each and " " in each and backdrop.registry.people(each)}
    roles = _roles(fields, people, known, backdrop.language) if known else {}
    links = {AMBIGUOUS: Linked(None, nil_reason="ambiguous")}
    for name in dict.fromkeys(each for each in people if each and each != AMBIGUOUS):
        if name in known:
            found = who(name, roles.get(name, ()), countries, backdrop.on, backdrop.registry)
            links[name] = person_linked(found, backdrop.registry)
        else:
            reason = "not_in_registry" if " " in name else "no_full_name"
            links[name] = Linked(None, nil_reason=reason)
    return links


def _roles(
    fields: Sequence[tuple[str, list[Found]]],
    people: Sequence[str | None],
    known: AbstractSet[str],
    language: str,
) -> Mapping[str, list[RoleSaid]]:
    """Return the roles that the article says of people whom the registry knows."""
    out: dict[str, list[RoleSaid]] = {}
    at = 0
    for text, spans in fields:
        starts = {
            found.start: person for found, person in zip(spans, people[at : at + len(spans)], strict=True)
        }
        at += len(spans)
        if not known.isdisjoint(starts.values()):
            for role in roles_in(text, spans, language):
                person = starts.get(role.person) if role.person is not None else None
                if person is not None and person in known:
                    out.setdefault(person, []).append(role)
    return out


@cache
def _codes() -> Mapping[str, str]:
    return {
        usual_id(territory.qid) or "": territory.code.upper()
        for territory in get_territories()
        if territory.is_country
    }


def _countries(qids: Iterable[str | None]) -> frozenset[str]:
    codes = _codes()
    return frozenset(codes[qid] for qid in qids if qid and qid in codes)
