"""Territories: from a name to a territory's Wikidata id, by rigour's list.

Nothing rather than something wrong.

Taken are names of territories, not those of places inside one (rigour files Paris under France); codes only
where the language pack says that they name a territory; and nothing that the pack calls ambiguous (Georgia,
Washington).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from rigour.territories import lookup_territory

from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from schemas.mention import Candidate

_CODE_CHARS: Final = 4


@dataclass(frozen=True, slots=True)
class Linked:
    """What a name means: `qid` with how it was found and how sure, or None with the reason."""

    qid: str | None
    method: str | None = None
    confidence: float = 0.0
    nil_reason: str | None = None
    candidates: tuple[Candidate, ...] = ()
    metonym_for: str | None = None


@cache
def _usual_ids() -> Mapping[str, str]:
    return {
        qid: usual
        for code in PACKS
        for qid, usual in cast("dict[str, str]", read(code, "places")["territory_ids"]).items()
    }


def usual_id(qid: str) -> str | None:
    """Return the id of what is usually meant by a territory of rigour's list, None where that is unclear."""
    return _usual_ids().get(qid, qid) or None


def territory_of(name: str, codes: Collection[str], ambiguous: Collection[str]) -> Linked:
    """Return the territory that `name` (without article) means; `ambiguous` in lower case.

    >>> territory_of("Syria", (), ()).qid
    'Q858'
    >>> territory_of("Paris", (), ()).nil_reason
    'place_inside_a_territory'
    """
    if name.lower() in ambiguous:
        return Linked(None, nil_reason="ambiguous")
    if name not in codes and len(name) < _CODE_CHARS:
        return Linked(None, nil_reason="not_in_territories")
    found = lookup_territory(name.title() if name.isupper() and name not in codes else name)
    if found is None or not found.qid.startswith("Q"):
        return Linked(None, nil_reason="not_in_territories")
    if name.casefold() in (place.casefold() for place in found.places):
        return Linked(None, nil_reason="place_inside_a_territory")
    qid = usual_id(found.qid)
    if qid is None:
        return Linked(None, nil_reason="ambiguous")
    exact = name.casefold() in (found.name.casefold(), found.full_name.casefold())
    return Linked(qid, "rigour_name" if exact else "rigour_alias", 0.97 if exact else 0.9)


def people_of(demonym: str, ambiguous: Collection[str]) -> Linked:
    """Return the territory whose people `demonym` means ("Syrian", "Syrians").

    >>> people_of("Syrians", ()).method
    'rigour_demonym'
    """
    for name in (demonym, demonym.removesuffix("s")):
        found = territory_of(name, (), ambiguous)
        if found.qid and found.method == "rigour_alias":
            return Linked(found.qid, "rigour_demonym", 0.85)
    return Linked(None, nil_reason="no_demonym_of_a_territory")
