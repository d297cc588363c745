from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.shard_matches import Relation
from streams.core.dedup.fingerprint import GRAM_WORDS, facts, fingerprint, printed, read, sample
from streams.core.dedup.likeness import NOTHING, Measure, covers, judged
from streams.core.dedup.shingles import runs, words

WORDS = [f"word{n}" for n in range(200)]
NAMES = [f"Name{n}" for n in range(20)]


def prints(text, title=None, most=4096):
    found = words(text)
    return fingerprint(found, runs(found, GRAM_WORDS), title, most)


def alike(one, other, measure=None):
    (cover,) = covers(one, [other])
    return judged(one, other, cover, measure or Measure())


def rule(one, other):
    found = alike(one, other)
    return found and found.rule


def changed(found, every):
    """Replace each word at a multiple of `every`."""
    return [f"new{n}" if n % every == 0 else word for n, word in enumerate(found)]


def mixed(plain, names):
    """Put a name after each fourth word."""
    return [word for n, each in enumerate(plain) for word in ([each, names[n // 4 % len(names)]] if n % 4 == 3 else [each])]


def week(figures):
    return " ".join(f"{place} reported {number} cases this week" for place, number in zip(WORDS[:12], figures, strict=True))


PLAIN = " ".join(WORDS)
SAID = mixed(WORDS, NAMES)
REWRITTEN = " ".join([*changed(SAID[:125], 5), *changed(SAID[125:], 12)])
OTHERS = [f"Other{n}" for n in range(20)]


@pytest.mark.parametrize(("one", "other", "expected"), [
    (PLAIN, PLAIN, "runs_cover_both"),
    (PLAIN, " ".join(changed(WORDS, 40)), "runs_cover_both"),
    (PLAIN, " ".join(changed(WORDS, 5)), None),                                   # no run of five is left
    (PLAIN, " ".join(WORDS[:150]), "runs_cover_both"),
    (PLAIN, " ".join(WORDS[:100]), "runs_cover_one"),
    (PLAIN, " ".join([*WORDS[:100], *reversed(WORDS[:100])]), None),              # half of it, the same words
    (" ".join(SAID), REWRITTEN, "names_and_words"),
    (" ".join(mixed(WORDS, OTHERS)), REWRITTEN, None),                            # the names are others
    (week(range(100, 112)), week(range(100, 112)), "runs_cover_both"),
    (week(range(100, 112)), week(range(500, 512)), None),                         # a template with other figures
    (week(range(100, 112)), week([*range(100, 109), 7, 8, 9]), "runs_cover_both"),  # an update changes few
    ("", "", None),
    ("one two", "one two", "runs_cover_both"),
    ("one two", "one two three", None),
    ("one two", "two one", None),
])
def test_which_evidence_decides(one, other, expected):
    assert rule(prints(one), prints(other)) == expected
    assert rule(prints(other), prints(one)) == expected


@pytest.mark.parametrize(("length", "mine", "theirs", "expected"), [
    (40, "Ferry delayed by fog", "Ferry delayed by fog", "runs_cover_both"),
    (40, "Ferry delayed by fog", "Fog delays the ferry", "runs_cover_both"),      # half of the shorter
    (40, "Ferry delayed by fog", "Bridge opens after repairs", None),
    (40, "Ferry delayed by fog", None, "runs_cover_both"),
    (80, "Ferry delayed by fog", "Bridge opens after repairs", "runs_cover_both"),
])
def test_short_texts_in_the_same_words_need_titles_in_common(length, mine, theirs, expected):
    text = " ".join(WORDS[:length])
    assert rule(prints(text, mine), prints(text, theirs)) == expected


def test_a_text_that_lies_whole_in_another_is_a_part_whatever_they_name():
    text = mixed(WORDS, NAMES)
    whole = prints(" ".join([*text, *text[:1], *OTHERS * 8]))
    found = alike(prints(" ".join(text)), whole)
    assert (found.relation, found.rule) == (Relation.PART_OF, "runs_cover_one")
    assert found.mine == 1
    assert found.theirs < 0.7


def test_runs_of_four_words_are_chance():
    common = [" ".join(WORDS[n : n + 4]) for n in range(0, 80, 4)]
    one, other = (" ".join(f"{run} {sep}{n}" for n, run in enumerate(common)) for sep in "ab")
    (cover,) = covers(prints(one), [prints(other)])
    assert cover[0].fives == 0
    assert cover[0].threes == 0.8


def test_names_are_words_that_the_text_never_writes_small():
    found = prints("The mayor spoke. Vargas said the ferry of Ostrava, and Vargas left in 2019 by 7 boats.")
    assert found.names.tolist() == facts(["Vargas", "Ostrava"]).tolist()
    assert found.figures.tolist() == facts(["2019", "7"]).tolist()


@pytest.mark.parametrize("value", [0, 1, 2**31, 2**32 - 1])
def test_one_word_over_and_over_is_sampled_too(value):
    scale, kept = sample(np.full(10_000, value, dtype=np.uint32), 64)
    assert scale <= 2**31
    assert len(kept) <= 64


texts = st.lists(st.sampled_from([*WORDS[:6], *NAMES[:3], "12", "13", "14", "15"]), max_size=50).map(" ".join)
mosts = st.sampled_from([4, 16, 4096])


@given(texts, texts, mosts, mosts)
def test_likeness_is_the_same_from_both_sides(one, other, most, its):
    mine, theirs = prints(one, None, most), prints(other, None, its)
    there, back = alike(mine, theirs), alike(theirs, mine)
    assert (there is None) == (back is None)
    if there is not None:
        assert back == there._replace(mine=there.theirs, theirs=there.mine)


@given(texts.filter(bool))
def test_a_text_is_wholly_like_itself(text):
    assert alike(prints(text), prints(text)) == (Relation.NEAR_DUPLICATE, "runs_cover_both", 1, 1)


@given(texts, st.lists(texts, max_size=4))
def test_texts_compared_together_are_compared_as_one_by_one(one, others):
    mine, theirs = prints(one), [prints(other) for other in others]
    assert covers(mine, theirs) == [covers(mine, [each])[0] for each in theirs]


@given(texts, mosts)
def test_what_is_printed_can_be_read_back(text, most):
    found = prints(text, text, most)
    again = read(printed(found))
    assert [list(np.atleast_1d(part)) for part in again] == [list(np.atleast_1d(part)) for part in found]


TEXTS = st.lists(st.lists(st.sampled_from(WORDS[:9]), max_size=40).map(" ".join), min_size=1, max_size=6)


@given(TEXTS, st.lists(st.sampled_from(WORDS[:9]), max_size=40).map(" ".join), st.sampled_from([0.1, 0.4, 0.7, 1.0]))
def test_what_is_passed_over_for_little_in_common_is_nothing_that_is_alike(texts, mine, least):
    one, others = prints(mine), [prints(text) for text in texts]
    for whole, quick in zip(covers(one, others), covers(one, others, least), strict=True):
        assert quick in (whole, NOTHING)
        assert quick == whole or max(whole[0].fives, whole[1].fives) < least


def test_most_of_what_shares_a_phrase_is_passed_over():
    phrase = " ".join(WORDS[:7])
    others = [prints(f"{phrase} {' '.join(f'own{n}x{m}' for m in range(50))}") for n in range(5)]
    mine = prints(f"{phrase} {' '.join(WORDS[50:90])}")
    assert covers(mine, [*others, mine], 0.4) == [*[NOTHING] * 5, *covers(mine, [mine])]
