"""Bytes ⇄ events: what is refused, by which name, and in linear time."""

from __future__ import annotations

import gzip
import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import registry
from schemas.clean_article import CleanArticle
from schemas.raw_article import RawArticle
from streams.bus import codec, json_bounds
from streams.core.outcome import Permanent
from streams.settings import Settings
from tests.bus.hostile import HOSTILE

PATIENT = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
"""The first draw of text builds tables, on a busy machine for seconds."""

LIMITS = codec.limits_of(Settings())


def decode(body: bytes | None, **more: str) -> RawArticle:
    event = codec.decode(body, RawArticle, LIMITS, **more)
    assert isinstance(event, RawArticle)
    return event


@pytest.mark.parametrize(("body", "code"), [pytest.param(body, code, id=name) for name, body, code in HOSTILE])
def test_a_hostile_body_is_refused_by_name(body: bytes | None, code: str) -> None:
    with pytest.raises(Permanent) as caught:
        decode(body)
    assert caught.value.code == code
    assert "secret" not in str(caught.value)


@PATIENT
@given(st.binary(max_size=300))
def test_random_bytes_are_an_event_or_permanent(body: bytes) -> None:
    try:
        decode(body)
    except Permanent as error:
        assert error.code in {"SCHEMA", "LIMIT"}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=30)


@PATIENT
@given(st.dictionaries(st.sampled_from([*RawArticle.model_fields, "other"]), JSON, max_size=6))
def test_random_json_is_an_event_or_permanent(body: dict[str, object]) -> None:
    try:
        decode(json.dumps(body).encode("utf-8", "surrogatepass"))
    except Permanent as error:
        assert error.code in {"SCHEMA", "LIMIT"}


@PATIENT
@given(st.builds(RawArticle, content=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), url=st.none() | st.just("https://e.org")))
def test_decoding_what_was_encoded_gives_the_same_event(event: RawArticle) -> None:
    body = codec.encode(event)
    assert decode(body) == event
    assert codec.encode(decode(body)) == body


def test_unknown_fields_are_ignored() -> None:
    assert decode(b'{"content":"a","new_field":{"deep":[1]}}').content == "a"


@PATIENT
@given(JSON)
def test_what_has_no_key_twice_is_never_taken_for_it(value: object) -> None:
    body = json.dumps({"v": value}).encode()
    assert not json_bounds.key_twice(body, json.loads(body))


@PATIENT
@given(st.lists(st.tuples(st.sampled_from(['a', '"', "\\", "\\\\", ":"]), JSON), min_size=2, max_size=5))
def test_a_key_twice_is_always_found(pairs: list[tuple[str, object]]) -> None:
    body = ("{" + ",".join(f"{json.dumps(key)} : {json.dumps(value)}" for key, value in pairs) + "}").encode()
    assert json_bounds.key_twice(body, json.loads(body)) == (len({key for key, _ in pairs}) < len(pairs))


@pytest.mark.parametrize("piece", [b'"', b'\\"', b'{"', b'["a",', b'"a":', b"[[", b"\\u0000", b'\\', b"{}", b"[]"])
def test_four_megabytes_of_anything_are_bounded_in_linear_time(piece: bytes) -> None:
    def seconds(size: int) -> float:
        body = b'{"content":"' + piece * (size // len(piece))
        started = time.process_time()
        with pytest.raises(Permanent):
            decode(body)
        return time.process_time() - started
    seconds(1000)
    assert seconds(4_000_000) < 2.0


@settings(PATIENT, max_examples=30)
@given(st.integers(min_value=1, max_value=200))
def test_depth_is_counted_exactly(depth: int) -> None:
    body = b'{"content":"a","x":' + b"[" * depth + b"]" * depth + b"}"
    deep = LIMITS.max_depth - 1
    if depth <= deep:
        assert decode(body).content == "a"
    else:
        with pytest.raises(Permanent, match="nested deeper"):
            decode(body)


def test_content_at_the_limit_passes_and_over_it_does_not() -> None:
    wide = "ж" * (LIMITS.max_content_bytes // 2)
    assert decode(json.dumps({"content": wide}).encode()).content == wide
    with pytest.raises(Permanent, match="max_content_bytes") as caught:
        decode(json.dumps({"content": wide + "ж"}).encode())
    assert caught.value.code == "LIMIT"


@pytest.mark.parametrize("name", ["news.article.clean.v1", "news.article.raw.v9", "news.article.raw.v", "news.article.raw.v1e3", "x", "news.article.raw.v٣"])
def test_a_type_that_is_not_the_topic_s_is_permanent(name: str) -> None:
    with pytest.raises(Permanent, match=r"known version of news\.article\.raw"):
        decode(b'{"content":"a"}', type_name=name)


def test_a_wrong_field_is_named_without_its_text() -> None:
    with pytest.raises(Permanent) as caught:
        decode(b'{"content":"a","http":{"status":"secret words"}}')
    assert "http.status" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_encoding_writes_null_for_what_is_unknown_and_fields_in_order() -> None:
    body = json.loads(codec.encode(RawArticle(content="a")))
    assert list(body) == list(RawArticle.model_fields)
    assert body["url"] is None


def test_gzip_is_told_apart_from_other_nonsense() -> None:
    with pytest.raises(Permanent, match="gzip"):
        decode(gzip.compress(b'{"content":"a"}'))


def test_an_old_version_is_brought_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Newer(CleanArticle):
        version_number = 2

    monkeypatch.setitem(registry.UPCASTS, (CleanArticle.ce_type, 1), lambda body: {**body, "text": body["text"].upper()})
    old = (b'{"article_id":"a","version":"v","text":"abc","language":{"code":"en","probability":1},'
           b'"event_time":"2018-02-14T00:00:00Z"}')
    event = codec.decode(old, Newer, LIMITS, type_name="news.article.clean.v1")
    assert isinstance(event, Newer)
    assert event.text == "ABC"
