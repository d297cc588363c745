"""communique audit, from topics written by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from streams import topics
from tests.cli.command_line import Line

CLEAN, TAG, DEDUP = "communique-clean", "communique-tag", "communique-dedup"


@pytest.fixture
def done(line: Line, raw: Callable[..., str]) -> str:
    """A raw record that every stage has passed; what came of it is for the test to write."""
    origin = raw()
    line.read_all(CLEAN, topics.RAW.name)
    return origin


def enrich(line: Line, origin: str, ce_id: str = "e", **headers: str) -> None:
    line.put(topics.ENRICHED.name, {}, ce_origin=origin, ce_id=ce_id, **headers)


def refuse(line: Line, origin: str, ce_id: str = "r") -> None:
    line.put(topics.REFUSALS.name, {}, ce_origin=origin, ce_id=ce_id)


def bury(line: Line, topic: str, origin: str, place: str = "0-7", code: str = "BUG") -> None:
    partition, offset = place.split("-")
    line.put(
        f"{topic}.dlt",
        b"?",
        ce_origin=origin,
        errors_topic=topic,
        errors_partition=partition,
        errors_offset=offset,
        errors_code=code,
    )


def counts(line: Line) -> dict[str, object]:
    """Return what is not zero or empty in the report."""
    return {name: value for name, value in line("audit", "--json").objects[0].items() if value}


def test_an_enriched_record_holds(line: Line, done: str) -> None:
    enrich(line, done)
    assert counts(line) == {"raw": 1, "enriched": 1, "holds": True}


def test_a_record_without_any_fate_is_lost_and_the_audit_says_so(line: Line, done: str) -> None:
    answer = line("audit", "--json")
    assert answer.code == 1
    assert answer.objects[0]["lost"] == [done]
    assert done in line("audit").out


def test_a_record_that_clean_has_not_read_is_pending(line: Line, raw: Callable[..., str]) -> None:
    raw()
    assert counts(line) == {"raw": 1, "pending": 1, "holds": True}


@pytest.mark.parametrize(
    "topic",
    [topics.CLEAN.name, topics.TAGGED.name, topics.SKETCHES.name, topics.MATCHES.name, topics.ANSWERS.name],
)
def test_a_record_on_its_way_is_pending_until_the_reader_has_committed(
    line: Line, done: str, topic: str
) -> None:
    line.put(topic, {}, ce_origin=done)
    assert counts(line) == {"raw": 1, "pending": 1, "holds": True}
    line.read_all(TAG if topic == topics.CLEAN.name else DEDUP, topic)
    assert counts(line) == {"raw": 1, "lost": [done]}


def test_a_refused_record_holds(line: Line, done: str) -> None:
    refuse(line, done)
    assert counts(line) == {"raw": 1, "refused": 1, "holds": True}


def test_a_dead_raw_record_is_its_own_origin_whatever_its_headers_say(line: Line, done: str) -> None:
    bury(line, topics.RAW.name, "someone-else-0-0", done.split("-", 1)[1])
    assert counts(line) == {"raw": 1, "dead_lettered": 1, "holds": True}


@pytest.mark.parametrize(
    "topic", [topics.CLEAN.name, topics.TAGGED.name, topics.MATCHES.name, topics.ANSWERS.name]
)
def test_a_dead_letter_on_the_way_is_the_records_fate(line: Line, done: str, topic: str) -> None:
    bury(line, topic, done)
    assert counts(line) == {"raw": 1, "dead_lettered": 1, "holds": True}


def test_the_same_event_again_is_repeated_and_holds(line: Line, done: str) -> None:
    enrich(line, done)
    enrich(line, done)
    assert counts(line) == {"raw": 1, "enriched": 1, "repeated": 1, "holds": True}


def test_two_enriched_events_of_one_record_are_doubled(line: Line, done: str) -> None:
    enrich(line, done, "e1")
    enrich(line, done, "e2")
    assert line("audit").code == 1
    assert counts(line) == {"raw": 1, "enriched": 1, "doubled": [done]}


def test_enriched_and_refused_is_doubled(line: Line, done: str) -> None:
    enrich(line, done)
    refuse(line, done)
    assert counts(line)["doubled"] == [done]


def test_enriched_and_dead_is_doubled(line: Line, done: str) -> None:
    enrich(line, done)
    bury(line, topics.CLEAN.name, done)
    assert counts(line)["doubled"] == [done]


def test_a_dead_letter_that_was_redriven_with_success_is_superseded(line: Line, done: str) -> None:
    bury(line, topics.CLEAN.name, done)
    enrich(line, done, ce_deliverymode="redrive")
    assert counts(line) == {"raw": 1, "enriched": 1, "redriven": 1, "holds": True}


@pytest.mark.parametrize("code", ["TRANSIENT", "KILLED"])
@pytest.mark.parametrize(("fate", "name"), [(enrich, "enriched"), (refuse, "refused")])
def test_a_dead_letter_of_the_moment_beside_a_success_is_superseded(
    line: Line, done: str, code: str, fate: Callable[[Line, str], None], name: str
) -> None:
    bury(line, topics.RAW.name, done, done.split("-", 1)[1], code)
    assert counts(line) == {"raw": 1, "dead_lettered": 1, "holds": True}
    fate(line, done)
    assert counts(line) == {"raw": 1, name: 1, "dead_lettered_later": 1, "holds": True}


@pytest.mark.parametrize("code", ["SCHEMA", "LIMIT", "BUG"])
def test_a_dead_letter_that_says_never_beside_a_success_is_doubled(line: Line, done: str, code: str) -> None:
    bury(line, topics.CLEAN.name, done, code=code)
    enrich(line, done)
    assert counts(line)["doubled"] == [done]


def test_a_dead_sketch_beside_an_enriched_event_is_no_second_fate(line: Line, done: str) -> None:
    bury(line, topics.SKETCHES.name, done)
    enrich(line, done)
    assert counts(line) == {"raw": 1, "enriched": 1, "dead_lettered_later": 1, "holds": True}


def test_dead_letters_of_two_shards_are_one_fate(line: Line, done: str) -> None:
    bury(line, topics.MATCHES.name, done, "0-1")
    bury(line, topics.MATCHES.name, done, "0-2")
    assert counts(line) == {"raw": 1, "dead_lettered": 1, "holds": True}


def test_a_dead_letter_after_enrichment_is_counted_apart(line: Line, done: str) -> None:
    enrich(line, done)
    bury(line, topics.ENRICHED.name, done)
    assert counts(line) == {"raw": 1, "enriched": 1, "dead_lettered_later": 1, "holds": True}


def test_fates_of_records_that_are_no_longer_there_are_ignored(line: Line, done: str) -> None:
    enrich(line, done)
    enrich(line, "news.articles.raw.v1-0-999", "x")
    enrich(line, "nonsense", "y")
    enrich(line, "news.articles.raw.v1-0-²", "z")
    line.put(topics.ENRICHED.name, {})
    assert counts(line) == {"raw": 1, "enriched": 1, "holds": True}


def test_a_bus_without_topics_says_what_to_do(line: Line) -> None:
    answer = line("audit")
    assert answer.code == 2
    assert "communique topics apply" in answer.err


def test_the_report_has_the_fields_of_the_contract(line: Line, done: str) -> None:
    assert set(line("audit", "--json").objects[0]) == {
        "raw",
        "enriched",
        "refused",
        "dead_lettered",
        "dead_lettered_later",
        "pending",
        "repeated",
        "lost",
        "doubled",
        "statements_lost",
        "holds",
        "redriven",
        "forged",
        "job_id",
        "moved_to",
    }


STATEMENTS = "communique-statements"


def said(line: Line, origin: str, *names: str) -> str:
    return line.put(topics.ENRICHED.name, {"statements": [{"statement_id": name} for name in names]}, ce_origin=origin, ce_id="e")


def test_a_statement_of_an_enriched_article_that_is_nowhere_is_lost(line: Line, done: str) -> None:
    said(line, done, "s1", "s2")
    line.read_all(STATEMENTS, topics.ENRICHED.name)
    line.put(topics.STATEMENTS.name, {}, key=b"s1")
    answer = line("audit", "--json")
    assert (answer.code, answer.objects[0]["statements_lost"], answer.objects[0]["lost"]) == (1, ["s2"], [])
    assert "s2" in line("audit").out


def test_a_statement_on_its_way_or_buried_is_not_lost(line: Line, done: str) -> None:
    said(line, done, "s1")
    assert counts(line)["holds"], "split has not read it"
    line.read_all(STATEMENTS, topics.ENRICHED.name)
    found = line.put(topics.FOUND.name, {}, key=b"s1")
    assert counts(line)["holds"], "judge has not read it"
    line.read_all(STATEMENTS, topics.FOUND.name)
    assert counts(line)["statements_lost"] == ["s1"]
    partition, offset = found.rsplit("-", 2)[1:]
    line.put(topics.FOUND.dead_letters, b"?", key=b"s1", ce_origin=done, errors_topic=topics.FOUND.name, errors_partition=partition, errors_offset=offset, errors_code="BUG")
    assert counts(line)["holds"]


def test_an_enriched_event_that_split_buried_loses_no_statement_silently(line: Line, done: str) -> None:
    place = said(line, done, "s1")
    line.read_all(STATEMENTS, topics.ENRICHED.name)
    partition, offset = place.rsplit("-", 2)[1:]
    bury(line, topics.ENRICHED.name, done, f"{partition}-{offset}")
    told = counts(line)
    assert (told["holds"], told["dead_lettered_later"]) == (True, 1)
