"""Named later: who is introduced by his office in the first paragraph and by his name in the next.

"The health secretary said … ¶ … Gwen Hill told nurses": a single office speaks first, the next paragraph's
first speaker is a person named there for the first time, of whom no other office is said: he is meant.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from streams.core.statements.draft import Draft
from streams.core.statements.meant import POINTED, by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.statements.cast import Actor
    from streams.core.statements.standing import Standing


def named_later(drafts: Sequence[Draft], standing: Standing) -> list[Draft]:
    """Return the drafts of a field, the office of its first paragraph made the person of its second."""
    memory = standing.memory
    first = [each for each in drafts if memory.paragraph(each.report.sentence.start) == 0]
    second = [each for each in drafts if memory.paragraph(each.report.sentence.start) == 1 and each.meant.at]
    offices = {each.meant.key: each for each in first if each.meant.nominal and each.meant.kind == "office"}
    actor = second[0].meant.actor if second else None
    if len(offices) != 1 or actor is None or not _fits(actor, next(iter(offices.values())), standing):
        return list(drafts)
    (office,) = offices.values()
    _learn(actor, office, standing)
    return [_meaning(each, office, actor, standing) for each in drafts]


def _fits(actor: Actor, office: Draft, standing: Standing) -> bool:
    """Say whether a person may hold the office: first named in the second paragraph, of no other office."""
    words = set((office.meant.nominal or "").split())
    definite = (
        bool(words & standing.stage.people.definite) or (office.meant.nominal or "").count("\u2019s ") > 0
    )
    others = any(set(found.said.text.lower().split()) - words for _, found in actor.said)
    memory = standing.memory
    named = standing.stage.cast.within(standing.text.name, 0, memory.begins(1))
    early = any(standing.stage.cast.fullest(mention) is actor for mention in named)
    return actor.kind == "person" and definite and not others and not early


def _learn(actor: Actor, office: Draft, standing: Standing) -> None:
    """Keep the office as said of the person, at the office's own place."""
    at = office.meant.at
    if actor.said or at is None:
        return
    people = standing.stage.people
    found = standing.stage.offices.apposed(
        standing.text, at, actor.mention, people.definite | people.indefinite
    )
    if found:
        actor.said.append((actor.mention, found))


def _meaning(draft: Draft, office: Draft, actor: Actor, standing: Standing) -> Draft:
    """Return a draft with the person for the office; all his drafts with the role that is known now."""
    meant = draft.meant
    if meant.key == office.meant.key:
        meant = by(actor, meant.at, "speaker:named_later", POINTED)
    elif meant.actor is not actor:
        return draft
    role, judged = standing.of(meant, draft.report, draft.said_on)
    rules = (meant.rule, *draft.rules[1:])
    said_on, told = draft.said_on, office.said_on
    if said_on.value is None and told.value is not None and not draft.report.recurring:
        basis = told.basis.replace("text:", "inherited:")
        said_on = told.model_copy(update={"basis": basis})
    return replace(draft, meant=meant, role=role, official=judged, said_on=said_on, rules=rules)
