from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.dedup.ages import Ages
from streams.core.dedup.band_index import Place, week_of
from streams.core.dedup.band_table import BandTable
from streams.testing.builders import DAY

ROWS = st.lists(st.lists(st.integers(0, 7), min_size=3, max_size=3), min_size=1, max_size=30)


def keys(row):
    return np.array(row, dtype=np.uint32)


def filled(rows):
    table = BandTable(len(rows[0]))
    for row in rows:
        table.put(table.next_number(), keys(row))
    return table


def sharing(rows, row):
    return [n for n, other in enumerate(rows) if other is not None and any(a == b for a, b in zip(other, row, strict=True))]


@given(ROWS, st.randoms(use_true_random=False))
def test_a_table_finds_who_shares_a_band_after_any_puts_and_drops(rows, random):
    table, left = filled(rows), list(rows)
    for number in random.sample(range(len(rows)), k=len(rows) // 2):
        table.drop(number)
        left[number] = None
    for row in rows[: len(rows) // 4]:
        number = table.next_number()
        table.put(number, keys(row))
        left[number] = row
    assert len(table) == sum(row is not None for row in left)
    for row in rows:
        assert table.find(keys(row)) == sharing(left, row)


@given(ROWS, ROWS)
def test_rows_put_together_are_found_as_one_by_one(first, rest):
    table = filled(first)
    assert table.put_all(np.array(rest, dtype=np.uint32).ravel()) == range(len(first), len(first) + len(rest))
    table.settle()
    for row in first + rest:
        assert table.find(keys(row)) == sharing(first + rest, row)


def test_a_table_that_grows_forgets_nothing_and_finds_no_stranger():
    random, table = Random(1), BandTable(4)
    rows = [[random.getrandbits(32) for _ in range(4)] for _ in range(5000)]
    for number, row in enumerate(rows):
        table.put(table.next_number(), keys(row))
        if number % 3 == 2:
            table.drop(number - 1)
            table.put(table.next_number(), keys(rows[number - 1]))
    table.put_all(np.array(rows, dtype=np.uint32).ravel())
    table.settle()
    for number in random.sample(range(len(rows)), k=200):
        found = table.find(keys(rows[number]))
        assert {table.keys_of(n).tobytes() for n in found} == {keys(rows[number]).tobytes()}
        assert found == [number, number + len(rows)]


def test_equal_keys_in_another_band_are_no_match():
    table = filled([[1, 2, 3]])
    assert table.find(keys([3, 1, 2])) == []
    assert table.find(keys([9, 2, 9])) == [0]


def test_ages_give_the_oldest_hours_first_and_only_those_that_have_ended():
    ages = Ages()
    for number, minutes in enumerate([200, 10, 50, 70, 500]):
        ages.add("live", DAY + timedelta(minutes=minutes), number)
    ages.add("backfill", DAY, 9)
    before = DAY + timedelta(minutes=190)
    assert list(ages.before("live", before, 1)) == [2]
    assert list(ages.before("live", before, 9)) == [1, 3]
    assert list(ages.before("live", before, 9)) == []
    assert list(ages.before("never", before, 9)) == []
    assert list(ages.before("live", DAY + timedelta(days=1), 9)) == [0, 4]


@pytest.mark.parametrize("moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_ages_take_any_moment(moment):
    ages = Ages()
    ages.add("live", moment, 2**64 - 1)
    assert list(ages.before("live", moment, 9)) == []


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 2**16 - 1), st.integers(0, 2**28 - 1))
def test_a_place_packed_is_read_back(moment, width, number):
    place = Place(week_of(moment), width, number)
    assert place.packed() < 2**64
    assert Place.read(place.packed()) == place
