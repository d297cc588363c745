"""Linking: from a mention to a Wikidata id, or null with a reason and what it may mean.

A listed name has the id that its list gives. A name that means several things has the one for which other
names in the article speak; with no such evidence, or with evidence for two, it has none. Places that are not
listed are looked up in rigour's territories, people in the registry of offices. Nothing rather than something
wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.mention import Candidate, MentionKind
from streams.core.offices.model import Office
from streams.core.tagging.territories import Linked, people_of, territory_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from streams.core.offices.model import Person
    from streams.core.offices.people import Who
    from streams.core.offices.registry import Registry
    from streams.core.tagging.gazetteer import Entry
    from streams.core.tagging.mentions import Found
    from streams.core.tagging.names import Names

_METHODS: Final = {
    "territories": "rigour_name",
    "demonyms": "rigour_demonym",
    "ambiguous": "gazetteer_context",
}
_CONFIDENCE: Final = {"demonyms": 0.93, "ambiguous": 0.85}
_LISTED: Final = 0.97
_USUAL: Final = 0.75
_MOST_CANDIDATES: Final = 5
_SAID: Final = 0.6
"""Below it the article says no office that the person held: country and time give .55 (`offices.people`)."""
_PROMINENT: Final = frozenset(Office) - {Office.LEGISLATOR, Office.AMBASSADOR, Office.OTHER, Office.MINISTER}


def linked(text: str, found: Found, article_names: Collection[str], names: Names) -> Linked:
    """Return what a mention in `text` that is no person means; `article_names`: all names of the article."""
    entry, name = found.entry, text[found.start : found.end]
    if _other_city(text, found, names):
        return Linked(None, nil_reason="other_place")
    if entry is not None and entry.kind is found.kind:
        return _listed(entry, article_names)
    match found.kind:
        case MentionKind.GPE | MentionKind.LOC:
            return territory_of(name, names.codes, names.ambiguous)
        case MentionKind.NORP:
            return people_of(name, names.ambiguous, names.demonym_endings)
        case MentionKind.DATE | MentionKind.EVENT:
            return Linked(None, nil_reason="kind_not_linked")
        case _:
            return Linked(None, nil_reason="no_gazetteer")


def _other_city(text: str, found: Found, names: Names) -> bool:
    listed = found.entry is not None and found.entry.family == "cities"
    after = listed and names.other_city.match(text, found.end)
    return bool(after) and text[found.start : found.end] not in names.own_cities


def _listed(entry: Entry, article_names: Collection[str]) -> Linked:
    if entry.metonym_for:
        return Linked(None, nil_reason="metonym", metonym_for=entry.metonym_for)
    if entry.senses:
        return _sense(entry, article_names)
    if entry.qid is None:
        return Linked(None, nil_reason="id_not_known")
    method = _METHODS.get(entry.family, "gazetteer")
    return Linked(entry.qid, method, _CONFIDENCE.get(entry.family, _LISTED))


def _sense(entry: Entry, article_names: Collection[str]) -> Linked:
    """Return the one sense for which something else in the article speaks."""
    counts = [sum(name in sense.speaking_for for name in article_names) for sense in entry.senses]
    total = sum(counts)
    share = [count / total if total else 1 / len(counts) for count in counts]
    ranked = sorted(zip(share, entry.senses, strict=True), key=lambda pair: -pair[0])
    candidates = tuple(Candidate(qid=s.qid, label=s.label, score=round(p, 2)) for p, s in ranked)
    if sum(count > 0 for count in counts) == 1 and ranked[0][1].qid:
        return Linked(ranked[0][1].qid, "gazetteer_context", _CONFIDENCE["ambiguous"], candidates=candidates)
    usual = [sense.qid for sense in entry.senses if sense.usual]
    if usual and not total:
        return Linked(usual[0], "gazetteer_usual", _USUAL, candidates=candidates)
    return Linked(None, nil_reason="ambiguous", candidates=candidates)


def person_linked(who: Who, registry: Registry) -> Linked:
    """Return the link to whom of the registry a full name means.

    Two people whom nothing tells apart are ambiguous; one for whom nothing in the article speaks is not
    linked, nor is a legislator by no more than his country and his time: there are a hundred thousand.
    """
    candidates = tuple(
        Candidate(qid=ranked.person.qid, label=ranked.person.name, score=round(min(1.0, ranked.score), 2))
        for ranked in who.candidates[:_MOST_CANDIDATES]
    )
    if who.person is None:
        reason = "no_evidence" if len(candidates) == 1 else "ambiguous" if candidates else "not_in_registry"
        return Linked(None, nil_reason=reason, candidates=candidates)
    if who.confidence < _SAID and not _prominent(who.person, registry):
        return Linked(None, nil_reason="no_evidence", candidates=candidates)
    if who.person.qid is None:
        return Linked(None, nil_reason="id_not_known")
    return Linked(
        who.person.qid, who.method, who.confidence, candidates=candidates if len(candidates) > 1 else ()
    )


def _prominent(person: Person, registry: Registry) -> bool:
    return any(tenure.office in _PROMINENT for tenure in registry.tenures(person))
