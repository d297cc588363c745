"""People: which person of the registry a name in an article means. Nothing rather than the wrong one.

What speaks for a person: he held the office that the article gives him, that day (or before it, for a former
one); the article names his country; he held some office that day. A bare surname is only looked for among
those who held the office that stands with it. Homonyms that nothing tells apart mean nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.offices.fit import before, fits
from streams.core.offices.model import Held, Office, held
from streams.core.offices.names import normal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date

    from streams.core.offices.model import Person, Tenure
    from streams.core.offices.registry import Registry
    from streams.core.tagging.roles import RoleSaid

_ROLE, _COUNTRY, _TODAY = 0.6, 0.25, 0.15
"""What each kind of evidence weighs; 1 in all."""
_ENOUGH: Final = 0.4
"""The country and the day together, or a role."""
_AHEAD: Final = 0.2
_HELD: Final = {Held.YES: 1.0, Held.UNSURE: 0.8, Held.NO: 0.4}
"""How much of a role's weight a tenure of the office gives: one of another day gives some."""


class Ranked(NamedTuple):
    """A person that a name may mean, and how well it fits, 0 to 1."""

    person: Person
    score: float


class Who(NamedTuple):
    """Whom a name means: None when nothing decides. `candidates` best first, with who was chosen.

    `method`: `registry_role` when an office decided, `registry_name` when name, country and day did.
    """

    person: Person | None
    confidence: float
    method: str | None
    candidates: tuple[Ranked, ...]


def who(
    name: str, roles: Sequence[RoleSaid], countries: Collection[str], on: date | None, registry: Registry
) -> Who:
    """Return whom a name means.

    `roles`: what the article says of him; `countries`: ISO codes of the countries the article names; `on`:
    the day of the article.
    """
    people = registry.people(name) if " " in normal(name) else _surname(name, roles, on, registry)
    ranked = tuple(sorted(
        (Ranked(person, _score(registry.tenures(person), roles, countries, on)) for person in people),
        key=lambda each: -each.score,
    ))  # fmt: skip
    second = ranked[1].score if len(ranked) > 1 else 0.0
    if not ranked or ranked[0].score < _ENOUGH or ranked[0].score - second < _AHEAD:
        return Who(None, 0.0, None, ranked)
    best = ranked[0]
    by_role = _of_roles(registry.tenures(best.person), roles, on) > 0
    return Who(
        best.person, round(min(0.99, 0.6 + 0.4 * best.score), 3),
        "registry_role" if by_role else "registry_name", ranked,
    )  # fmt: skip


def _surname(
    name: str, roles: Iterable[RoleSaid], on: date | None, registry: Registry
) -> tuple[Person, ...]:
    """Return who of a surname may hold an office said, on the day."""
    found: dict[int, Person] = {}
    for role in roles:
        placed = role.country or (role.body if role.office is Office.INTL_ORG_HEAD else None)
        if on is None or role.former or not placed:
            continue
        for person, tenure in registry.held(role.office, role.country, None, on, unsure=True):
            if fits(role, tenure) and normal(name) == normal(person.name).rpartition(" ")[2]:
                found[person.key] = person
    return tuple(found.values())


def _score(
    tenures: Sequence[Tenure], roles: Sequence[RoleSaid], countries: Collection[str], on: date | None
) -> float:
    near = any(tenure.country in countries for tenure in tenures)
    today = on is not None and any(held(tenure, on) is not Held.NO for tenure in tenures)
    return round(_ROLE * _of_roles(tenures, roles, on) + _COUNTRY * near + _TODAY * today, 3)


def _of_roles(tenures: Sequence[Tenure], roles: Iterable[RoleSaid], on: date | None) -> float:
    """Return how well a person's tenures fit what the article says of him, 0 to 1."""
    found = (_of_role(tenure, role, on) for role in roles for tenure in tenures if fits(role, tenure))
    return max(found, default=0.0)


def _of_role(tenure: Tenure, role: RoleSaid, on: date | None) -> float:
    if on is None:
        return _HELD[Held.UNSURE]
    return _HELD[before(tenure, on) if role.former else held(tenure, on)]
