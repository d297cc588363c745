"""Official: whether somebody speaks for an office held on the day, and why.

A role that the registry confirms speaks for its office; one that it contradicts does not; one that it does
not know does when its words are those of a public office, and the evidence says that only the text says so.
Bodies of states and of unions of states, and those who speak for them without a name, do. Former, sought and
private offices do not, nor do sources without a name, companies, parties and media.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from schemas.mention import Role, RoleCheck
from schemas.statement import Official
from streams.core.offices.check import checked
from streams.core.offices.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from schemas.mention import Mention
    from schemas.span import SpanField
    from streams.core.offices.model import Person
    from streams.core.statements.cast import Actor
    from streams.core.statements.context_words import BodyWords, PersonWords
    from streams.core.statements.speakers import Meant
    from streams.core.tagging.roles import RoleSaid


@dataclass(frozen=True, slots=True)
class Offices:
    """What is known of offices: the registry, and the roles that the article's fields say."""

    registry: Registry = field(default_factory=Registry.empty)
    said: Mapping[SpanField, Sequence[RoleSaid]] = field(default_factory=dict)

    def role(self, actor: Actor, at: Mention | None, on: date | None) -> Role | None:
        """Return the role said of a person, checked for a day: the one said at `at`, else where introduced.

        None: none is said.
        """
        here = [role for mention, role in actor.said if at is not None and _same(mention, at)]
        chosen = next(((m, r) for m, r in actor.said if here and r is here[0]), None) or next(iter(actor.said), None)
        if chosen is None:
            return None
        mention, role = chosen
        said = self._said(mention)
        again = checked(said, self._people(actor), self.registry, on) if said else role
        return again.model_copy(update={"span": role.span if here else None})

    def is_former(self, mention: Mention) -> bool:
        """Say whether the role said at a mention is a former or a coming one."""
        said = self._said(mention)
        return bool(said and (said.former or said.elect))

    def _said(self, mention: Mention) -> RoleSaid | None:
        roles = self.said.get(mention.field, ())
        return next((role for role in roles if role.person == mention.start), None)

    def _people(self, actor: Actor) -> tuple[Person, ...]:
        people = self.registry.people(actor.name)
        if actor.mention.qid:
            return tuple(person for person in people if person.qid == actor.mention.qid)
        return people


def _same(mention: Mention, at: Mention) -> bool:
    return mention.field is at.field and mention.start < at.end and at.start < mention.end


def official(
    meant: Meant, role: Role | None, people: PersonWords, bodies: BodyWords, *, former: bool = False
) -> Official:
    """Return whether the speaker speaks for an office, with the evidence."""
    if meant.name is None:
        return _no("nobody can be told")
    if role is not None:
        return _by_role(role, people, bodies, former=former)
    if meant.nominal:
        return _by_noun(meant.nominal, people, bodies)
    if meant.kind == "person":
        return _no("no office is said")
    return _by_name(meant, bodies)


def _by_role(role: Role, people: PersonWords, bodies: BodyWords, *, former: bool) -> Official:
    words = role.text.lower()
    if role.check is RoleCheck.CONTRADICTED:
        return _no(f"the registry contradicts it: {role.evidence or role.text}")
    if former or people.former.search(words):
        return _no(f"a former office: {role.text}")
    if bodies.sought.search(words):
        return _no(f"an office sought: {role.text}")
    if role.check is RoleCheck.CONSISTENT:
        return Official(is_official=True, evidence=role.evidence or role.text)
    if bodies.offices.search(words) and not _private(words, bodies):
        return Official(is_official=True, evidence=f"said to be {role.text}; the registry does not know")
    if bodies.public.search(words) and not _private(words, bodies):
        return Official(is_official=True, evidence=f"said to be {role.text}; the registry does not know")
    return _no(f"not a public office: {role.text}")


def _private(words: str, bodies: BodyWords) -> bool:
    """Say whether a role is one in a company, party or club, and in no public body."""
    return bool(bodies.of_private.search(words)) and not bodies.public.search(words)


def _by_noun(words: str, people: PersonWords, bodies: BodyWords) -> Official:
    """Judge who has no name: those who speak for a public body do, and a public body itself."""
    spokes = bodies.spokespeople.search(words)
    if people.former.search(words) or bodies.sought.search(words):
        return _no("a former or coming office")
    public = bodies.public.search(words) and not bodies.private.search(words)
    if spokes and public:
        return Official(is_official=True, evidence=f"speaks for a public body: {words}")
    heads = set(words.split()) & people.unnamed
    if heads and not spokes:
        return _no("a source without a name")
    if public or (bodies.offices.search(words) and not _private(words, bodies) and not spokes):
        return Official(is_official=True, evidence=f"called {words}")
    return _no("no public office is said")


def _by_name(meant: Meant, bodies: BodyWords) -> Official:
    name = (meant.name or "").lower()
    if meant.kind == "country":
        return Official(is_official=True, evidence=f"a state speaks: {meant.name}")
    if meant.kind == "office":
        return Official(is_official=True, evidence=f"stands for a public body: {meant.name}")
    if bodies.public.search(name) and not bodies.private.search(name):
        return Official(is_official=True, evidence=f"a public body: {meant.name}")
    return _no("not a public body")


def _no(why: str) -> Official:
    return Official(is_official=False, evidence=why)
