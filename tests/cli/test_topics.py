"""communique topics: plan, apply, list."""

from __future__ import annotations

from streams import topics


def test_what_is_planned_is_applied_once(line):
    planned = line("topics", "plan", "--json")
    assert planned.code == 1
    assert {row["change"] for row in planned.objects} == {"create"}
    assert {spec.name for spec in topics.TOPICS} < {row["topic"] for row in planned.objects}
    assert line("topics", "apply", "--json").objects == planned.objects
    again = line("topics", "plan")
    assert (again.code, again.out) == (0, "")
    assert "as the catalogue has it" in again.err


def test_a_topic_of_another_width_is_wrong_usage(line):
    line("topics", "apply")
    wider = line("topics", "apply", "--set", "topics.partitions=3")
    assert wider.code == 2
    assert "the settings say 3" in wider.err


def test_topics_are_listed_with_their_records(line):
    line("topics", "apply")
    line.put(topics.RAW.name, b"{}")
    rows = {row["topic"]: row for row in line("topics", "list", "--json").objects}
    assert rows[topics.RAW.name] == {
        "topic": topics.RAW.name, "partitions": 2, "cleanup": "delete", "days_kept": 30, "records": 1}
    assert rows[topics.CLUSTERS.name]["days_kept"] is None
    told = line("topics", "list").out.splitlines()
    assert told[0].split() == ["topic", "partitions", "cleanup", "days", "kept", "records"]
    assert len(told) == len(rows) + 1


def test_on_kafka_a_program_does_not_create_topics_by_the_way(line, kafka):
    answer = line("ingest", "-", "--bus", kafka.url)
    assert answer.code == 2
    assert "communique topics apply" in answer.err
