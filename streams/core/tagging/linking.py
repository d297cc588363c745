"""Linking: from a mention to a Wikidata id, or null with a reason and what it may mean.

A listed name has the id that its list gives. A name that means several things has the one for which other
names in the article speak; with no such evidence, or with evidence for two, it has none. Places that are not
listed are looked up in rigour's territories, people in the registry of offices. Nothing rather than something
wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.mention import Candidate, MentionKind
from streams.core.tagging.territories import Linked, people_of, territory_of

if TYPE_CHECKING:
    from collections.abc import Collection

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


def linked(name: str, found: Found, article_names: Collection[str], names: Names) -> Linked:
    """Return what a mention that is no person means; `article_names`: all names of its article."""
    entry = found.entry
    if entry is not None and entry.kind is found.kind:
        return _listed(entry, article_names)
    match found.kind:
        case MentionKind.GPE | MentionKind.LOC:
            return territory_of(name, names.codes, names.ambiguous)
        case MentionKind.NORP:
            return people_of(name, names.ambiguous)
        case MentionKind.DATE | MentionKind.EVENT:
            return Linked(None, nil_reason="kind_not_linked")
        case _:
            return Linked(None, nil_reason="no_gazetteer")


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
    if sum(count > 0 for count in counts) == 1:
        return Linked(ranked[0][1].qid, "gazetteer_context", _CONFIDENCE["ambiguous"], candidates=candidates)
    usual = [sense.qid for sense in entry.senses if sense.usual]
    if usual and not total:
        return Linked(usual[0], "gazetteer_usual", _USUAL, candidates=candidates)
    return Linked(None, nil_reason="ambiguous", candidates=candidates)


def person_linked(name: str, registry: Registry, countries: Collection[str]) -> Linked:
    """Return who of the registry bears a full name, if only one does and the article speaks of his country.

    `countries`: ISO codes, lower case, of the territories and peoples that the article names.
    """
    people = registry.people(name)
    if not people:
        return Linked(None, nil_reason="not_in_registry")
    candidates = tuple(
        Candidate(qid=person.qid, label=person.name, score=round(1 / len(people), 2)) for person in people[:5]
    )
    if len(people) > 1:
        return Linked(None, nil_reason="ambiguous", candidates=candidates)
    person = people[0]
    if person.qid is None:
        return Linked(None, nil_reason="id_not_known")
    homes = {(tenure.country or "").lower() for tenure in registry.tenures(person)}
    if homes - {""} and not homes & set(countries):
        return Linked(None, nil_reason="no_evidence", candidates=candidates)
    return Linked(person.qid, "registry_name", 0.95)
