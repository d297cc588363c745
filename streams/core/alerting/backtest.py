"""backtest: what a rule would have raised, by the agent's own step, over statements of the past.

Each is looked at as live, at the moment it came in; one that was loaded later (backfill, replay, redrive), as
on its own day.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.envelope import DeliveryMode
from schemas.statement_event import NoveltyKind
from streams.core.alerting.evaluate import Seen, as_it_comes, as_on_its_day, evaluate, tellable
from streams.core.alerting.matching import RuleIndex, fresh_until
from streams.core.alerting.raised import Raised, RaisedIndex
from streams.core.delivering.matching import FOLLOW_UPS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from schemas.alert import Alert
    from schemas.envelope import Envelope
    from schemas.rule import Rule
    from schemas.statement_event import StatementEvent

HOURS: Final = 24


class Told(NamedTuple):
    """An alert, and when it would have been raised, UTC."""

    at: datetime
    alert: Alert


@dataclass(slots=True)
class Result:
    """What a rule would have done. `fulfilled`: statements of which every condition of the rule holds.

    Of those that raised nothing: `repeats` were said before, `stale` too long ago, `unsure` are inferred,
    ambiguous, renditions or standing positions.
    """

    rule: Rule
    statements: int = 0
    fulfilled: int = 0
    repeats: int = 0
    stale: int = 0
    unsure: int = 0
    alerts: list[Told] = field(default_factory=list)
    follow_ups: list[Told] = field(default_factory=list)

    @property
    def by_hour(self) -> tuple[int, ...]:
        """Return alerts by hour of the day, UTC, 24 counts."""
        counts = Counter(each.at.hour for each in self.alerts)
        return tuple(counts[hour] for hour in range(HOURS))


class Compared(NamedTuple):
    """Two rules' alerts, by what was said: of both, only of the first, only of the second."""

    both: tuple[Told, ...]
    first_only: tuple[Told, ...]
    second_only: tuple[Told, ...]


def seen_then(event: StatementEvent, envelope: Envelope, *, on_its_day: bool = False) -> Seen:
    """Return how a statement of the past is looked at; `on_its_day`: so, even if it came in live."""
    if on_its_day or envelope.came_as is not DeliveryMode.LIVE:
        return as_on_its_day(event)
    return replace(as_it_comes(event, envelope, envelope.origin_time), live=True)


def backtest(
    rule: Rule, statements: Iterable[tuple[StatementEvent, Envelope]], *, on_its_day: bool = False
) -> Result:
    """Return what a rule would have raised of statements, given in the order in which they are looked at."""
    rules, known = RuleIndex.over([rule.model_copy(update={"enabled": True})]), Raised({}, RaisedIndex())
    found = Result(rule)
    for event, envelope in statements:
        found.statements += 1
        seen = seen_then(event, envelope, on_its_day=on_its_day)
        alerts = evaluate(event, envelope, seen, rules, known)
        told = [Told(seen.now, each) for each in alerts]
        found.follow_ups += [each for each in told if each.alert.kind in FOLLOW_UPS]
        found.alerts += (new := [each for each in told if each.alert.kind not in FOLLOW_UPS])
        if rules.matches(event):
            found.fulfilled += 1
            if not new:
                _count(found, event, seen)
    return found


def _count(found: Result, event: StatementEvent, seen: Seen) -> None:
    """Count why a statement that fulfils the rule raised nothing."""
    until = fresh_until(found.rule, event, seen.raw_time)
    if not tellable(event):
        found.unsure += 1
    elif seen.kind is not NoveltyKind.REPEAT and (until is None or until < seen.now):
        found.stale += 1
    else:
        found.repeats += 1


def compared(first: Result, second: Result) -> Compared:
    """Return what two rules raise alike, and what only one of them does."""
    mine, other = ({_said(each): each for each in result.alerts} for result in (first, second))
    return Compared(
        tuple(each for key, each in mine.items() if key in other),
        tuple(each for key, each in mine.items() if key not in other),
        tuple(each for key, each in other.items() if key not in mine))


def _said(told: Told) -> str | None:
    return told.alert.evidence[0].proposition_id
