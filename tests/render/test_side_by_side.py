from __future__ import annotations

from io import StringIO
from time import process_time

import pytest
from rich.console import Console

from streams.render.side_by_side import MOST, Pair, Side, is_cut, page, rows, table

OLD = "The ferry left at noon. Ten people were on board. Nobody was hurt. It was foggy."
NEW = "The ferry left at noon. Twelve people were on board. It was foggy. The mayor came."
HOSTILE = '<script>alert(1)</script> "quoted" \x1b[31m'


def shape(found):
    return [row.kind for row in found]


def pair(left=OLD, right=NEW):
    return Pair(Side(f"Old {HOSTILE}", "Gazette, 2018", left), Side("New", "Wire", right), f"alike {HOSTILE}")


def test_what_is_the_same_stands_beside_each_other():
    found = rows(OLD, NEW)
    assert shape(found) == ["same", "changed", "removed", "same", "added"]
    changed = found[1]
    assert [piece.text for piece in changed.left if piece.differs] == ["Ten"]
    assert [piece.text for piece in changed.right if piece.differs] == ["Twelve"]
    assert found[2].right == ()
    assert found[4].left == ()


@pytest.mark.parametrize(("left", "right", "kinds"), [
    ("", "", []), (OLD, OLD, ["same"] * 4), ("", "A b.", ["added"]), ("A b.", "", ["removed"]),
])
def test_edges(left, right, kinds):
    assert shape(rows(left, right)) == kinds


def test_all_words_of_both_texts_are_in_the_rows():
    found = rows(OLD, NEW)
    for text, sides in ((OLD, [row.left for row in found]), (NEW, [row.right for row in found])):
        assert " ".join("".join(piece.text for piece in side) for side in sides if side) == text


def test_the_page_escapes_everything_and_loads_nothing():
    shown = page(pair(f"{HOSTILE} was here.", NEW))
    assert "<script>alert" not in shown
    assert "\x1b" not in shown
    assert "&lt;script&gt;" in shown
    assert "default-src 'none'" in shown
    assert shown.count("<ins>") >= 1
    assert shown.count("<del>") >= 1


def test_the_terminal_has_both_columns():
    console = Console(width=100, file=StringIO())
    console.print(table(pair()))
    shown = console.file.getvalue()
    assert "Twelve people" in shown
    assert "Nobody was hurt." in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("text", ["A. " * 100_000, "word " * 100_000, "x" * 900_000, "A 1 b.\n" * 50_000])
def test_hostile_texts_are_cut_and_take_seconds(text):
    begun = process_time()
    found = rows(text, "Quite another. " + text[: len(text) // 2])
    assert process_time() - begun < 10
    assert len(found) <= 2 * MOST
    assert is_cut(text) == (text.count("A") > MOST)
