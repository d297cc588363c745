"""Shelves: a base that is never ahead of its changelog, whatever is written, acknowledged, forgotten and read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.bus.errors import Fenced
from streams.bus.tables_rocks import STALE_SECONDS, RocksBase
from streams.bus.tables_shelf import Base, MemoryBase, Shelf, View


@pytest.fixture(params=["memory", "rocksdict"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Base:
    return MemoryBase() if request.param == "memory" else rocks(tmp_path)


def rocks(folder: Path, now: float = 1000.0) -> RocksBase:
    return RocksBase(folder / "notes-0", cache_bytes=1024 * 1024, now=lambda: now)


def test_a_write_is_seen_at_once_and_reaches_the_base_with_its_acknowledgement(base: Base) -> None:
    shelf = Shelf(base)
    shelf.write(b"a", b"1")
    assert (shelf.get(b"a"), base.get(b"a"), base.offset) == (b"1", None, None)
    shelf.settle(b"a", b"1", 4)
    assert (shelf.get(b"a"), base.get(b"a"), base.offset, shelf.overlay) == (b"1", b"1", 4, {})


def test_the_newest_write_of_a_key_is_seen_until_all_are_acknowledged(base: Base) -> None:
    shelf = Shelf(base)
    for value in (b"1", None, b"3"):
        shelf.write(b"a", value)
    shelf.settle(b"a", b"1", 0)
    shelf.settle(b"a", None, 1)
    assert (shelf.get(b"a"), base.get(b"a")) == (b"3", None)
    shelf.settle(b"a", b"3", 2)
    assert (shelf.get(b"a"), base.get(b"a"), shelf.overlay) == (b"3", b"3", {})


def test_keys_are_those_of_base_and_overlay(base: Base) -> None:
    shelf = Shelf(base)
    base.apply([(b"a", b"1"), (b"b", b"2"), (b"c", b"3"), (b"c", None)], 9)
    shelf.write(b"b", None)
    shelf.write(b"d", b"4")
    assert sorted(shelf.keys()) == [b"a", b"d"]


def test_what_was_not_acknowledged_is_forgotten_at_a_rebalance(base: Base) -> None:
    shelf = Shelf(base)
    base.apply([(b"a", b"1")], 0)
    shelf.write(b"a", b"2")
    shelf.forget_overlay()
    shelf.settle(b"a", b"2", 1)
    assert (shelf.get(b"a"), base.offset) == (b"1", 0)


def test_a_view_of_an_assignment_that_is_over_writes_nothing() -> None:
    shelf, sent = Shelf(MemoryBase()), []
    view = View(shelf, lambda *change: sent.append(change))
    view[b"a"] = b"1"
    del view[b"a"]
    view.live = False
    with pytest.raises(Fenced):
        view[b"b"] = b"2"
    assert [change[1:] for change in sent] == [(b"a", b"1"), (b"a", None)]
    assert len(view) == 0


def test_deleting_what_is_not_there_is_a_key_error_and_sends_nothing() -> None:
    sent: list[Any] = []
    view = View(Shelf(MemoryBase()), lambda *change: sent.append(change))
    with pytest.raises(KeyError):
        del view[b"a"]
    assert sent == []


def test_a_folder_remembers_what_and_how_far(tmp_path: Path) -> None:
    first = rocks(tmp_path)
    first.apply([(b"a", b"1"), (b"b", b"2")], 7)
    first.close()
    again = rocks(tmp_path)
    assert (again.offset, again.get(b"a"), sorted(again.keys())) == (7, b"1", [b"a", b"b"])
    again.close()


def test_a_folder_that_was_away_for_too_long_is_rebuilt(tmp_path: Path) -> None:
    first = rocks(tmp_path)
    first.apply([(b"a", b"1")], 7)
    first.close()
    again = rocks(tmp_path, now=1000.0 + STALE_SECONDS + 1)
    assert (again.offset, list(again.keys())) == (None, [])
    again.close()


def test_wiping_empties_a_base(base: Base) -> None:
    base.apply([(b"a", b"1")], 7)
    base.wipe()
    assert (base.offset, base.get(b"a"), list(base.keys())) == (None, None, [])


KEYS = st.sampled_from([b"a", b"b"])
ACTS = st.lists(st.tuples(KEYS, st.none() | st.sampled_from([b"1", b"2"])) | st.sampled_from(["ack", "crash", "rebalance"]), max_size=40)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ACTS)
def test_a_base_is_always_the_image_of_its_changelog_up_to_its_offset(acts: list[Any]) -> None:
    changelog: list[tuple[bytes, bytes | None]] = []
    shelf, acknowledged = Shelf(MemoryBase()), 0
    for act in acts:
        if act == "ack" and acknowledged < len(changelog):
            shelf.settle(*changelog[acknowledged], acknowledged)
            acknowledged += 1
        elif act == "rebalance":
            while acknowledged < len(changelog):
                shelf.settle(*changelog[acknowledged], acknowledged)
                acknowledged += 1
            shelf.forget_overlay()
        elif act == "crash":
            shelf.forget_overlay()
            start = -1 if shelf.base.offset is None else shelf.base.offset
            for offset in range(start + 1, len(changelog)):
                shelf.base.apply([changelog[offset]], offset)
            acknowledged = len(changelog)
        elif isinstance(act, tuple):
            changelog.append(act)
            shelf.write(*act)
        image: dict[bytes, bytes | None] = {}
        for key, value in changelog[: 0 if shelf.base.offset is None else shelf.base.offset + 1]:
            image[key] = value
        truth = {**image}
        for key, value in changelog:
            truth[key] = value
        assert all(shelf.base.get(key) == image.get(key) for key in (b"a", b"b"))
        assert all(shelf.get(key) == truth.get(key) for key in (b"a", b"b"))
