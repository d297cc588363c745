"""The law of the ledger: every raw record is counted once, in whatever order its facts come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.core.audit import Ledger
from streams.core.fates import Fate, FateKind

PLACES = st.tuples(st.integers(0, 1), st.integers(0, 4))
FATES = st.builds(
    lambda kind, place, event, redriven: Fate(kind, f"raw-{place[0]}-{place[1]}", event, redriven),
    st.sampled_from(FateKind), PLACES, st.sampled_from("ab"), st.booleans())


def ledger(raw: set[tuple[int, int]], moving: list[tuple[int, int]], fates: list[Fate]) -> Ledger:
    book = Ledger()
    for partition, offset in sorted(raw):
        book.raw("raw", partition, offset)
    for partition, offset in moving:
        book.on_the_way(f"raw-{partition}-{offset}")
    for fate in fates:
        book.fate(fate)
    return book


@given(st.sets(PLACES), st.lists(PLACES), st.lists(FATES))
def test_each_raw_record_counts_in_exactly_one_line(raw, moving, fates):
    report = ledger(raw, moving, fates).report()
    assert report.raw == len(raw)
    assert report.raw == (
        report.enriched + report.refused + report.dead_lettered + report.pending + len(report.lost))
    assert report.holds == (not report.lost and not report.doubled)


@given(st.sets(PLACES), st.lists(PLACES), st.lists(FATES), st.randoms())
def test_whether_it_holds_does_not_depend_on_the_order_of_facts(raw, moving, fates, random):
    shuffled = list(fates)
    random.shuffle(shuffled)
    one, other = ledger(raw, moving, fates).report(), ledger(raw, moving, shuffled).report()
    assert (one.lost, one.doubled) == (other.lost, other.doubled)


@given(st.sets(PLACES), st.lists(PLACES), st.lists(FATES))
def test_the_same_facts_again_only_add_repeats(raw, moving, fates):
    once, twice = ledger(raw, moving, fates).report(), ledger(raw, moving, [*fates, *fates]).report()
    assert (once.lost, once.doubled) == (twice.lost, twice.doubled)


@given(st.permutations([FateKind.DEAD_UNSURE, FateKind.DEAD_UNSURE, FateKind.ENRICHED]), st.booleans())
def test_a_death_of_the_moment_is_no_fate_beside_a_success(kinds, moving):
    fates = [Fate(kind, "raw-0-0", f"{kind}") for kind in kinds]
    report = ledger({(0, 0)}, [(0, 0)] if moving else [], fates).report()
    assert (report.enriched, report.dead_lettered, report.dead_lettered_later, report.holds) == (1, 0, 1, True)


@given(st.booleans())
def test_a_death_of_the_moment_alone_is_the_fate_once_its_reader_has_committed(moving):
    report = ledger({(0, 0)}, [(0, 0)] if moving else [], [Fate(FateKind.DEAD_UNSURE, "raw-0-0", "d")]).report()
    assert (report.pending, report.dead_lettered, report.lost) == ((1, 0, ()) if moving else (0, 1, ()))


@given(st.text())
def test_no_origin_breaks_the_ledger(origin):
    book = ledger({(0, 0)}, [], [Fate(FateKind.ENRICHED, origin, "e")])
    book.on_the_way(origin)
    assert book.report().raw == 1
