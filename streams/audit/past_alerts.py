"""past_alerts: what a backfill, a replay or a redrive would have raised, from the statements topic alone.

Two passes: which record of each statement is the last, then those that came in by the delivery mode and job
asked for, each looked at as on its day. Statements that were live count in what is new, and are not listed.
Which record is the last lies in a temporary SQLite file: memory grows with alerts, not with statements.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

from streams import topics
from streams.bus import codec, envelope, scan
from streams.bus.newest import Newest
from streams.core.alerting.evaluate import as_it_comes, evaluate
from streams.core.alerting.matching import RuleIndex
from streams.core.alerting.past import Past
from streams.core.alerting.raised import Raised, RaisedIndex
from streams.core.outcome import Permanent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from schemas.alert import Alert
    from schemas.envelope import DeliveryMode, Envelope
    from schemas.rule import Rule
    from schemas.statement_event import StatementEvent
    from streams.bus.interface import Bus, Record
    from streams.settings import Settings


async def would_have(
    bus: Bus, settings: Settings, rules: Iterable[Rule], *, modes: frozenset[DeliveryMode],
    job: str | None = None, jobs: set[str] | None = None,
) -> AsyncIterator[tuple[Alert, Envelope]]:
    """Yield alerts that were not raised, with the envelope of their statement.

    `job` None: of any that wrote on the statements topic; a replay's statements are on its own. `jobs` takes
    in whose statements there are.
    """
    names = [topics.STATEMENTS.name, *([topics.shadow(topics.STATEMENTS.name, job)] if job else [])]
    past = Past(RuleIndex.over(rules))
    async for event, its in _at_last(bus, settings, names):
        if jobs is not None and its.replay_job_id:
            jobs.add(its.replay_job_id)
        if its.delivery_mode in modes and job in {None, its.replay_job_id}:
            for alert in past.take(event, its):
                yield alert, its


async def on_their_day(
    bus: Bus, settings: Settings, rules: Iterable[Rule], run: str | None, means: Callable[[str], bool]
) -> AsyncIterator[Alert]:
    """Yield what a run's statements, as they stand at last, raise when each comes live on its day.

    `means`: whether a raw record, by its origin, is looked at.
    """
    past = Past(RuleIndex.over(rules))
    async for event, its in _at_last(bus, settings, [topics.shadow(topics.STATEMENTS.name, run)]):
        if means(its.origin):
            for alert in past.take(event, its):
                yield alert


async def _at_last(
    bus: Bus, settings: Settings, names: Sequence[str]
) -> AsyncIterator[tuple[StatementEvent, Envelope]]:
    """Yield each statement of the topics as it stands at last."""
    limits = codec.limits_of(settings)
    with Newest() as newest:
        async for records in scan.scan(bus, names, missing_ok=True):
            newest.take(records)
        async for records in scan.scan(bus, names, missing_ok=True):
            for record in records:
                if newest.has(record) and (read := _read(record, limits)) is not None:
                    yield read


async def raised_at(
    bus: Bus, settings: Settings, rules: Iterable[Rule], now: datetime
) -> AsyncIterator[Alert]:
    """Yield what the statements on the topic raise at a moment, as they come, with nothing raised before."""
    index, known, limits = RuleIndex.over(rules), Raised({}, RaisedIndex()), codec.limits_of(settings)
    async for records in scan.scan(bus, [topics.STATEMENTS.name], missing_ok=True):
        for record in records:
            if (read := _read(record, limits)) is None:
                continue
            event, its = read
            for alert in evaluate(event, its, as_it_comes(event, its, now), index, known):
                yield alert


def _read(record: Record, limits: codec.Limits) -> tuple[StatementEvent, Envelope] | None:
    """Return a record's statement and envelope; None for a tombstone, or what no stage wrote."""
    if record.value is None:
        return None
    try:
        its = envelope.of_event(record)
        event = codec.decode(record.value, topics.STATEMENTS.model, limits, type_name=its.type)
    except Permanent:
        return None
    return cast("StatementEvent", event), its
