"""State: models over bytes, changed all at once or not at all; and how the guard uses it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.base import Value
from schemas.envelope import Envelope
from streams import topics
from streams.bus import tables_state
from streams.bus.tables_state import State, UnknownState
from streams.core.outcome import Permanent
from streams.topics import TableSpec, Width
from tests.bus.door_fakes import Died, house, raw


class Note(Value):
    """A value of a table in these tests."""

    text: str
    count: int = 0


SPEC = TableSpec("notes", "clean", Width.ARTICLES, Note, "notes")


def state(raw_bytes: dict[bytes, bytes] | None = None, spec: TableSpec = SPEC) -> State[Note]:
    return State({} if raw_bytes is None else raw_bytes, spec)


def test_what_is_written_is_stored_with_its_version_and_read_back() -> None:
    store: dict[bytes, bytes] = {}
    notes = state(store)
    notes["ключ"] = Note(text="a")
    assert (notes["ключ"], store) == (Note(text="a"), {})
    notes.write(notes.encode())
    assert store == {"ключ".encode(): b'1 {"text":"a","count":0}'}
    assert state(store)["ключ"] == Note(text="a")


def test_rolling_back_forgets_what_was_not_written_and_what_was_derived() -> None:
    notes = state({b"a": b'1 {"text":"a","count":0}'})
    assert notes.derived("n", len) == 1
    notes["b"] = Note(text="b")
    del notes["a"]
    assert list(notes) == ["b"]
    notes.roll_back()
    assert list(notes) == ["a"]
    assert notes.derived("n", len) == 1


def test_a_scan_gives_the_json_of_all_values_with_what_is_pending() -> None:
    notes = state({b"a": b'1 {"text":"a","count":0}', b"b": b'1 {"text":"b","count":0}', b"c": b'1 {"text":"c","count":0}'})
    notes["b"] = Note(text="other")
    notes["d"] = Note(text="d")
    del notes["c"]
    assert {key: value["text"] for key, value in notes.scan()} == {"a": "a", "b": "other", "d": "d"}


def test_a_scan_reads_an_older_version_and_refuses_one_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = replace(SPEC, schema_version=2)
    monkeypatch.setitem(tables_state.UPCASTS, ("notes", 1), lambda body: body | {"count": 7})
    assert dict(state({b"a": b'1 {"text":"a"}'}, newer).scan()) == {"a": {"text": "a", "count": 7}}
    with pytest.raises(UnknownState):
        dict(state({b"a": b'3 {"text":"a"}'}, newer).scan())


def test_derived_is_built_once() -> None:
    notes, built = state(), []
    for _ in range(3):
        notes.derived("x", lambda _: built.append(1))
    assert built == [1]


def test_a_value_that_no_changelog_record_holds_is_refused_before_it_is_written() -> None:
    notes = state()
    notes["a"] = Note(text="x" * topics.MAX_RECORD_BYTES)
    with pytest.raises(Permanent, match="table notes") as caught:
        notes.encode()
    assert caught.value.code == "LIMIT"


@pytest.mark.parametrize("raw_value", [b'2 {"text":"a"}', b'0 {"text":"a"}', b'x {"text":"a"}', b""])
def test_a_version_that_nobody_knows_is_refused(raw_value: bytes) -> None:
    with pytest.raises(UnknownState, match="notes"):
        _ = state({b"a": raw_value})["a"]


def test_an_old_version_is_brought_up_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    newest = TableSpec("notes", "clean", Width.ARTICLES, Note, "notes", schema_version=3)
    monkeypatch.setitem(tables_state.UPCASTS, ("notes", 1), lambda body: {"text": body["words"]})
    monkeypatch.setitem(tables_state.UPCASTS, ("notes", 2), lambda body: {**body, "count": 7})
    store = {b"a": b'1 {"words":"old"}', b"b": b'2 {"text":"newer"}', b"c": b'3 {"text":"newest","count":1}'}
    notes = state(store, newest)
    assert [notes[key] for key in "abc"] == [Note(text="old", count=7), Note(text="newer", count=7), Note(text="newest", count=1)]


def test_an_old_version_that_nothing_brings_up_is_refused() -> None:
    newest = TableSpec("notes", "clean", Width.ARTICLES, Note, "notes", schema_version=2)
    with pytest.raises(UnknownState, match="rebuild it"):
        _ = state({b"a": b'1 {"text":"old"}'}, newest)["a"]


KEYS = st.sampled_from(["a", "b", "c"])
CHANGES = st.lists(st.tuples(KEYS, st.none() | st.integers()) | st.sampled_from(["write", "roll_back"]), max_size=30)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(CHANGES)
def test_a_state_is_a_dictionary_that_can_be_rolled_back(changes: list[Any]) -> None:
    notes, written = state(), {}
    truth: dict[str, Note] = {}
    for change in changes:
        if change == "write":
            notes.write(notes.encode())
            written = dict(truth)
        elif change == "roll_back":
            notes.roll_back()
            truth = dict(written)
        else:
            key, count = change
            if count is not None:
                notes[key] = truth[key] = Note(text=key, count=count)
            else:
                assert notes.pop(key, None) == truth.pop(key, None)
        assert dict(notes) == truth
        assert len(notes) == len(truth)
        assert all((key in notes) == (key in truth) for key in "abc")


async def test_a_step_that_fails_changes_no_state() -> None:
    it = house()
    notes = it.bus.state(SPEC, 0)

    def step(*_: Any) -> None:
        notes["a"] = Note(text="half")
        raise ValueError
    await it.handle(raw(), step)
    assert it.codes() == ["BUG"]
    assert it.stores.held["notes", 0] == {}
    assert "a" not in notes


async def test_a_retried_step_finds_the_state_as_it_was() -> None:
    it, seen = house(), []
    notes = it.bus.state(SPEC, 0)

    def step(*_: Any) -> None:
        seen.append("a" in notes)
        notes["a"] = Note(text="x")
        if len(seen) == 1:
            raise KeyError
    await it.handle(raw(), step)
    assert seen == [False, False]
    assert it.stores.held["notes", 0] == {b"a": b'1 {"text":"x","count":0}'}


async def test_an_answer_that_is_too_large_changes_no_state() -> None:
    it = house()
    notes = it.bus.state(SPEC, 0)

    def step(*_: Any) -> None:
        notes["small"] = Note(text="x")
        notes["large"] = Note(text="x" * topics.MAX_RECORD_BYTES)
    await it.handle(raw(), step)
    assert it.codes() == ["LIMIT"]
    assert it.stores.held["notes", 0] == {}


async def test_state_is_written_before_the_outputs_leave() -> None:
    it, seen = house(), []
    notes = it.bus.state(SPEC, 0)
    inner = it.sender.send

    async def send(*args: Any, **more: Any) -> Any:
        seen.append(dict(it.stores.held["notes", 0]))
        return await inner(*args, **more)
    it.sender.send = send  # type: ignore[method-assign]

    def step(model: Any, its: Envelope) -> Any:
        from tests.bus.test_guard import clean
        notes["a"] = Note(text="x")
        return clean(model, its)
    await it.handle(raw(), step)
    assert seen == [{b"a": b'1 {"text":"x","count":0}'}]


async def test_acked_may_change_state() -> None:
    it = house()
    notes = it.bus.state(SPEC, 0)
    notes["a"] = Note(text="x")
    notes.write(notes.encode())
    it.bus.touched.clear()
    await it.handle(raw(), lambda *_: None, acked=lambda *_: notes.pop("a"))
    assert it.stores.held["notes", 0] == {}


async def test_a_state_that_cannot_be_written_ends_the_process() -> None:
    class Broken(dict[bytes, bytes]):
        def __setitem__(self, key: bytes, value: bytes) -> None:
            raise OSError(28, "no space")

    it = house()
    it.stores.held["notes", 0] = Broken()
    notes = it.bus.state(SPEC, 0)

    def step(*_: Any) -> None:
        notes["a"] = Note(text="x")
    with pytest.raises(Died, match="table could not be written"):
        await it.handle(raw(), step)


async def test_state_of_an_unknown_version_ends_the_process_and_buries_nothing() -> None:
    it = house()
    it.stores.held["notes", 0] = {b"a": b'9 {"text":"from the future"}'}
    notes = it.bus.state(SPEC, 0)
    with pytest.raises(Died, match="version 9"):
        await it.handle(raw(), lambda *_: notes["a"] and None)
    assert it.letters() == []


async def test_a_new_assignment_is_a_new_state() -> None:
    it = house()
    first = it.bus.state(SPEC, 0)
    assert it.bus.state(SPEC, 0) is first
    it.stores.held["notes", 0] = {}
    assert it.bus.state(SPEC, 0) is not first
