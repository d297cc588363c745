"""communique audit after a cutover, from topics written by hand: of each raw record the run that is production for it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from itertools import product

import pytest

from streams import topics
from streams.bus.connect import connect
from streams.bus.envelope import FED_FROM
from streams.core.replay.view import FIRST, moved
from streams.stages import group_of
from streams.topics import shadow
from tests.cli.command_line import Line

JOB = "shorter-1"
KEY = b"one-partition"


class Runs:
    """Raw records 0 to 5 of one partition, in two runs; the replay is production of 2 and 3, or of all from 2 on."""

    def __init__(self, line: Line, back: bool) -> None:
        self.line = line
        line.prepare()
        asyncio.run(self._create())
        self.raw = [line.put(topics.RAW.name, {}, key=KEY) for _ in range(6)]
        partition = int(self.raw[0].rsplit("-", 2)[1])
        self.view = moved(FIRST, JOB, {0: 0, 1: 0, partition: 2})
        if back:
            self.view = moved(self.view, None, {0: 0, 1: 0, partition: 4})
        line.put(topics.VIEWS.name, self.view.model_dump_json().encode(), key=b"production")

    async def _create(self) -> None:
        async with connect(self.line.settings).admin() as admin:
            for spec in topics.SHADOWED:
                await admin.create_topic(shadow(spec.name, JOB), 2 if spec is topics.RAW else 1, {})
                await admin.create_topic(shadow(spec.dead_letters, JOB), 1, {})

    def copy(self, *numbers: int) -> None:
        for number in numbers:
            self.line.put(shadow(topics.RAW.name, JOB), {}, key=KEY, ce_origin=self.raw[number], **{FED_FROM: self.raw[number]})

    def enrich(self, run: str | None, *numbers: int, **body: object) -> None:
        for number in numbers:
            self.line.put(shadow(topics.ENRICHED.name, run), body, ce_origin=self.raw[number], ce_id=f"e{number}")

    def done(self) -> None:
        for run in (None, JOB):
            self.line.read_all(group_of("clean", run), shadow(topics.RAW.name, run))
            self.line.read_all(group_of("statements", run), shadow(topics.ENRICHED.name, run))

    def all_well(self) -> None:
        self.copy(*range(6))
        for run in (None, JOB):
            self.enrich(run, *range(6))
        self.done()

    def remove(self, run: str | None, number: int) -> None:
        """Take an enriched event out of the log's file."""
        with sqlite3.connect(self.line.settings.bus_url.removeprefix("sqlite://")) as log:
            sql = "SELECT pid FROM parts JOIN topics USING(tid) WHERE name=?"
            for (pid,) in log.execute(sql, (shadow(topics.ENRICHED.name, run),)).fetchall():
                log.execute(f"DELETE FROM p{pid} WHERE headers LIKE ?", (f"%{self.raw[number]}%",))  # noqa: S608

    def audit(self, *words: str) -> Mapping[str, object]:
        told = self.line("audit", "--json", *words).objects[0]
        return {name: told[name] for name in ("raw", "enriched", "pending", "lost", "statements_lost", "holds")
                if told[name]}


@pytest.fixture(params=[False, True], ids=["cutover", "rollback"])
def runs(line: Line, request: pytest.FixtureRequest) -> Runs:
    return Runs(line, request.param)


ALL_SIX = {"raw": 6, "enriched": 6, "holds": True}


def test_production_is_audited_over_cutover_and_rollback(runs: Runs) -> None:
    runs.all_well()
    for words in ([], ["--job", "first"], ["--since", "1d"]):
        assert runs.audit(*words) == ALL_SIX


def test_what_is_missing_of_the_run_that_it_belongs_to_is_lost_and_of_the_other_not(runs: Runs) -> None:
    runs.all_well()
    for run, number in product((None, JOB), range(6)):
        runs.remove(run, number)
        owner = JOB if number in {2, 3} or (number > 3 and len(runs.view.spans) == 2) else None
        lost = {"raw": 6, "enriched": 5, "lost": [runs.raw[number]]}
        assert runs.audit() == (lost if owner == run else ALL_SIX)
        runs.enrich(run, number)
    runs.remove(None, 3)
    assert runs.audit("--job", "first")["lost"] == [runs.raw[3]]


def test_what_the_replay_has_not_copied_or_not_read_or_not_brought_to_its_end_is_pending(runs: Runs) -> None:
    runs.enrich(None, *range(6))
    runs.enrich(JOB, 2)
    runs.copy(0, 1, 2)
    runs.done()
    back = len(runs.view.spans) == 3
    assert runs.audit() == {"raw": 6, "enriched": 5 if back else 3, "pending": 1 if back else 3, "holds": True}
    runs.copy(3, 4, 5)
    assert runs.audit()["pending"] == (1 if back else 3)
    runs.done()
    assert runs.audit()["lost"] == (runs.raw[3:4] if back else runs.raw[3:])
    for number in range(3, 6):
        runs.line.put(shadow(topics.TAGGED.name, JOB), {}, ce_origin=runs.raw[number])
    assert runs.audit()["pending"] == (1 if back else 3)


def test_a_dead_letter_counts_where_its_raw_record_belongs(runs: Runs) -> None:
    runs.all_well()
    runs.remove(JOB, 3)
    for run, number in ((JOB, 3), (JOB, 0), (None, 3)):
        told = {"errors_topic": shadow(topics.CLEAN.name, run), "errors_partition": "0", "errors_offset": str(number)}
        runs.line.put(shadow(topics.CLEAN.dead_letters, run), b"?", ce_origin=runs.raw[number], errors_code="BUG", **told)
    told = runs.line("audit", "--json").objects[0]
    assert (told["enriched"], told["dead_lettered"], told["doubled"], told["holds"]) == (5, 1, [], True)


def test_a_statement_is_looked_for_in_the_run_that_its_article_belongs_to(runs: Runs) -> None:
    runs.all_well()
    runs.remove(JOB, 3)
    runs.enrich(JOB, 3, statements=[{"statement_id": "s3"}])
    runs.enrich(JOB, 0, statements=[{"statement_id": "s0"}])
    runs.done()
    runs.line.put(topics.STATEMENTS.name, {}, key=b"s3")
    assert runs.audit()["statements_lost"] == ["s3"]
    runs.line.put(shadow(topics.STATEMENTS.name, JOB), {}, key=b"s3")
    assert runs.audit() == ALL_SIX


def test_the_audit_says_what_it_proves_and_how_to_ask_for_another_run(runs: Runs) -> None:
    runs.all_well()
    said = runs.line("audit").out
    assert f"This is production: the first run, then {JOB} (by raw partition since" in said
    assert f"--job first, --job {JOB}" in said
    assert "This is production" not in runs.line("audit", "--job", "first").out
    told = runs.line("audit", "--json").objects[0]
    assert [each["job_id"] for each in told["moved_to"]] == [span.job_id for span in runs.view.spans[1:]]
    assert runs.line("audit", "--json", "--job", "first").objects[0]["moved_to"] == []


def test_a_certificate_of_production_comes_out_the_same_when_production_has_moved_on(runs: Runs) -> None:
    runs.all_well()
    assert runs.line("audit", "--certificate", "then.json", "--html", "then.html").code == 0
    view = moved(runs.view, None if runs.view.spans[-1].job_id else JOB, {0: 9, 1: 9})
    runs.line.put(topics.VIEWS.name, view.model_dump_json().encode(), key=b"production")
    again = runs.line("audit", "--check", "then.json")
    assert (again.code, "It comes out the same." in again.out) == (0, True)
    runs.remove(JOB, 3)
    assert runs.line("audit", "--check", "then.json").code == 1
