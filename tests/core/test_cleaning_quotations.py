"""Quotations: what is quoted, outermost, and what is broken about it."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.cleaning.quotations import quotations
from streams.core.cleaning.quotes import marks_of, quote_repairs

MISSING, UNCLOSED, WRONG = "opening_quote_missing", "closing_quote_missing", "closing_quote_wrong"

WHOLE = [
    ("“Fine,” she said. “And you?”", ["Fine,", "And you?"]),
    ('"Fine," she said. "And you?"', ["Fine,", "And you?"]),
    ("``Fine,'' she said.", ["Fine,"]), ("‘‘Fine,’’ she said.", ["Fine,"]), ("„Fine,“ she said.", ["Fine,"]), ("„Fine,” she said.", ["Fine,"]),
    ("« Fine, » she said.", ["Fine,"]), ("»Fine,« she said.", ["Fine,"]), ("«Fine,» she said.", ["Fine,"]),
    ("‘Fine,’ she said. It’s hers.", ["Fine,"]), ("'Fine,' she said. It's hers.", ["Fine,"]),
    ("“He told me ‘no’ twice,” she said.", ["He told me ‘no’ twice,"]),
    ("“He told me “no” twice.” She left.", ["He told me “no” twice."]), ('"He told me "no" twice." She left.', ['He told me "no" twice.']),
    ("“He told me «no» twice,” she said.", ["He told me «no» twice,"]),
    ("It is “essential” (“vital”).", ["essential", "vital"]),
    ("The man, 6'2\" tall, left.", []), ('"He is 6\'2" tall," she said.', ["He is 6'2\" tall,"]), ('A 12" gun and an 8" gun.', []),
    ("The workers’ union and the drivers’ union met.", []), ("Rock 'n' roll of the '90s, 'til late.", []), ("‘The workers’ union met,’ he said.", ["The workers’ union met,"]),
    ("The so-called ‘rebels’ have gone.", ["rebels"]), ("“One paragraph\n\n“and the next,” he said.", ["One paragraph", "and the next,"]),
    ('"One paragraph\n\n"and the next," he said.', ["One paragraph", "and the next,"]), ("“”", []), ("", []), ("No marks.", []),
    ("“Fine.”\n“Good,” he said.", ["Fine.", "Good,"]), ("It was “a long\nand wide” road.\n\nIt was.", ["a long\nand wide"]),
    ("All averages »", []), ("« Back to the top", []), ("« Back\n\nThe river rose.", []),
    ("He said: “Go.”—“Why?”", ["Go.", "Why?"]), ("“Fine,”she said, “so be it.”", ["Fine,", "so be it."]),
]

BROKEN = [
    ("It is short,” he said.", [("It is short,", (MISSING,))]),
    ("He left. “We stay,” she said. They go on,” he said.", [("We stay,", ()), ("They go on,", (MISSING,))]),
    ("“We go. She left for the pier. “We stay,” he added.", [("We go.", (UNCLOSED,)), ("We stay,", ())]),
    ('"We go. She left for the pier. "We stay," he added.', [("We go.", (UNCLOSED,)), ("We stay,", ())]),
    ("She called it “a gift“ and “a loan”.", [("a gift", (WRONG,)), ("a loan", ())]),
    ("“We go\n\nThe river rose.", [("We go", (UNCLOSED,))]),
    ("He said ”no way” twice.", [("no way", ("opening_quote_wrong",))]),
    ('"We go, "she said. "We stay."', [("We go,", ()), ("We stay.", ())]),
    ("“It is long in the U.S. and here. “We stay,” he added.", [("It is long in the U.S. and here.", (UNCLOSED,)), ("We stay,", ())]),
    ("“My mother says, ‘Stay.’ “", [("My mother says, ‘Stay.’", (WRONG,))]),
    ("A gift“ was what she called it.", []),
]


@pytest.mark.parametrize(("text", "contents"), WHOLE)
def test_whole_quotations_are_read_without_a_defect(text: str, contents: list[str]) -> None:
    found = quotations(text)
    assert [text[each.content_start:each.content_end] for each in found] == contents
    assert all(not each.defects for each in found)


@pytest.mark.parametrize(("text", "expected"), BROKEN)
def test_broken_quotations_say_what_is_broken(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(text[each.content_start:each.content_end], each.defects) for each in quotations(text)] == expected


def test_a_broken_quotation_counts_only_when_its_repairs_are_recorded() -> None:
    text = "“Fine,” she said. It is short,” he said."
    marks = marks_of("en")
    assert marks is not None
    assert len(quotations(text, quote_repairs(text, marks))) == len(quotations(text)) == 2
    assert [each.start for each in quotations(text, ())] == [0]


@settings(max_examples=400, deadline=None)
@given(st.text("“”\"'‘’«»„`a s.,6\n(", max_size=60))
def test_quotations_are_in_order_apart_and_within_their_paragraphs(text: str) -> None:
    at = 0
    for each in quotations(text):
        assert at <= each.start <= each.content_start < each.content_end <= each.end <= len(text)
        assert "\n\n" not in text[each.start:each.end]
        at = each.end


@pytest.mark.parametrize("text", ["“" * 300_000, '"' * 300_000, "'a' " * 100_000, "“a “b. " * 100_000, "a” b. " * 100_000, "‘a s’ " * 100_000, "a\n" * 200_000])
def test_marks_without_end_take_linear_time(text: str) -> None:
    began = process_time()
    quotations(text)
    assert process_time() - began < 4
