"""Offices: the roles that an article says of its people, checked as of a day, and what the registry adds.

Roles are parsed once per article. On the day of a statement they are checked again: who was minister when the
article came out need not have been when he spoke.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from streams.core.offices.decide import decided
from streams.core.offices.fit import in_words
from streams.core.offices.model import Held, Office, held
from streams.core.offices.registry import Registry
from streams.core.statements.context_words import person_words
from streams.core.tagging.mentions import Found
from streams.core.tagging.roles import RoleSaid, role_of, roles_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from schemas.mention import Mention
    from schemas.span import SpanField
    from streams.core.offices.decide import Decided
    from streams.core.offices.model import Person
    from streams.core.statements.report import Bounds
    from streams.core.tagging.fields import Field

_LOOKED_BACK: Final = 8
_NEVER: Final = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Offices:
    """The registry, and by field and start of a mention the readings of the role said there.

    `filed`: the day of the article; `then`: words of an office held at the time that is told of.
    """

    registry: Registry = field(default_factory=Registry.empty)
    said: Mapping[tuple[SpanField, int], Sequence[RoleSaid]] = field(default_factory=dict)
    by_place: Mapping[SpanField, Sequence[RoleSaid]] = field(default_factory=dict)
    filed: date | None = None
    then: re.Pattern[str] = _NEVER

    def said_near(self, name: SpanField, head: Bounds) -> Sequence[RoleSaid]:
        """Return the roles whose words hold a head, those that begin last first."""
        roles = self.by_place.get(name, ())
        at = bisect_right(roles, head.start, key=lambda role: role.start)
        return [role for role in reversed(roles[max(0, at - _LOOKED_BACK) : at]) if role.end >= head.end]

    def again(self, found: Decided, mention: Mention, name: str, on: date | None) -> Decided:
        """Return a role that is decided, checked for another day."""
        return decided((found.said,), self.people(mention, name), self.registry, on, name) or found

    def noun(self, said: RoleSaid, on: date | None) -> Decided | None:
        """Return the role that a noun phrase says of somebody without a name, as of a day."""
        return decided((said,), (), self.registry, on)

    def role(self, mention: Mention, name: str, on: date | None) -> Decided | None:
        """Return the role said at a mention, as of a day; None when none is said, or doubt remains.

        `name`: the fullest name of the person.
        """
        readings = self.said.get((mention.field, mention.start), ())
        if on != self.filed:  # "the then minister" was one on the day that is told of
            readings = [
                replace(said, former=said.former and not self.then.search(said.text.lower()))
                for said in readings
            ]
        return decided(readings, self.people(mention, name), self.registry, on, name)

    def apposed(
        self, text: Field, source: Bounds, mention: Mention, articles: frozenset[str]
    ) -> Decided | None:
        """Return what a noun in front of a name in commas says of him; `articles` are cut off."""
        words = text.text[source.start : source.end]
        first = words.split(" ", 1)
        cut = len(first[0]) + 1 if len(first) > 1 and first[0].lower() in articles else 0
        start = source.start + cut
        noun = words[cut:]
        known = role_of(noun) or RoleSaid(noun, 0, len(noun), Office.OTHER, rule="apposed")
        said = replace(known, text=noun, start=start, end=source.end, person=mention.start)
        return decided((said,), self.people(mention, mention.text), self.registry, self.filed, mention.text)

    def people(self, mention: Mention, name: str) -> tuple[Person, ...]:
        """Return whom of the registry a name may mean: the one it is linked to, else all who bear it."""
        people = self.registry.people(name)
        if mention.qid:
            return tuple(person for person in people if person.qid == mention.qid)
        return people

    def held(self, mention: Mention, name: str, on: date) -> str | None:
        """Return in words an office that a linked person surely held on a day, None when none is known."""
        if not mention.qid:
            return None
        for person in self.people(mention, name):
            for tenure in self.registry.tenures(person):
                if held(tenure, on) is Held.YES:
                    return in_words(tenure)
        return None


def offices_of(
    fields: Mapping[SpanField, Field],
    mentions: Iterable[Mention],
    registry: Registry,
    language: str,
    filed: date | None,
) -> Offices:
    """Return the roles that an article's fields say of the people mentioned there."""
    said: dict[tuple[SpanField, int], list[RoleSaid]] = {}
    by_field: dict[SpanField, list[Mention]] = {name: [] for name in fields}
    for mention in mentions:
        by_field[mention.field].append(mention)
    for name, each in by_field.items():
        found = [Found(mention.start, mention.end, mention.kind) for mention in each]
        for role in roles_in(fields[name].text, found, language):
            if role.person is not None:
                said.setdefault((name, role.person), []).append(role)
    by_place = {
        name: sorted((role for key, roles in said.items() if key[0] is name for role in roles), key=_place)
        for name in fields
    }
    return Offices(registry, said, by_place, filed, person_words(language).at_the_time)


def _place(role: RoleSaid) -> tuple[int, int]:
    return role.start, -role.end
