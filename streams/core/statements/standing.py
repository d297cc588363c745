"""Standing: in which role a speaker speaks, as of the day, and whether it is for an office."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from schemas.mention import MentionKind
from schemas.span import Span, SpanField
from streams.core.statements.official import Claim, official
from streams.core.tagging.fields import raw_place

if TYPE_CHECKING:
    from datetime import date

    from schemas.clean_article import CleanArticle
    from schemas.mention import Mention, Role
    from schemas.statement import Official, SaidOn
    from streams.core.offices.decide import Decided
    from streams.core.statements.cast import Actor
    from streams.core.statements.meant import Meant, Memory
    from streams.core.statements.report import Report
    from streams.core.statements.said_on import Filed
    from streams.core.statements.speakers import Stage
    from streams.core.tagging.fields import Field

_NEAR: Final = 80
"""Code points between a name and words that belong to it."""
_OWNERS: Final = 3
"""Words in which it is looked for whose a role is."""
_HEADLINES: Final = 4
"""Roles that are looked at for a speaker in a headline."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One field, and what is known of the article's people."""

    article: CleanArticle
    text: Field
    stage: Stage
    memory: Memory
    filed: Filed

    def of(self, meant: Meant, report: Report, when: SaidOn) -> tuple[Role | None, Official]:
        """Return the role of a speaker as of the day, and whether he speaks for it."""
        day = when.value.date() if when.value else self.filed.day
        found, held = None, None
        if meant.actor is not None and meant.actor.kind == "person":
            found = self._role(meant, meant.actor, report.content[0].start, day)
            held = self.stage.offices.held(meant.actor.mention, meant.actor.name, day) if day else None
        if found is None and meant.office is not None:
            found = self.stage.offices.noun(meant.office, day)
        source = self.text.text[meant.at.start : meant.at.end] if meant.at else ""
        near, around = self._body_near(meant, report), self._around_role(found)
        claim = Claim(meant, found, held, source, near, around, self._owner(found))
        judged = official(claim, self.stage.people, self.stage.bodies)
        return self._located(found, meant) if found else None, judged

    def _around_role(self, found: Decided | None) -> str:
        """Return the words around a role, which may name whose it is ("the directorate's head")."""
        if found is None or self.text.text[found.said.start : found.said.end] != found.said.text:
            return ""
        return self.text.text[max(0, found.said.start - _NEAR // 2) : found.said.end + _NEAR // 2].split(
            "\n"
        )[0]

    def _owner(self, found: Decided | None) -> str:
        """Return the words that a possessive right before a role ends ("the company's"), "" without one."""
        if found is None or self.text.text[found.said.start : found.said.end] != found.said.text:
            return ""
        before = self.text.text[max(0, found.said.start - _NEAR // 2) : found.said.start].rstrip()
        words = before.rsplit("\n", 1)[-1].split()[-_OWNERS:]
        owns = before.endswith(self.stage.people.possessives) and words[-1].strip("'’\"”")
        return " ".join(words) if owns else ""

    def _body_near(self, meant: Meant, report: Report) -> str:
        """Return the body named last before a speaker in his paragraph, else what his words begin with."""
        if meant.at is None:
            return ""
        low = self.memory.begins(self.memory.paragraph(meant.at.start))
        named = self.stage.cast.within(self.text.name, max(low, meant.at.start - _NEAR * 4), meant.at.start)
        bodies = [mention.text for mention in named if mention.kind is MentionKind.ORG]
        first = report.content[0].start
        return bodies[-1] if bodies else self.text.text[first : first + _NEAR // 4]

    def _role(self, meant: Meant, actor: Actor, content: int, day: date | None) -> Decided | None:
        """Return the role said at this mention, else the last said before it, else the first."""
        if not actor.said:
            return None
        end = meant.at.end if meant.at else content
        if self.text.name is SpanField.TEXT:
            number = bisect_left(actor.said, end, key=_place)
        else:
            number = sum(_place(each) < 0 for each in actor.said[:_HEADLINES])
        mention, found = actor.said[max(0, number - 1)]
        return self.stage.offices.role(mention, actor.name, day) or self.stage.offices.again(
            found, mention, actor.name, day
        )

    def _located(self, found: Decided, meant: Meant) -> Role:
        """Return the role with its place, when it is said at this mention."""
        said, at = found.said, meant.at
        if at is None:
            return found.role
        if meant.office is said:  # its offsets are the phrase's
            said = replace(said, start=said.start + at.start, end=said.end + at.start, person=at.start)
        if said.person is None or not at.start <= said.person < at.end:
            return found.role
        raw_start, raw_end = raw_place(self.article, self.text, said.start, said.end)
        text = self.text.text[said.start : said.end]
        span = Span(
            field=self.text.name,
            start=said.start,
            end=said.end,
            raw_start=raw_start,
            raw_end=raw_end,
            text=text,
        )
        return found.role.model_copy(update={"span": span})


def _place(said: tuple[Mention, Decided]) -> int:
    """Return where a role stands in the text, -1 for one before it: headline and dateline."""
    mention = said[0]
    return mention.start if mention.field is SpanField.TEXT else -1
