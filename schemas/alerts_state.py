"""What the alert stage remembers: the values of its table. Not events: nobody outside it reads them."""

from __future__ import annotations

from pydantic import Field

from schemas.alert import Alert
from schemas.base import Instant, Value


class RaisedAlert(Value):
    """An alert as it was sent, and the event that caused it: when that comes again, so does the alert."""

    alert: Alert = Field(description="The alert, as it was sent.")
    cause: str = Field(description="ce_id of the statement's event.")
    stands: bool = Field(
        default=True, description="False for a follow-up that only takes back: nothing follows it."
    )


class RaisedProposition(Value):
    """What one rule raised about a proposition, keyed `proposition_id/rule`.

    Keyed `proposition_id/`: the former ids of a proposition under which something was raised.
    """

    raised: tuple[RaisedAlert, ...] = Field(default=(), description="Alerts, in the order they were sent.")
    same_as: tuple[str, ...] = Field(default=(), description="Former ids: what was raised there counts.")
    last: Instant = Field(description="Event time of what was raised last, UTC: it is kept so long after.")
    lanes: tuple[str, ...] = Field(description="Delivery modes it came in by, with the job, sorted.")
