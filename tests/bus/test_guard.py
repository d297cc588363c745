"""Every row of the failure table: what a step does, and where the record goes."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas import ids
from schemas.clean_article import CleanArticle, Language
from schemas.cluster import ClusterEvent
from schemas.envelope import Envelope
from schemas.raw_article import RawArticle
from schemas.refusal import Refusal
from streams import topics
from streams.bus import codec, envelope
from streams.bus.interface import Record
from streams.core.outcome import Gone, Permanent, Placed, RefusalReason, Refused, Transient
from streams.settings import Settings
from tests.bus.door_fakes import START, Died, House, Sent, house, raw
from tests.bus.hostile import HOSTILE

AT = datetime(2024, 5, 1, tzinfo=UTC)


def article(text: str = "text", article_id: str = "a1") -> CleanArticle:
    return CleanArticle(article_id=article_id, version="v1", text=text, language=Language(code="en", probability=1), event_time=AT)


def clean(model: RawArticle, _: Envelope) -> CleanArticle:
    return article(model.content)


def header(sent: Sent, name: str) -> str:
    return sent.headers[name].decode()


async def test_an_output_goes_to_the_topic_of_its_type_with_key_and_envelope() -> None:
    it = house()
    await it.handle(raw(b'{"content":"hello"}', offset=7, headers=(("ce_deliverymode", b"backfill"), ("ce_replayjobid", b"j"))), clean)
    (sent,) = it.sender.sent
    assert (sent.topic, sent.key, sent.partition) == (topics.CLEAN.name, b"a1", None)
    assert json.loads(sent.value or b"")["text"] == "hello"
    origin = f"{topics.RAW.name}-0-7"
    assert header(sent, "ce_id") == ids.ce_id("news.article.clean.v1", origin, 0)
    assert header(sent, "ce_origin") == origin
    assert header(sent, "ce_causationid") == ids.ce_id("news.article.raw.v1", origin, 0)
    assert header(sent, "ce_correlationid") == "a1"
    assert (header(sent, "ce_deliverymode"), header(sent, "ce_replayjobid")) == ("backfill", "j")
    assert header(sent, "ce_source") == "/communique/clean"
    assert header(sent, "ce_processedat") == "2024-05-01T00:00:00Z"


async def test_a_redelivered_record_gives_the_same_bytes() -> None:
    it = house()
    await it.handle(raw(), clean)
    it.time.seconds = 3600
    await it.handle(raw(), clean)
    first, second = it.sender.sent
    assert (first.key, first.value) == (second.key, second.value)
    assert {**first.headers, "ce_processedat": b""} == {**second.headers, "ce_processedat": b""}


async def test_several_outputs_have_ordinals_by_type_and_go_out_in_order() -> None:
    it = house()
    answer = [article(article_id="a"), Refused(RefusalReason.EMPTY), article(article_id="b"), Placed(article(article_id="c"), partition=3, ordinal=9)]
    await it.handle(raw(), lambda *_: answer)
    assert [(sent.topic, sent.key, sent.partition) for sent in it.sender.sent] == [
        (topics.CLEAN.name, b"a", None), (topics.REFUSALS.name, None, None), (topics.CLEAN.name, b"b", None), (topics.CLEAN.name, b"c", 3)]
    clean_ids = [header(sent, "ce_id") for sent in it.sender.on(topics.CLEAN.name)]
    origin = f"{topics.RAW.name}-0-0"
    assert clean_ids == [ids.ce_id("news.article.clean.v1", origin, n) for n in (0, 1, 9)]


async def test_nothing_may_be_answered() -> None:
    it = house()
    await it.handle(raw(), lambda *_: None)
    assert it.sender.sent == []


async def test_gone_is_a_tombstone_on_the_topic_of_its_model() -> None:
    it = house()
    await it.handle(raw(), lambda *_: Gone(ClusterEvent, "c1"))
    (sent,) = it.sender.sent
    assert (sent.topic, sent.key, sent.value) == (topics.CLUSTERS.name, b"c1", None)


async def test_a_refusal_is_one_event_with_reason_and_source() -> None:
    it = house()
    await it.handle(raw(b'{"content":"x","source_id":"s1"}'), lambda *_: Refused(RefusalReason.TOO_SHORT, "1 of 40"))
    (sent,) = it.sender.sent
    refusal = codec.decode(sent.value, Refusal, codec.limits_of(Settings()))
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.source_id, refusal.stage, refusal.detail) == ("too_short", "s1", "clean", "1 of 40")
    assert sent.key == b"s1"
    assert header(sent, "ce_origin") == f"{topics.RAW.name}-0-0"


@pytest.mark.parametrize(("body", "code"), [pytest.param(body, code, id=name) for name, body, code in HOSTILE])
async def test_a_hostile_body_is_a_dead_letter_and_the_next_record_is_processed(body: bytes | None, code: str) -> None:
    it = house()
    await it.handle((raw(body, offset=0), raw(offset=1)), clean)
    assert it.codes() == [code]
    assert len(it.sender.on(topics.CLEAN.name)) == 1


async def test_a_dead_letter_keeps_key_value_headers_and_partition_byte_for_byte() -> None:
    it = house()
    headers = (("ce_id", b"\xff\x00"), ("twice", b"1"), ("twice", b"2"), ("empty", b""))
    await it.handle(raw(b"\xff\xfe", key=b"\x00k", offset=5, partition=3, headers=headers), clean)
    (letter,) = it.letters()
    assert (letter.key, letter.value, letter.partition) == (b"\x00k", b"\xff\xfe", 3)
    assert letter.raw_headers[:4] == headers
    told = {name.removeprefix("__streams.errors."): value.decode() for name, value in letter.raw_headers[4:]}
    assert set(told) == {"exception", "message", "stacktrace", "topic", "partition", "offset", "code", "stage", "version", "attempts",
                         "first_failure", "timestamp", "fingerprint"}
    assert (told["topic"], told["partition"], told["offset"]) == (topics.RAW.name, "3", "5")
    assert (told["code"], told["stage"], told["attempts"]) == ("SCHEMA", "clean", "1")
    assert told["first_failure"] == "2024-05-01T00:00:00Z"


async def test_a_permanent_failure_of_a_step_is_not_retried() -> None:
    it, calls = house(), []

    def step(*_: Any) -> None:
        calls.append(1)
        raise Permanent("LIMIT", "too much")
    await it.handle(raw(), step)
    assert (it.codes(), len(calls)) == (["LIMIT"], 1)
    assert header(it.letters()[0], "__streams.errors.message") == "too much"


async def test_a_transient_failure_is_retried_with_growing_pauses_until_it_works() -> None:
    it, calls = house(), []

    def step(model: RawArticle, _: Envelope) -> CleanArticle:
        calls.append(1)
        if len(calls) < 4:
            raise Transient("later")
        return article(model.content)
    await it.handle(raw(), step)
    assert it.letters() == []
    assert len(it.sender.on(topics.CLEAN.name)) == 1
    assert it.time.pauses == [0.2, 0.4, 0.8]


async def test_a_transient_failure_is_buried_when_its_seconds_are_used_up() -> None:
    it = house()

    def step(*_: Any) -> None:
        raise Transient("later")
    await it.handle(raw(), step)
    assert it.codes() == ["TRANSIENT"]
    assert sum(it.time.pauses) == pytest.approx(Settings().guard.transient_seconds)
    assert int(header(it.letters()[0], "__streams.errors.attempts")) == len(it.time.pauses) + 1


async def test_a_bug_is_retried_once_then_buried_without_its_text() -> None:
    it, calls = house(), []

    def step(model: RawArticle, _: Envelope) -> None:
        calls.append(1)
        raise ValueError(f"cannot read {model.content}")
    await it.handle(raw(b'{"content":"secret words"}'), step)
    (letter,) = it.letters()
    assert (it.codes(), len(calls)) == (["BUG"], 2)
    assert header(letter, "__streams.errors.exception") == "ValueError"
    assert all(b"secret" not in value for name, value in letter.raw_headers if name.startswith("__streams"))
    assert header(letter, "__streams.errors.stacktrace").endswith("test_guard.py:" + header(letter, "__streams.errors.stacktrace").rsplit(":", 1)[1])


async def test_a_bug_that_happens_once_leaves_no_dead_letter() -> None:
    it, calls = house(), []

    def step(model: RawArticle, envelope: Envelope) -> CleanArticle:
        calls.append(1)
        if len(calls) == 1:
            raise KeyError(1)
        return clean(model, envelope)
    await it.handle(raw(), step)
    assert it.letters() == []
    assert len(it.sender.on(topics.CLEAN.name)) == 1


@pytest.mark.parametrize("error", [MemoryError(), RecursionError(), AssertionError(), StopIteration(), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x"), OSError(5, "x")])
async def test_whatever_a_step_raises_stays_inside(error: Exception) -> None:
    it = house()

    def step(*_: Any) -> None:
        raise error
    await it.handle(raw(), step)
    assert it.codes() == ["BUG"]


@pytest.mark.parametrize("answer", ["a string", 17, [None], [b"bytes"], {"a": 1}, object()])
async def test_an_answer_that_is_no_output_is_a_bug(answer: Any) -> None:
    it = house()
    await it.handle(raw(), lambda *_: answer)
    assert it.codes() == ["BUG"]
    assert it.sender.sent == it.letters()


async def test_bugs_of_one_kind_at_one_place_have_one_fingerprint() -> None:
    it = house()

    def one(model: RawArticle, _: Envelope) -> None:
        raise ValueError(model.content)

    def other(*_: Any) -> None:
        raise ValueError
    await it.handle((raw(b'{"content":"x"}'), raw(b'{"content":"y"}', offset=1)), one)
    await it.handle(raw(), other)
    prints = [header(letter, "__streams.errors.fingerprint") for letter in it.letters()]
    assert prints[0] == prints[1] != prints[2]


async def test_an_output_over_the_topic_s_limit_is_a_dead_letter_and_nothing_is_sent() -> None:
    it = house()
    big = article("x" * topics.MAX_RECORD_BYTES)
    await it.handle(raw(), lambda *_: [article(), big])
    assert it.codes() == ["LIMIT"]
    assert it.sender.on(topics.CLEAN.name) == []


async def test_a_record_that_no_topic_takes_is_told_of_without_its_value() -> None:
    it = house()
    huge = b"\xff" * (topics.MAX_DEAD_LETTER_BYTES + 1)
    await it.handle(raw(huge, offset=9, headers=(("big", b"x"),)), clean)
    (letter,) = it.letters()
    assert (letter.value, letter.key) == (b"", b"k")
    assert int(header(letter, "__streams.errors.cut")) > len(huge)
    assert header(letter, "__streams.errors.offset") == "9"


async def test_the_greatest_record_and_its_error_headers_fit_a_dead_letter() -> None:
    it = house()
    body = b"\xff" * (topics.MAX_RECORD_BYTES - 1000)
    await it.handle(raw(body), clean)
    assert it.letters()[0].value == body


@pytest.mark.parametrize("topic", [topics.CLEAN.name, topics.RAW.dead_letters])
async def test_what_cannot_be_sent_ends_the_process(topic: str) -> None:
    it = house()
    it.sender.broken.add(topic)
    with pytest.raises(Died, match=topic):
        await it.handle((raw(b"\xff"), raw(offset=1)), clean)


async def test_acked_is_called_at_once_when_the_bus_is_atomic() -> None:
    it, seen = house(atomic=True), []
    await it.handle((raw(), raw(offset=1)), clean, acked=lambda model, its: seen.append((len(it.sender.sent), its.origin)))
    assert [count for count, _ in seen] == [1, 2]


async def test_acked_is_called_after_the_whole_chunk_is_acknowledged_when_it_is_not() -> None:
    it, seen = house(atomic=False), []
    await it.handle((raw(), raw(offset=1)), clean, acked=lambda model, its: seen.append((len(it.sender.sent), its.origin)))
    assert seen == [(2, f"{topics.RAW.name}-0-0"), (2, f"{topics.RAW.name}-0-1")]


async def test_an_output_that_is_not_acknowledged_ends_the_process_before_acked() -> None:
    it, seen = house(atomic=False), []
    it.sender.unacknowledged = True
    with pytest.raises(Died, match="not acknowledged"):
        await it.handle(raw(), clean, acked=lambda *_: seen.append(1))
    assert seen == []


async def test_a_buried_record_is_not_acked() -> None:
    it, seen = house(), []
    await it.handle(raw(b"\xff"), clean, acked=lambda *_: seen.append(1))
    assert seen == []


async def test_acked_that_fails_ends_the_process() -> None:
    it = house()

    def acked(*_: Any) -> None:
        raise ValueError
    with pytest.raises(Died, match="after the acknowledgement"):
        await it.handle(raw(), clean, acked=acked)


async def test_failed_answers_for_a_record_that_could_be_read() -> None:
    it = house()

    def step(*_: Any) -> None:
        raise ValueError
    await it.handle((raw(), raw(b"\xff", offset=1)), step, failed=lambda model, its: article(f"no: {model.content}"))
    assert it.codes() == ["BUG", "SCHEMA"]
    (sent,) = it.sender.on(topics.CLEAN.name)
    assert json.loads(sent.value or b"")["text"] == "no: text"


async def test_failed_that_fails_itself_still_leaves_the_dead_letter() -> None:
    it = house()

    def bad(*_: Any) -> None:
        raise ValueError
    await it.handle(raw(), bad, failed=bad)
    assert it.codes() == ["BUG"]


async def test_a_stage_s_own_topic_wants_its_envelope() -> None:
    it = house(stage="tag")
    body = codec.encode(article())
    await it.handle(Record(topics.CLEAN.name, 0, 3, 0, b"a1", body), lambda *_: None)
    (letter,) = it.letters(topics.CLEAN)
    assert header(letter, "__streams.errors.code") == "SCHEMA"


async def test_origin_and_time_travel_to_all_descendants() -> None:
    it = house(stage="tag")
    above = Envelope(id="c1", type="news.article.clean.v1", source="/communique/clean", time=AT, correlation_id="a1", causation_id="r1",
                     origin="news.articles.raw.v1-3-17", origin_time=datetime(2020, 1, 1, tzinfo=UTC))
    record = Record(topics.CLEAN.name, 0, 3, 0, b"a1", codec.encode(article()), envelope.to_headers(above))
    await it.handle(record, lambda *_: Refused(RefusalReason.EMPTY))
    (sent,) = it.sender.sent
    assert header(sent, "ce_origin") == "news.articles.raw.v1-3-17"
    assert header(sent, "ce_origintime") == "2020-01-01T00:00:00Z"
    assert header(sent, "ce_causationid") == "c1"
    assert header(sent, "ce_correlationid") == "a1"


async def test_a_cancellation_is_no_failure_of_the_record() -> None:
    it = house()

    def step(*_: Any) -> None:
        raise asyncio.CancelledError
    with pytest.raises(asyncio.CancelledError):
        await it.handle(raw(), step)
    assert it.sender.sent == []


async def test_a_house_starts_with_its_clock() -> None:
    it: House = house()
    assert it.bus.clock.now() == START
