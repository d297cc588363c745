"""Mending: mojibake and entities as they were meant, what only looks like them left alone, and the way back."""

from __future__ import annotations

import pytest

from schemas.clean_article import SegmentKind
from streams.core.cleaning.mending import mended, mended_text
from streams.core.cleaning.offsets import to_raw
from tests.core.reading import PARAGRAPHS, article, page

MENDED = [
    ("â€œWe go,â€\x9d she said.", "“We go,” she said."), ("â€œWe go,â€ she said.", "“We go,” she said."), ("Itâ€™s hers â€“ or â€” hisâ€¦", "It’s hers – or — his…"), ("â\x80\x9cWe goâ\x80\x9d", "“We go”"),
    ("cafÃ©, SÃ£o, MÃ¼ller, Ã\xa0 la", "café, São, Müller, à la"), ("Â£5 Â· 20Â°C Â«noÂ»", "£5 · 20°C «no»"), ("ErdoÄŸan, GdaÅ„sk, DvoÅ™Ã¡k", "Erdoğan, Gdańsk, Dvořák"), ("â‚¬5â„¢", "€5™"), ("ðŸ˜€ yes", "😀 yes"),
    ("ï»¿The river", "The river"), ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚ all", "привет all"), ("Ã¢â‚¬â„¢", "’"), ("Itâ€&#8482;s", "It’s"),
    ("It&#8217;s &quot;fine&quot; &amp; good", 'It’s "fine" & good'), ("It&amp;#8217;s", "It’s"), ("&amp;amp;amp;", "&"), ("R&amp;D &lt;b&gt;", "R&D <b>"), ("a&nbsp;b", "a\xa0b"), ("&#x2019;", "’"), ("ri&shy;ver", "river"),
    ("ri\u00adver \u200b\u202eup\u202c", "river up"),
]

LEFT = [
    "PIRÃ” and CAFÉ™ are marks", "„Ä“ is a letter", "Â is a letter", "naïve café – Šibenik", "AT&T; R&D", "&foo; &bar", "a=1&copy=2", "&#10;&#0;&#xD800;", "50 % & more", "привет", "ß’ is odd", "“Æsop”", "Ångström", "Ä is in “Bär”", "ÎÏ",
]


@pytest.mark.parametrize(("raw", "meant"), MENDED)
def test_what_was_broken_reads_as_it_was_meant(raw: str, meant: str) -> None:
    found = mended(raw)
    assert found is not None
    assert found.text == meant
    assert mended(meant) is None
    undone = found.text
    for repair in reversed(found.repairs):
        undone = undone[:repair.at] + repair.before + undone[repair.at + len(repair.after):]
    assert undone == raw or not found.repairs or "\u00ad" in raw


@pytest.mark.parametrize("text", LEFT)
def test_what_only_looks_broken_is_left_alone(text: str) -> None:
    assert mended_text(text) == text


def test_a_name_with_a_mended_letter_stands_where_it_stood() -> None:
    raw = "â€œWe go,â€\x9d said Recep ErdoÄŸan of AT&amp;T.\r\n\r\nNobody was hurt, the water board said."
    found = article(raw)
    assert found.text == "“We go,” said Recep Erdoğan of AT&T.\n\nNobody was hurt, the water board said."
    for name, there in (("Erdoğan", "ErdoÄŸan"), ("AT&T", "AT&amp;T"), ("Recep", "Recep"), ("“We go,”", "â€œWe go,â€\x9d"), ("Nobody", "Nobody"), ("“", "â€œ"), ("ğ", "ÄŸ")):
        at = found.text.index(name)
        place = to_raw(found.clean_to_raw, at, at + len(name))
        assert place is not None
        assert raw[place[0]:place[1]] == there
    assert [(repair.kind, repair.before, repair.after) for repair in found.repairs] == [
        ("mojibake", "â€œ", "“"), ("mojibake", "â€\x9d", "”"), ("mojibake", "ÄŸ", "ğ"), ("entity", "&amp;", "&")]
    assert all(found.text[repair.at:repair.at + len(repair.after)] == repair.after for repair in found.repairs)


def test_mended_and_whole_text_are_one_version() -> None:
    whole = "It’s a café, the water board said.\n\nNobody was hurt."
    assert article(whole.replace("’", "â€™").replace("é", "Ã©")).version == article(whole).version == article(whole.replace("’", "&#8217;")).version


def test_a_mended_headline_is_the_headline() -> None:
    raw = "Caf&eacute; opens at the pier\n\nThe river fell, the water board said.\n\nSource: RiviÃ¨re News"
    for headline in (None, "Café opens at the pier"):
        found = article(raw, headline=headline)
        assert (found.headline, found.source_credit) == ("Café opens at the pier", "Source: Rivière News")
        first = found.segments[0]
        assert (first.kind, raw[first.start:first.end]) == (SegmentKind.HEADLINE, "Caf&eacute; opens at the pier")
        last = found.segments[-1]
        assert raw[last.start:last.end] == "Source: RiviÃ¨re News"


def test_the_text_of_a_page_is_mended_too() -> None:
    found = article(page(PARAGRAPHS.replace("The river rose", "â€œThe cafÃ©â€\x9d rose")), content_type="text/html")
    assert "“The café” rose" in found.text
    assert {repair.kind for repair in found.repairs} == {"mojibake"}
