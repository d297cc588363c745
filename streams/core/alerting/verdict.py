"""verdict: what the alert agent makes of one statement for one rule, condition by condition.

Whether it raises is what `evaluate` says, the agent's own step, with nothing raised before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.base import rfc3339
from schemas.mention import RoleCheck
from schemas.statement import Attribution
from schemas.statement_event import NoveltyKind
from streams.core.alerting.conditions import Held
from streams.core.alerting.evaluate import evaluate
from streams.core.alerting.matching import RuleIndex, explain, fresh_until, in_force
from streams.core.alerting.raised import Raised, RaisedIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.envelope import Envelope
    from schemas.rule import Rule
    from schemas.statement_event import StatementEvent
    from streams.core.alerting.evaluate import Seen


class Verdict(NamedTuple):
    """Whether an alert is raised, and every condition with what fulfils it (None: it does not hold)."""

    raises: bool
    conditions: tuple[Held, ...]


def verdict(rule: Rule, event: StatementEvent, envelope: Envelope, seen: Seen) -> Verdict:
    """Return what a rule makes of a statement that is looked at so."""
    raised = evaluate(event, envelope, seen, RuleIndex.over([rule]), Raised({}, RaisedIndex()))
    return Verdict(bool(raised), (*explain(rule, event), *_others(rule, event, seen)))


def _others(rule: Rule, event: StatementEvent, seen: Seen) -> Iterator[Held]:
    """Yield what every rule asks for besides its own conditions."""
    new = seen.kind is not NoveltyKind.REPEAT and seen.kind in rule.novelty
    yield Held(f"novelty = {' or '.join(rule.novelty)}", seen.kind.value if new else None)
    yield _fresh(rule, event, seen)
    sure = event.attribution is Attribution.EXPLICIT
    yield Held("it is explicit who says it", event.attribution.value if sure else None)
    best = event.rendition_of is None and not event.recurring
    yield Held("the best rendition, and no standing position", "yes" if best else None)
    if not in_force(rule, seen.now):
        yield Held("the rule is in force", None)
    if rule.office and event.speaker and event.speaker.role:
        fits = event.speaker.role.check is not RoleCheck.CONTRADICTED
        yield Held("the registry does not contradict the office", event.speaker.role.check if fits else None)
    if not seen.live:
        yield Held("it is live", None)
    if seen.by_past and rule.min_independent_origins > 1:
        yield Held("what came live moved it", None)


def _fresh(rule: Rule, event: StatementEvent, seen: Seen) -> Held:
    until = fresh_until(rule, event, seen.raw_time)
    fresh = until is not None and until >= seen.now
    return Held(
        f"said within {rule.freshness_hours:g} hours before {rfc3339(seen.now)}",
        f"fresh until {rfc3339(until)}" if until is not None and fresh else None)
