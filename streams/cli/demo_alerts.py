"""The end of `communique demo`: the alert on one article as it fired on its day, and what fires today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from streams.cli import output

if TYPE_CHECKING:
    from schemas.alert import Alert
    from streams.settings import Settings

ON_ITS_DAY: Final = "2019-03-14T12:00:00Z"
"""The moment that the demo's run judges freshness by: noon of the day the article came out."""
ABOUT: Final = "01_harbour_talks.txt"
YEAR_DAYS: Final = 365.2425


@dataclass(frozen=True, slots=True)
class Fired:
    """The alerts on one article: as they were raised on its day, and those that the same code raises now."""

    then: tuple[Alert, ...]
    now: tuple[Alert, ...]
    years: int

    @property
    def today(self) -> str:
        """Return what fires today, in a line."""
        if self.now:
            return f"today: {len(self.now)}"
        return f"today: none, said {self.years} years ago"

    def as_dict(self) -> dict[str, object]:
        """Return it for machines."""
        return {"then": [each.model_dump(mode="json") for each in self.then],
                "now": [each.model_dump(mode="json") for each in self.now], "years": self.years}


async def look(settings: Settings, articles: frozenset[str]) -> Fired:
    """Return the alerts on some articles: those on the topic, and what their statements raise by now."""
    import json

    from schemas.alert import Alert
    from streams import topics
    from streams.audit.past_alerts import raised_at
    from streams.bus import ruleset
    from streams.bus.connect import connect
    from streams.bus.scan import scan

    bus, clock = connect(settings), datetime.now(UTC)  # today is what is asked
    then: dict[str, Alert] = {}
    async for records in scan(bus, [topics.ALERTS.name]):
        for record in records:
            alert = Alert.model_validate(json.loads(record.value or b""))
            if alert.evidence[0].article_id in articles:
                then.setdefault(alert.alert_id, alert)
    rules = (await ruleset.rules_on(bus, settings)).values()
    now = [each async for each in raised_at(bus, settings, rules, clock)]
    said = [each.evidence[0].said_on for each in then.values()]
    latest = max((each.not_after for each in said if each and each.not_after), default=clock)
    return Fired(
        tuple(then.values()), tuple(each for each in now if each.evidence[0].article_id in articles),
        int((clock - latest).days / YEAR_DAYS))


def show(fired: Fired) -> None:
    """Print the notification as deliver sends it, and today's line."""
    from streams.core.delivering.wording import told

    console = output.out()
    if fired.then:
        words = told(fired.then)
        console.print(f"\nthe alert on {ABOUT}, on its day ({ON_ITS_DAY[:10]}):\n")
        console.print(f"{words.title}\n{words.text}")
    console.print(f"\n{fired.today}")
