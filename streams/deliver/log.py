"""log: a notification as lines of the process's own log: the channel that is there when nothing is set up.

The one place where a log line holds words of an article: that is what this channel is for.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from streams.deliver.notification import Channel, Kind, Notification, Opening, Sent
from streams.observe import logging


class LogOptions(BaseModel):
    """None."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class LogChannel:
    """Writes a line an alert."""

    async def send(self, notification: Notification) -> Sent:
        """Log each alert's line; this never fails."""
        log = logging.get("alerts")
        for alert in notification.alerts:
            log.warning(
                "alert", line=alert.line, kind=alert.kind.value, severity=alert.rule.severity.value,
                rule=alert.rule.name, alert=alert.alert_id, key=notification.key)
        return Sent()

    async def close(self) -> None:
        """Nothing is open."""


def _open(options: BaseModel, opening: Opening) -> Channel:
    del options, opening
    return LogChannel()


KIND = Kind(LogOptions, _open)
