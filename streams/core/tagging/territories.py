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

    from rigour.territories.territory import Territory

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

    A country's other names are left to the pack: rigour's are of many languages (Island, Turks), and some are
    of places inside it.

    >>> territory_of("Syria", (), ()).qid
    'Q858'
    >>> territory_of("Paris", (), ()).nil_reason
    'place_inside_a_territory'
    """
    found = _looked_up(name, codes, ambiguous)
    if isinstance(found, str):
        return Linked(None, nil_reason=found)
    exact = name.casefold() in (found.name.casefold(), found.full_name.casefold())
    if not exact and found.is_country and name not in codes:
        return Linked(None, nil_reason="not_in_territories")
    return Linked(usual_id(found.qid), "rigour_name" if exact else "rigour_alias", 0.97 if exact else 0.9)


def people_of(demonym: str, ambiguous: Collection[str], endings: tuple[str, ...]) -> Linked:
    """Return the territory whose people `demonym` means (Syrian, Syrians); `endings`: of such words.

    >>> people_of("Syrians", (), ("an",)).method
    'rigour_demonym'
    """
    name = demonym if demonym.endswith(endings) else demonym.removesuffix("s")
    if name.endswith(endings):
        found = _looked_up(name, (), ambiguous)
        if not isinstance(found, str) and name.casefold() != found.name.casefold():
            return Linked(usual_id(found.qid), "rigour_demonym", 0.85)
    return Linked(None, nil_reason="no_demonym_of_a_territory")


def _looked_up(name: str, codes: Collection[str], ambiguous: Collection[str]) -> Territory | str:
    """Return the territory of a name, or why there is none."""
    if name.lower() in ambiguous:
        return "ambiguous"
    if name not in codes and len(name) < _CODE_CHARS:
        return "not_in_territories"
    found = lookup_territory(name.title() if name.isupper() and name not in codes else name)
    if found is None or not found.qid.startswith("Q"):
        return "not_in_territories"
    if name.casefold() in (place.casefold() for place in found.places):
        return "place_inside_a_territory"
    return found if usual_id(found.qid) else "ambiguous"
