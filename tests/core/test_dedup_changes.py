from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.dedup.changes import MOST, changes, sentences

FERRY = "The ferry left at noon. Twelve people were on board, the mayor said. It reached Port Ansel by night."


def figures(found):
    return [(one.before, one.after) for one in found.figures]


@pytest.mark.parametrize(("text", "count"), [
    ("", 0), ("\n \n", 0), ("One sentence", 1), (FERRY, 3), ("He said: “No.” Then he left.", 2), ("A\n\nB\nC", 3),
    ("It cost 3.5 million. 40 came.", 2), ("ending in a dot. lower case goes on.", 1),
])
def test_a_text_is_cut_into_sentences(text, count):
    assert len(sentences(text)) == count


@pytest.mark.parametrize(("before", "after", "added", "removed", "swapped"), [
    (FERRY, FERRY, 0, 0, []),
    (FERRY, FERRY.upper(), 0, 0, []),
    (FERRY, FERRY + " All were well.", 1, 0, []),
    (FERRY + " All were well.", FERRY, 0, 1, []),
    (FERRY, FERRY.replace("Twelve", "Fifteen"), 1, 1, [("twelve", "fifteen")]),
    ("The bank raised rates to 3.5% on 4 May.", "The bank raised rates to 3.75% on 5 May.", 1, 1, [("3.5%", "3.75%"), ("4", "5")]),
    ("A fell. B rose by 10 points.", "B rose by 10 points. A fell.", 0, 0, []),              # moved
    ("A fell by 10 points.", "Quite another thing went up by 12 in the north.", 1, 1, []),  # not the same sentence
    ("Yes. Yes.", "Yes.", 0, 1, []),
    ("", FERRY, 3, 0, []),
])
def test_what_changed(before, after, added, removed, swapped):
    found = changes(before, after)
    assert (len(found.added), len(found.removed), figures(found)) == (added, removed, swapped)


@pytest.mark.parametrize(("sentence", "is_note"), [
    ("Correction: the ferry left at one.", True),
    ("An earlier version of this article gave a wrong hour.", True),
    ("This story has been corrected.", True),
    ("The mayor corrected his tie.", False),
])
def test_a_new_sentence_that_speaks_of_a_correction_is_the_note(sentence, is_note):
    assert changes(FERRY, f"{FERRY} {sentence}").correction_note == (sentence if is_note else None)
    assert changes(f"{FERRY} {sentence}", FERRY).correction_note is None
    assert changes(FERRY, f"{FERRY} {sentence}", "fi").correction_note is None


@given(st.text(max_size=200), st.text(max_size=200))
def test_there_and_back_are_mirrored(one, other):
    there, back = changes(one, other), changes(other, one)
    assert (there.added, there.removed) == (back.removed, back.added)


@pytest.mark.parametrize(("before", "after"), [
    ("a " * 450_000, "b " * 450_000),
    ("A 1 b. " * 100_000, "A 2 b. " * 100_000),
    ("“" * 900_000, "." * 900_000),
    ("\n".join(f"Word{n} " * 300 for n in range(400)), "\n".join(f"Word{n + 1} " * 300 for n in range(400))),
])
def test_hostile_texts_take_seconds_and_little_is_told(before, after):
    begun = process_time()
    found = changes(before, after)
    assert process_time() - begun < 5
    assert len(found.added) <= MOST
