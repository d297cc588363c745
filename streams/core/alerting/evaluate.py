"""evaluate: a statement as it stands now → the alerts that follow from it. One a rule and proposition.

In order:

1. what was raised because of this very event comes again, byte for byte;
2. a proposition that has another id now is known by it;
3. gone: no article reports the proposition any more. What was raised about it is corrected or withdrawn, once
   for each alert, whatever the delivery mode;
4. instead: an article that reported what was raised now reports this instead (`corrects`). That is the
   alert's correction, once, whatever the delivery mode, and no second alert of that rule;
5. new: every rule in force that it fulfils and that has raised nothing about the proposition, under any id it
   ever had, raises an alert; if it is live, explicit, the best rendition, an update, a contradiction or new
   beside live statements, as the rule asks, and was said not too long before now.

While others still report a proposition, an article that drops it pages nobody: the alert stands. What was
withdrawn and is said again is not raised again. Guarantees nothing about a proposition that judge or this
stage has forgotten (`novelty.lateness_days`, `alerting.kept_days`): freshness stands before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from schemas.alert import AlertKind
from schemas.alerts_state import RaisedAlert
from schemas.envelope import DeliveryMode, Envelope
from schemas.ids import digest
from schemas.mention import RoleCheck
from schemas.statement import Attribution
from schemas.statement_event import NoveltyKind, StatementEvent, StatementState
from streams.core.alerting.making import follow_up, raised
from streams.core.alerting.matching import fresh_until, in_force
from streams.core.delivering.matching import group_name
from streams.core.outcome import Placed

if TYPE_CHECKING:
    from schemas.alert import Alert
    from streams.core.alerting.matching import Match
    from streams.core.alerting.raised import Raised

_GONE = {StatementState.CORRECTED: AlertKind.CORRECTION, StatementState.WITHDRAWN: AlertKind.WITHDRAWAL}


class Rules(Protocol):
    """What is asked for: an index of rules."""

    def matches(self, event: StatementEvent) -> Sequence[Match]:
        """Return the rules that a statement fulfils, with why."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How a statement is looked at. `live`: it may raise; `kind`: its novelty.

    Freshness is judged by `now`, of what was said not after `raw_time`.
    """

    live: bool
    kind: NoveltyKind
    now: datetime
    raw_time: datetime
    by_past: bool = False
    """Whether the arrival of something of the past is the cause: what that corroborates pages nobody."""


def as_it_comes(event: StatementEvent, envelope: Envelope, now: datetime) -> Seen:
    """Return how the alert agent looks at a statement."""
    live = envelope.delivery_mode is DeliveryMode.LIVE
    return Seen(
        live, event.novelty.live_kind, now, envelope.origin_time, by_past=envelope.cause_mode is not None)


def as_on_its_day(event: StatementEvent) -> Seen:
    """Return how a statement of the past would have been looked at: live, at its event time."""
    return Seen(live=True, kind=event.novelty.kind, now=event.event_time, raw_time=event.event_time)


def evaluate(
    event: StatementEvent, envelope: Envelope, seen: Seen, rules: Rules, known: Raised
) -> list[Alert]:
    """Return the alerts that follow from a statement's event; `known` takes them in."""
    keys = known.keys(event.proposition_id, *event.former_proposition_ids)
    again = known.caused(envelope.id, keys)
    known.rename(event, envelope)
    if event.state in _GONE:
        return again + (_gone(event, envelope, keys, known) if not event.independent_origins else [])
    if not tellable(event):
        return again
    told = {key.partition("/")[2] for key in keys}
    instead = _instead(event, envelope, told, known)
    told |= {each.rule.name for each in instead}
    return again + instead + _new(event, envelope, seen, _asked(event, seen, rules, told), known)


def placed(alert: Alert, partitions: int) -> Placed:
    """Return an alert with its place: one partition keeps a group, in order."""
    partition = int(digest("alert-group", group_name(alert))[:12], 16) % partitions
    return Placed(alert, partition=partition, ordinal=int(digest("alert-event", alert.alert_id)[:12], 16))


def tellable(event: StatementEvent) -> bool:
    """Tell whether a statement may trigger anything: explicit, its best rendition, no standing position."""
    return (
        event.attribution is Attribution.EXPLICIT and event.rendition_of is None and not event.recurring)


def _asked(event: StatementEvent, seen: Seen, rules: Rules, told: set[str]) -> list[Match]:
    if not seen.live or seen.kind is NoveltyKind.REPEAT:
        return []
    return [
        match for match in rules.matches(event)
        if match.rule.name not in told and seen.kind in match.rule.novelty and in_force(match.rule, seen.now)
        and not (match.rule.office and _contradicted(event))
        and not (seen.by_past and match.rule.min_independent_origins > 1)]


def _contradicted(event: StatementEvent) -> bool:
    role = event.speaker.role if event.speaker else None
    return role is not None and role.check is RoleCheck.CONTRADICTED


def _new(
    event: StatementEvent, envelope: Envelope, seen: Seen, asked: Sequence[Match], known: Raised
) -> list[Alert]:
    alerts = []
    for match in asked:
        until = fresh_until(match.rule, event, seen.raw_time)
        if until is not None and until >= seen.now:
            alert = raised(match, event, seen.kind, until)
            _note(alert, f"{event.proposition_id}/{match.rule.name}", event, envelope, known)
            alerts.append(alert)
    return alerts


def _gone(event: StatementEvent, envelope: Envelope, keys: Sequence[str], known: Raised) -> list[Alert]:
    kind, alerts = _GONE[event.state], []
    for key in keys:
        for before in known.standing(key):
            number = 1 + sum(each.alert.kind is kind for each in known.table[key].raised)
            alert = follow_up(before.alert, event, kind, key.partition("/")[0], number, instead=False)
            _note(alert, key, event, envelope, known, stands=False)
            alerts.append(alert)
    return alerts


def _instead(event: StatementEvent, envelope: Envelope, told: set[str], known: Raised) -> list[Alert]:
    """Return the corrections of what was raised about what this article said before, and no longer says."""
    alerts = []
    for key in known.keys(event.corrects) if event.corrects else ():
        rule = key.partition("/")[2]
        for before in known.standing(key) if rule not in told else ():
            told = told | {rule}
            alert = follow_up(
                before.alert, event, AlertKind.CORRECTION, event.proposition_id, 1, instead=True)
            _note(alert, f"{event.proposition_id}/{rule}", event, envelope, known)
            alerts.append(alert)
    return alerts


def _note(
    alert: Alert, key: str, event: StatementEvent, envelope: Envelope, known: Raised, *, stands: bool = True
) -> None:
    known.note(
        key, RaisedAlert(alert=alert, cause=envelope.id, stands=stands), event, envelope)
