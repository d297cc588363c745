"""Decide: which of the readings of a garden path is meant, by the parse and by the registry.

"The Press Secretary of Russian President X": a reading that the registry bears out wins; one that it
contradicts loses to one that it does not; else the parse's preference stands. A reading that is doubtful by
the parse and borne out by nothing makes nobody head of a state or a government.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.mention import Role, RoleCheck
from streams.core.offices.check import checked
from streams.core.offices.model import Office

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from streams.core.offices.model import Person
    from streams.core.offices.registry import Registry
    from streams.core.tagging.roles import RoleSaid

_ORDER: Final = (RoleCheck.CONSISTENT, RoleCheck.UNKNOWN, RoleCheck.CONTRADICTED)
_HEADS: Final = (Office.HEAD_OF_STATE, Office.HEAD_OF_GOVERNMENT)


class Decided(NamedTuple):
    """The reading that is meant, and what the registry says of it."""

    said: RoleSaid
    role: Role


def decided(
    readings: Sequence[RoleSaid], people: Sequence[Person], registry: Registry, on: date | None,
    name: str | None = None,
) -> Decided | None:  # fmt: skip
    """Return the role of one mention among its readings; None: there is none, or doubt remains."""
    found = [Decided(said, checked(said, people, registry, on, name)) for said in readings]
    found.sort(key=lambda each: (_ORDER.index(each.role.check), each.said.preference, _vague(each.said)))
    for each in found:
        borne_out = each.role.check is RoleCheck.CONSISTENT
        if borne_out or not (each.said.doubtful and each.said.office in _HEADS):
            return each
    return None


def _vague(said: RoleSaid) -> int:
    """Return how little a role says: a known office with its country before one without, "other" last."""
    return 2 * (said.office is Office.OTHER) + (said.country is None and said.body is None)
