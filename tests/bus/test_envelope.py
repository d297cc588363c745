"""Headers ⇄ envelope, and what the CloudEvents SDK makes of ours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings import kafka
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.envelope import DeliveryMode, Envelope
from streams.bus import envelope
from streams.bus.interface import Record
from streams.core.outcome import Permanent

AT = datetime(2018, 2, 14, 9, 30, 0, 250_000, tzinfo=UTC)
FULL = Envelope(
    id="213c4f4743a35e4599ee6af30bb4f539", type="news.article.clean.v1", source="/communique/clean", time=AT,
    correlation_id="a1", causation_id="c1", origin="news.articles.raw.v1-3-17", origin_time=AT,
    delivery_mode=DeliveryMode.REPLAY, replay_job_id="job-7",
    origin_mode=DeliveryMode.LIVE, cause_mode=DeliveryMode.BACKFILL, pipeline_version="0.1.0")


def record(headers: envelope.Headers = (), timestamp_ms: int = 1_518_600_600_250) -> Record:
    return Record("news.articles.raw.v1", 3, 17, timestamp_ms, b"k", b"{}", headers)


def test_an_envelope_survives_the_headers() -> None:
    assert envelope.of_event(record(envelope.to_headers(FULL))) == FULL


def test_null_attributes_have_no_header() -> None:
    bare = FULL.model_copy(update={"correlation_id": None, "causation_id": None, "replay_job_id": None, "origin_mode": None, "cause_mode": None, "pipeline_version": None})
    names = {name for name, _ in envelope.to_headers(bare)}
    assert names == {"content-type", "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_origin", "ce_origintime",
                     "ce_deliverymode"}
    assert envelope.of_event(record(envelope.to_headers(bare))) == bare


def test_the_cloudevents_sdk_reads_our_headers() -> None:
    message = kafka.KafkaMessage(headers=dict(envelope.to_headers(FULL, processed_at=AT)), key=None, value=b'{"a": 1}')
    event = kafka.from_binary_event(message)
    assert (event.get_id(), event.get_type(), event.get_source()) == (FULL.id, FULL.type, FULL.source)
    assert (event.get_time(), event.get_specversion(), event.get_datacontenttype()) == (AT, "1.0", "application/json")
    assert event.get_data() == {"a": 1}
    for name, value in (("origin", FULL.origin), ("deliverymode", "replay"), ("replayjobid", "job-7"), ("correlationid", "a1"),
                        ("causationid", "c1"), ("pipelineversion", "0.1.0"), ("origintime", "2018-02-14T09:30:00.250000Z")):
        assert event.get_extension(name) == value


def test_what_the_cloudevents_sdk_writes_we_read() -> None:
    ours = kafka.KafkaMessage(headers=dict(envelope.to_headers(FULL)), key=None, value=b"{}")
    theirs = kafka.to_binary_event(kafka.from_binary_event(ours))
    assert envelope.of_event(record(tuple(theirs.headers.items()))) == FULL


def test_a_raw_record_without_headers_is_its_own_origin() -> None:
    found = envelope.of_raw(record(), "news.article.raw.v1")
    assert found.origin == "news.articles.raw.v1-3-17"
    assert found.time == found.origin_time == AT
    assert (found.delivery_mode, found.causation_id, found.correlation_id) == (DeliveryMode.LIVE, None, None)
    assert found.id == envelope.of_raw(record(), "news.article.raw.v1").id


@pytest.mark.parametrize("mode", list(DeliveryMode))
def test_a_raw_record_may_say_why_it_is_there(mode: DeliveryMode) -> None:
    headers = (("ce_deliverymode", mode.value.encode()), ("ce_replayjobid", b"job-1"), ("ce_id", b"theirs"))
    found = envelope.of_raw(record(headers), "news.article.raw.v1")
    assert (found.delivery_mode, found.replay_job_id, found.id) == (mode, "job-1", "theirs")


@pytest.mark.parametrize("mode", list(DeliveryMode))
def test_a_raw_record_s_time_is_the_bus_s_whatever_its_headers_say(mode: DeliveryMode) -> None:
    said = b"9999-01-01T00:00:00Z"
    headers = (("ce_deliverymode", mode.value.encode()), ("ce_origintime", said), ("ce_time", said))
    found = envelope.of_raw(record(headers), "news.article.raw.v1")
    assert found.time == found.origin_time == AT


@pytest.mark.parametrize("value", [b"", b"\xff\xfe", b"a\0b", b"a\nb", b"x" * 600, "\ud800".encode("utf-8", "surrogatepass"), b"nonsense"])
def test_a_raw_record_s_broken_headers_are_not_believed(value: bytes) -> None:
    found = envelope.of_raw(record((("ce_deliverymode", value), ("ce_origin", b"somewhere-0-0"))), "news.article.raw.v1")
    assert found.delivery_mode is DeliveryMode.LIVE
    assert found.origin == "news.articles.raw.v1-3-17"


@pytest.mark.parametrize("milliseconds", [-1, 0, 2**63 - 1, -(2**63)])
def test_a_raw_record_may_have_any_timestamp(milliseconds: int) -> None:
    assert envelope.of_raw(record(timestamp_ms=milliseconds), "news.article.raw.v1").time.tzinfo is UTC


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_source", "ce_time", "ce_origin", "ce_origintime", "ce_deliverymode"])
@pytest.mark.parametrize("broken", [None, b"\xff", b""])
def test_a_stage_s_record_without_an_attribute_is_permanent(name: str, broken: bytes | None) -> None:
    kept = tuple((n, broken if n == name else v) for n, v in envelope.to_headers(FULL) if n != name or broken is not None)
    with pytest.raises(Permanent, match=name) as caught:
        envelope.of_event(record(kept))  # type: ignore[arg-type]
    assert caught.value.code == "SCHEMA"


@pytest.mark.parametrize(("name", "value"), [("ce_time", b"yesterday"), ("ce_origintime", b"2018-99-99"), ("ce_deliverymode", b"sideways"),
                                             ("ce_origin", b"x"), ("ce_origin", b"raw-0-"), ("ce_origin", "raw-0-²".encode()),
                                             ("ce_time", b"0001-01-01T00:00:00+14:00")])
def test_a_stage_s_record_with_an_unreadable_attribute_is_permanent(name: str, value: bytes) -> None:
    with pytest.raises(Permanent, match="cannot be read"):
        envelope.of_event(record(tuple((n, value if n == name else v) for n, v in envelope.to_headers(FULL))))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["ce_id", "ce_deliverymode", "CE_ID", "ce_replayjobid", "x", "ce_time"]), st.binary(max_size=40))))
def test_no_header_of_a_raw_record_can_break_its_envelope(headers: list[tuple[str, bytes]]) -> None:
    made = envelope.of_raw(record(tuple(headers)), "news.article.raw.v1")
    assert envelope.of_event(record(envelope.to_headers(made))) == made
