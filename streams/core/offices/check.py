"""Check: whether a role that a text says holds on a day, by the registry.

Consistent: the person surely held the office that day (a former one: before it). Contradicted: every tenure
of his in that office surely lies elsewhere, or somebody else surely held an office that one person holds.
Unknown: all else, so a day after `as_of` of an open tenure, a day between the bounds of a fuzzy one, a
person of whom nothing is known.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from schemas.mention import Role, RoleCheck
from streams.core.offices.fit import SINGLE, before, fits, in_words
from streams.core.offices.model import Held, Office, Person, Tenure, held
from streams.core.offices.names import alike

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from streams.core.offices.registry import Registry
    from streams.core.tagging.roles import RoleSaid

_PATCHY = frozenset({Office.LEGISLATOR, Office.AMBASSADOR, Office.OTHER, Office.DEPUTY_HEAD})
"""Offices of which registries miss terms: that a person's known terms lie elsewhere contradicts nothing."""

_OF_BODIES = frozenset({Office.INTL_ORG_HEAD, Office.CENTRAL_BANK})


class _Found(NamedTuple):
    check: RoleCheck
    tenure: Tenure | None = None
    evidence: str | None = None


def checked(
    role: RoleSaid, people: Sequence[Person], registry: Registry, on: date | None, name: str | None = None
) -> Role:
    """Return the role with what the registry says of it on a day; None: the day is not known.

    `people`: whom the name may mean, () when the registry knows nobody of it; `name`: as the article has it.
    Country and organisation that the text leaves out are taken from the tenure of a consistent role.
    """
    found = _found(role, people, registry, on, name) if on else _Found(RoleCheck.UNKNOWN)
    tenure = found.tenure if found.check is RoleCheck.CONSISTENT else None
    return Role(
        text=role.text,
        position_id=tenure.position_id if tenure else None,
        office=None if role.former or role.elect else role.office,
        deputy=role.deputy,
        organization=role.organization or (tenure.organization if tenure else None),
        country=role.country or (tenure.country if tenure else None),
        valid_on=datetime(on.year, on.month, on.day, tzinfo=UTC) if on else None,
        check=found.check,
        evidence=found.evidence or (in_words(found.tenure) if found.tenure else None),
    )


def _found(
    role: RoleSaid, people: Sequence[Person], registry: Registry, on: date, name: str | None
) -> _Found:
    own = [tenure for person in people for tenure in registry.tenures(person) if fits(role, tenure)]
    states = [(_state(role, tenure, on), tenure) for tenure in own]
    for wanted, check in ((Held.YES, RoleCheck.CONSISTENT), (Held.UNSURE, RoleCheck.UNKNOWN)):
        tenure = next((tenure for state, tenure in states if state is wanted), None)
        if tenure:
            return _Found(check, tenure)
    if role.former or role.elect:
        check = RoleCheck.CONTRADICTED if own and role.former else RoleCheck.UNKNOWN
        return _Found(check, own[-1] if own else None)
    other = _other(role, people, registry, on, name)
    if other:
        return _Found(RoleCheck.CONTRADICTED, evidence=other)
    return _elsewhere(role, own, on)


def _state(role: RoleSaid, tenure: Tenure, on: date) -> Held:
    """Say whether a tenure bears a role out: held that day, before it (former), or soon after it (elect)."""
    if role.former:
        return before(tenure, on)
    if role.elect:
        days = (tenure.start.first - on).days if tenure.start else -1
        return Held.YES if 0 <= days <= 366 else Held.NO
    return held(tenure, on)


def _elsewhere(role: RoleSaid, own: Sequence[Tenure], on: date) -> _Found:
    """Return what tenures say that all lie on other days: the nearest is the evidence."""
    if not own:
        return _Found(RoleCheck.UNKNOWN)
    nearest = min(own, key=lambda tenure: _days_off(tenure, on))
    placed = role.office in SINGLE or role.country is not None or role.body is not None
    sure = placed and role.office not in _PATCHY
    return _Found(RoleCheck.CONTRADICTED if sure else RoleCheck.UNKNOWN, nearest)


def _days_off(tenure: Tenure, on: date) -> int:
    days = [abs((day - on).days) for each in (tenure.start, tenure.end) if each for day in each]
    return min(days, default=10**6)


def _other(
    role: RoleSaid, people: Sequence[Person], registry: Registry, on: date, name: str | None
) -> str | None:
    """Return in words who else surely held a single office that day, None when nobody did.

    Nobody is ruled out whose name is like the holder's: the registry may spell him another way.
    """
    body = role.body if role.office in _OF_BODIES else None
    if role.office not in SINGLE or role.deputy or not (role.country or body) or not (people or name):
        return None
    called = [name] if name else []
    called += [each.name for each in people]
    for holder, tenure in registry.held(role.office, role.country, body, on):
        if not fits(role, tenure) or (role.office in _OF_BODIES and role.rank != tenure.rank):
            continue
        if any(alike(each, one) for each in called for one in (holder.name, *holder.aliases)):
            return None
        return f"{on}: {holder.name}, {in_words(tenure)}"
    return None
