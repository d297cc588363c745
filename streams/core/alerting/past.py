"""past: what would have been raised, had statements of the past come live on their day. The same code.

Each statement as it stands at last, in any order: what is new is new by event time, so the list does not
depend on how far the topic is compacted or in which order it is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from streams.core.alerting.evaluate import Rules, as_on_its_day, evaluate
from streams.core.alerting.raised import Raised, RaisedIndex

if TYPE_CHECKING:
    from schemas.alert import Alert
    from schemas.envelope import Envelope
    from schemas.statement_event import StatementEvent


def _nothing() -> Raised:
    return Raised({}, RaisedIndex())


@dataclass(frozen=True, slots=True)
class Past:
    """What rules would have raised so far."""

    rules: Rules
    known: Raised = field(default_factory=_nothing)

    def take(self, event: StatementEvent, envelope: Envelope) -> list[Alert]:
        """Return what a statement would have raised."""
        return evaluate(event, envelope, as_on_its_day(event), self.rules, self.known)
