"""People: which person of the registry a name in an article means. Nothing rather than the wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from streams.core.offices.fit import fits
from streams.core.offices.model import Held, held

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from streams.core.offices.model import Person
    from streams.core.offices.registry import Registry
    from streams.core.tagging.roles import RoleSaid


class Ranked(NamedTuple):
    """A person that a name may mean, and how well it fits, 0 to 1."""

    person: Person
    score: float


class Who(NamedTuple):
    """Whom a name means: None when nothing decides. `candidates` best first, with who was chosen."""

    person: Person | None
    confidence: float
    method: str | None
    candidates: tuple[Ranked, ...]


def who(
    name: str, roles: Sequence[RoleSaid], countries: Collection[str], on: date | None, registry: Registry
) -> Who:
    """Return whom a full name means.

    `roles`: what the article says of him; `countries`: ISO codes of the countries the article names; `on`:
    the day of the article.
    """
    ranked = sorted(
        (Ranked(person, _score(person, roles, countries, on, registry)) for person in registry.people(name)),
        key=lambda each: -each.score,
    )
    if not ranked:
        return Who(None, 0.0, None, ())
    best, second = ranked[0], ranked[1].score if len(ranked) > 1 else 0.0
    if best.score >= 0.5 and best.score - second >= 0.2:
        return Who(best.person, round(best.score, 3), "offices", tuple(ranked))
    return Who(None, 0.0, None, tuple(ranked))


def _score(
    person: Person, roles: Sequence[RoleSaid], countries: Collection[str], on: date | None, registry: Registry
) -> float:
    tenures = registry.tenures(person)
    fit = any(fits(role, tenure) for role in roles for tenure in tenures)
    now = on is not None and any(held(tenure, on) is not Held.NO for tenure in tenures)
    near = any(tenure.country in countries for tenure in tenures)
    return min(1.0, 0.45 * fit + 0.3 * near + 0.25 * now)
