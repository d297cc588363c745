"""The seed article through every stage, the alert agent and the outbox: one notification on its day, none today.

The text is its publisher's: it is read from `../shared/seed`, never committed. Where it is missing, that is a failure.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from schemas.alert import Alert
from schemas.raw_article import RawArticle
from streams import topics
from streams.bus.durable import writing
from streams.bus.envelope import of_event
from streams.deliver.intake import Heard, Intake
from streams.settings import RunSettings, Settings, TopicSettings
from streams.stages import STAGES
from streams.testing.builders import put_raw
from streams.testing.driver import Simulation
from streams.testing.histories import registers
from streams.testing.rules import put_rule, rule
from tests.deliver.yard import Yard

SEED = Path(__file__).resolve().parents[2].parent / "shared" / "seed"
ON_ITS_DAY = datetime(2018, 2, 14, 12, tzinfo=UTC)
TODAY = datetime(2026, 11, 25, 12, tzinfo=UTC)
PRESS = rule("press-secretary", office=("spokesperson",), country=("Russia",), entities=("Syria", "United States"), official=True,
             group_by=("speaker",), wait_seconds=30, freshness_hours=72)
"""The Russian president's press secretary about Syria or the US: what a duty editor would write."""
WIRES_OWN = """Kremlin comments on US aid in Syria

MOSCOW, February 12. /TASS/. Kremlin spokesman Dmitry Peskov told reporters on Monday about the settlement in Syria.

"As for the assistance of the United States to stabilize the situation in Syria and to continue the political and diplomatic settlement, this assistance is in short supply," Peskov said.

Peskov stressed the importance and fruitfulness of the joint efforts of Iran and Turkey in cooperation with Russia to resolve the military conflict in Syria within the framework of the UN peace initiative.

Peskov pointed out that terrorist attacks cannot be stopped in a short time. Peskov believes that the Russian military contingent in Syria has enough strength and capacity to curb terrorist activity in the region.
"""


@cache
def gold() -> dict:
    return json.loads(next(SEED.glob("*.gold.json")).read_text(encoding="utf-8"))


@cache
def raw() -> str:
    return (SEED / gold()["file"]).read_text(encoding="utf-8")


def walked(now: datetime, *articles: tuple[str, str, datetime]) -> Simulation:
    """Let articles (name, text, time of arrival) walk through all stages at a moment."""
    simulation = Simulation({name: registers(name) for name in STAGES}, Settings(
        topics=TopicSettings(partitions=1, shards=1, statements=3), run=RunSettings(now=now)), seed=1)
    put_rule(simulation, PRESS)
    for name, text, came in articles:
        put_raw(simulation, RawArticle(content=text, source_id=name), key=name, hours=(came - datetime(2018, 2, 14, tzinfo=UTC)) / timedelta(hours=1))
        simulation.settle()
    assert not [record for spec in topics.TOPICS for record in simulation.log.all(spec.dead_letters)]
    return simulation


def notified(simulation: Simulation, folder: Path, now: datetime) -> list[list[Alert]]:
    """Return the notifications that deliver would send of what stands on the topic of alerts."""
    yard = Yard(folder, at=now.timestamp())
    heard = [
        Heard(Alert.model_validate(json.loads(record.value)), record.value, of_event(record), now.timestamp())
        for record in simulation.log.all(topics.ALERTS.name)]
    with writing(yard.store):
        Intake(yard.store, yard.paces, yard.now).take(heard)
    assert yard.later(20) == []
    return [list(each.alerts) for each in yard.later(3600)]


def contents(alerts: list[Alert]) -> list[str]:
    return [alert.evidence[0].spans[0].text for alert in alerts]


def wanted(*names: str) -> list[str]:
    by_id = {each["id"]: each for each in gold()["attributions"]}
    return [by_id[name]["content"]["text"].strip("“”") for name in names]


def test_on_its_day_there_is_one_notification_of_the_spokesmans_four_statements(tmp_path) -> None:
    (alerts,) = notified(walked(ON_ITS_DAY, ("seed", raw(), ON_ITS_DAY)), tmp_path, ON_ITS_DAY)
    assert contents(alerts) == wanted("A2", "A3", "A5", "A6")
    assert alerts[0].line == 'PESKOV: "… THE UNITED STATES ASSISTANCE … THIS ASSISTANCE IS IN SHORT SUPPLY" – TASS, FEB 12'
    apart = {each.spans[0].text: each.attribution.value for each in alerts[0].shown_apart}
    assert apart == dict(zip(wanted("A5b", "A5c"), ("inferred", "ambiguous"), strict=True))
    text = json.dumps([alert.model_dump(mode="json") for alert in alerts])
    assert "Putin" not in text
    assert not any(each in text for each in wanted("C10", "B7", "B8", "B9"))


def test_today_there_is_none(tmp_path) -> None:
    assert notified(walked(TODAY, ("seed", raw(), TODAY)), tmp_path, TODAY) == []


def test_after_the_wires_own_item_it_is_a_repeat_and_there_is_none(tmp_path) -> None:
    early = datetime(2018, 2, 12, 15, tzinfo=UTC)
    before = walked(ON_ITS_DAY, ("wire", WIRES_OWN, early))
    (first,) = notified(before, tmp_path, ON_ITS_DAY)
    assert len(first) == 4
    both = walked(ON_ITS_DAY, ("wire", WIRES_OWN, early), ("seed", raw(), ON_ITS_DAY))
    again = {json.loads(record.value)["alert_id"] for record in both.log.all(topics.ALERTS.name)}
    assert again == {alert.alert_id for alert in first}
