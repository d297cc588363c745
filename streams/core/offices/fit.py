"""Fit: whether a role said and a tenure are the same office; days that decide; a tenure in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.offices.lexicon import lexicon
from streams.core.offices.model import Held, Office, Tenure, held

if TYPE_CHECKING:
    from datetime import date

    from streams.core.tagging.roles import RoleSaid

SINGLE: Final = frozenset({
    Office.HEAD_OF_STATE, Office.HEAD_OF_GOVERNMENT, Office.FOREIGN_MINISTER, Office.DEFENCE_MINISTER,
    Office.FINANCE_MINISTER, Office.INTERIOR_MINISTER, Office.CENTRAL_BANK, Office.INTL_ORG_HEAD,
})  # fmt: skip
"""Offices that one person holds at a time, in a country or body: another surely in it rules a person out."""

_MINISTERS: Final = frozenset({
    Office.FOREIGN_MINISTER, Office.DEFENCE_MINISTER, Office.FINANCE_MINISTER, Office.INTERIOR_MINISTER,
    Office.MINISTER,
})  # fmt: skip
_BY_RANK: Final = frozenset({Office.HEAD_OF_STATE, Office.MINISTER, Office.OTHER, Office.DEPUTY_HEAD})
"""Offices that hold several titles (president and king): the title must be the same."""

_BARE: Final = "minister"
"""The rank of a minister whose portfolio is not said."""


def fits(role: RoleSaid, tenure: Tenure, language: str = "en") -> bool:
    """Say whether a tenure is in the office that a role says; what the role does not say may be anything."""
    return (
        role.deputy == tenure.deputy
        and _same_office(role, tenure, language)
        and (None in (role.country, tenure.country) or role.country == tenure.country)
        and (
            None in (role.body, tenure.body)
            or role.body == tenure.body
            or _same_kind(role, tenure)
            or _is_unsaid(role, tenure, language)
        )
    )


def _is_unsaid(role: RoleSaid, tenure: Tenure, language: str) -> bool:
    """Say whether a role's body is only its title's: "President X" may be the head of a bank."""
    title = lexicon(language).ranks.get(role.rank or "")
    return title is not None and tenure.office in title.also and role.body == title.body and not role.country


def _same_office(role: RoleSaid, tenure: Tenure, language: str) -> bool:
    if role.office is tenure.office:
        return role.office not in _BY_RANK or role.rank in (tenure.rank, _BARE)
    if role.rank == _BARE and role.office is Office.MINISTER:
        return tenure.office in _MINISTERS
    title = lexicon(language).ranks.get(role.rank or "")
    return title is not None and tenure.office in title.also


def _same_kind(role: RoleSaid, tenure: Tenure) -> bool:
    """Say whether the office alone says enough: a country has one foreign ministry, whatever it is called."""
    national = role.office in SINGLE and role.office is not Office.INTL_ORG_HEAD
    return national and role.office is tenure.office and tenure.country is not None


def before(tenure: Tenure, on: date) -> Held:
    """Say whether a tenure was over on a day: YES when it surely began and ended before it."""
    if tenure.end and on > tenure.end.last:
        return Held.YES
    if tenure.start and on < tenure.start.first:
        return Held.NO
    return Held.NO if held(tenure, on) is Held.YES else Held.UNSURE


def in_words(tenure: Tenure) -> str:
    """Return a tenure as evidence: title, organisation or country, from when to when."""
    place = next(
        (each for each in (tenure.organization, tenure.country) if each and each not in tenure.title), None
    )
    until = str(tenure.end) if tenure.end else "open"
    if tenure.end is None:
        until += f" at {tenure.as_of}" if tenure.as_of else ", as of an unknown day"
    acting = " (acting)" if tenure.acting else ""
    return f"{tenure.title}{f' ({place})' if place else ''}{acting}, {tenure.start or 'unknown'} to {until}"
