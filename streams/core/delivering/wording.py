"""A notification's words and bytes: a line on top, others below, sources and reasons; the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, NamedTuple

from schemas.alert import Alert, AlertKind

TYPE: Final = "news.alert.notification"
_WHY: Final = 6
"""So many reasons are told in text; the JSON has all."""


class Told(NamedTuple):
    """A notification for people: one line, and plain text below it."""

    title: str
    text: str


def told(alerts: Sequence[Alert], repetition: int = 0) -> Told:
    """Return the words of a notification; the first alert's line is its title.

    `repetition` 1 and up: it went out before, and nobody has acknowledged it.
    """
    several = alerts[0].kind is AlertKind.DIGEST and len(alerts) > 1
    line = f"DIGEST OF {len(alerts)}: {alerts[0].line}" if several else alerts[0].line
    title = f"AGAIN: {line}" if repetition else line
    return Told(title, "\n\n".join(_alert(alert, named=place > 0) for place, alert in enumerate(alerts)))


def _alert(alert: Alert, *, named: bool) -> str:
    lines = [alert.line] if named else []
    for each in alert.evidence:
        said = " … ".join(span.text for span in each.spans)
        source = ", ".join(part for part in (each.outlet, each.url) if part)
        lines += [part for part in (f"“{said}”" if said else "", source) if part]
    lines += [f"{each.attribution.value}: “{' … '.join(span.text for span in each.spans)}”"
              for each in alert.shown_apart]
    why = "; ".join(f"{each.condition}: {each.matched}" for each in alert.why[:_WHY])
    lines += [f"why: {why}"] if why else []
    lines += [f"alert {alert.alert_id}" + (f" corrects {alert.corrects}" if alert.corrects else "")]
    return "\n".join(lines)


def body_of(
    key: str, channel: str, group: str, repetition: int, bodies: Sequence[str], alerts: Sequence[Alert]
) -> bytes:
    """Return a notification as JSON, the same bytes for every attempt.

    `bodies` are the alerts' own JSON, as they came. The form is the one that Standard Webhooks recommends:
    type, timestamp, data. `timestamp` is the newest event time: a body knows no clock.
    """
    data = {"id": key, "channel": channel, "group": group, "repetition": repetition,
            "title": told(alerts, repetition).title}
    head = {"type": TYPE, "timestamp": max(a.event_time for a in alerts).isoformat().replace("+00:00", "Z")}
    opened = json.dumps({**head, "data": data}, ensure_ascii=False)[:-2]
    return f'{opened}, "alerts": [{", ".join(bodies)}]}}}}'.encode("utf-8", "replace")
