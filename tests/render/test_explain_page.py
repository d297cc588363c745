"""The page of `communique explain --html`: whole, self-contained, and safe to open, in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from streams.render.explain_page import Reading, page
from streams.render.marks import Mark, pieces

HOSTILE = '<script>document.title="owned"</script><img src=x onerror=\'document.title="owned"\'>'
TEXT = f"“We agree {HOSTILE} at last,” Ann Bee told reporters & others."
SPAN = {"field": "text", "start": 1, "end": 9, "text": "We agree"}
STATEMENT = {
    "statement_id": "s1", "mode": "direct", "speech_act": "assert", "attribution": "inferred", "confidence": 0.4,
    "content": [SPAN], "official": {"is_official": True, "evidence": f"minister {HOSTILE}"},
    "speaker": {"name": HOSTILE, "kind": "person", "role": {"text": "minister", "check": "contradicted"}},
    "chain": [{"hop": 0, "actor": "Ann Bee", "relation": "said"}, {"hop": 1, "actor": "Wire", "relation": "reports", "date": "2024-02-01T00:00:00Z"}],
    "said_on": {"basis": "dateline", "not_after": "2024-02-01T00:00:00Z"}, "rules": ["cue:said", "speaker:subject"],
}
BODY = {
    "article_id": "a1", "headline": f"Head {HOSTILE}", "text": TEXT, "statements": [STATEMENT],
    "mentions": [SPAN | {"kind": 'PERSON" onclick="x', "qid": "javascript:alert(1)", "confidence": 0.9, "nil_reason": HOSTILE}],
    "repairs": [{"kind": "x", "at": 3, "before": HOSTILE, "after": ""}],
    "segments": [{"start": 0, "end": 9, "kind": "captcha", "rule": "r"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a hostile article as Chromium has it after it has loaded."""
    folder = tmp_path_factory.mktemp("page")
    file = folder / "page.html"
    file.write_text(page([Reading(HOSTILE, BODY)]), encoding="utf-8")
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert browser, "no Chromium: make test installs it, or says how (ops/browser.sh)"
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    closed = ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder / 'profile'}"]
    dumped = subprocess.run([browser, *quiet, *closed, "--dump-dom", file.as_uri()], capture_output=True, timeout=60, check=True)
    return dumped.stdout.decode()


def test_hostile_text_stays_text_in_a_browser(opened: str) -> None:
    title = re.search(r"<title>(.*?)</title>", opened, re.DOTALL)
    assert title
    assert title[1].startswith("Head ")
    assert not re.search(r"<(?:script|img|iframe|object)\b", opened)
    assert not re.search(r"<[^>]*\son\w+\s*=", re.sub(r'="[^"]*"', '=""', opened))
    assert "javascript:" not in opened


def test_the_page_holds_every_part_and_loads_nothing(opened: str) -> None:
    for words in ("We agree", "inferred", "contradicts the role", "confidence 0.40", "Wire (reports, 2024-02-01)", "not after 2024-02-01", "cue:said → speaker:subject", "captcha"):
        assert words in opened, words
    assert "default-src 'none'" in opened
    markup = re.sub(r"&lt;.*?&gt;", "", opened, flags=re.DOTALL)
    assert not re.search(r"\b(?:src|srcset)=|url\(|@import|<link", markup)


def test_an_anchor_leads_from_the_text_to_the_statement_and_back(opened: str) -> None:
    assert 'href="#c1-S1"' in opened
    assert 'id="c1-S1"' in opened
    assert 'href="#t1-S1"' in opened
    assert 'id="t1-S1"' in opened


def test_a_page_of_no_article_is_a_page() -> None:
    assert "nothing to explain" in page([])


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([], [("abcdef", "")]),
        ([(1, 3, "x")], [("a", ""), ("bc", "x"), ("def", "")]),
        ([(0, 4, "x"), (2, 6, "y")], [("ab", "x"), ("cd", "xy"), ("ef", "y")]),
        ([(0, 6, "x"), (1, 2, "y")], [("a", "x"), ("b", "xy"), ("cdef", "x")]),
        ([(2, 2, "x"), (5, 9, "y"), (-1, 2, "z")], [("abcdef", "")]),
    ],
)  # fmt: skip
def test_marks_that_overlap_cut_the_text_into_pieces(marks: list[tuple[int, int, str]], expected: list[tuple[str, str]]) -> None:
    cut = pieces("abcdef", [Mark(*mark) for mark in marks])
    assert [(piece.text, "".join(mark.name for mark in piece.marks)) for piece in cut] == expected


def test_an_empty_text_has_no_pieces() -> None:
    assert pieces("", [Mark(0, 1, "x")]) == []


def test_the_template_is_shipped_with_the_package() -> None:
    assert (Path(__file__).parents[2] / "streams/render/explain.html").is_file()
