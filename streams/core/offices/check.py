"""Check: whether a role that a text says holds on a day, by the registry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from schemas.mention import Role, RoleCheck
from streams.core.offices.model import Held, Office, Person, Tenure, held

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from streams.core.offices.registry import Registry
    from streams.core.tagging.roles import RoleSaid


def checked(role: RoleSaid, people: Sequence[Person], registry: Registry, on: date | None) -> Role:
    """Return the role with what the registry says of it on the day; None: the day is not known.

    `people`: who the person may be, () when the registry knows nobody of the name.
    """
    said = Role(
        text=role.text,
        organization=role.organization,
        country=role.country,
        valid_on=datetime(on.year, on.month, on.day, tzinfo=UTC) if on else None,
    )
    if on is None:
        return said
    for person in people:
        for tenure in registry.tenures(person):
            if fits(role, tenure) and held(tenure, on) is Held.YES:
                return said.model_copy(update={
                    "check": RoleCheck.CONSISTENT,
                    "position_id": tenure.position_id,
                    "organization": tenure.organization or role.organization,
                    "country": tenure.country or role.country,
                    "evidence": in_words(tenure),
                })
    return said


def fits(role: RoleSaid, tenure: Tenure) -> bool:
    """Say whether a tenure is of the office that a role says."""
    return (
        role.office is tenure.office
        and role.deputy == tenure.deputy
        and (role.office is not Office.OTHER or role.rank == tenure.rank)
        and (None in (role.country, tenure.country) or role.country == tenure.country)
        and (None in (role.body, tenure.body) or role.body == tenure.body)
    )


def in_words(tenure: Tenure) -> str:
    """Return a tenure as evidence: title, start, end."""
    end = str(tenure.end) if tenure.end else f"open at {tenure.as_of or 'an unknown day'}"
    return f"{tenure.title}, {tenure.start or '?'} to {end}"
