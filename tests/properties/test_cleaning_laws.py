"""Laws of clean on plain text: exact maps, nothing deleted, done once is done, a re-crawl is the same version.

Texts are put together from what pages hold: mojibake, entities, odd line ends, invisible characters, furniture.
"""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.clean_article import CleanArticle, SegmentKind
from schemas.span import SpanField
from streams.core.cleaning.characters import INVISIBLE, why_not_text
from streams.core.cleaning.mending import mended, mended_text
from streams.core.cleaning.offsets import to_raw
from streams.core.cleaning.quotations import quotations
from streams.core.outcome import Refused
from streams.core.tagging.fields import fields_of, raw_place
from tests.core.reading import BODY, article, outcome

SCRAPS = [
    "â€œ", "â€\x9d", "â€", "â€™", "Ã©", "Ã\xad", "Â\xa0", "Ã¢â‚¬â„¢", "ï»¿", "ðŸ˜€", "Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "ErdoÄŸan", "Ä“", "&quot;", "&amp;#8217;", "&amp;", "&nbsp;", "&#10;", "&am\u00adp;",
    "\r\n", "\n", "\n\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\t", "\ufeff", "\u00ad", "\u200b", "\u200d", "\u200e", "\u202e", "\u2066", "\xa0", "\u3000",
    "e\u0301", "\U0001f600", "\U00020000", "ﬁ", "“", "”", '"', "‘", "’", "«", "»", "``", "''", "The river rose.", "Ann Bee", "MOSCOW, Feb 12 (RNA) - ", "03.02.2024, Lowtown",
    "Read also: A mill opens", "five × four =", "Leave a Reply", "Source: RNA", " ", ". ", ", he said", "A", "x",
]
TEXTS = st.lists(st.sampled_from(SCRAPS) | st.text(max_size=6), max_size=24).map("".join)


def cleaned(raw: str) -> CleanArticle | None:
    found = outcome(raw)
    return None if isinstance(found, Refused) else found


@settings(max_examples=500, deadline=None)
@given(TEXTS, st.data())
@example("â€œWe goâ€\x9d, Ã©\u00ad", None)
def test_every_span_slices_the_same_on_both_sides_or_covers_what_was_mended(raw: str, draw: st.DataObject | None) -> None:
    found = cleaned(raw)
    if found is None:
        return
    for piece in found.clean_to_raw:
        assert found.text[piece.clean:piece.clean + piece.length] == raw[piece.raw:piece.raw + piece.length]
    start = draw.draw(st.integers(0, len(found.text) - 1)) if draw else 0
    end = draw.draw(st.integers(start + 1, len(found.text))) if draw else len(found.text)
    span = found.text[start:end]
    if span.startswith("\n") or span.endswith("\n"):
        return                                                                     # a line end of ours
    place = to_raw(found.clean_to_raw, start, end)
    assert place is not None
    there = raw[place[0]:place[1]]
    if "\n" not in span:
        mend = mended(there)
        seen = mend.text if mend else INVISIBLE.sub("", there)
        assert span in seen or any(start <= repair.at < end or repair.at <= start < repair.at + len(repair.after) for repair in found.repairs)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_fields_that_have_a_place_are_slices_of_the_raw_text(raw: str) -> None:
    found = cleaned(raw)
    if found is None or mended(raw):
        return
    for field in fields_of(found):
        if field.name is not SpanField.TEXT and field.raw_start is not None:
            start, end = raw_place(found, field, 0, len(field.text))
            assert raw[start:end] == field.text


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_cleaning_again_changes_nothing(raw: str) -> None:
    found = cleaned(raw)
    if found is None or why_not_text(found.text):
        return
    again = article(found.text, headline=found.headline)
    assert (again.text, again.version) == (found.text, found.version)
    assert [each for each in again.repairs if "quote" in each.kind] == [each for each in found.repairs if "quote" in each.kind]


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_segments_are_in_order_and_nothing_that_can_be_read_lies_between_them(raw: str) -> None:
    found = cleaned(raw)
    if found is None:
        return
    at = 0
    for segment in found.segments:
        assert at <= segment.start < segment.end <= len(raw)
        assert not any(c.isalnum() for c in mended_text(raw[at:segment.start]))
        at = segment.end
    assert not any(c.isalnum() for c in mended_text(raw[at:]))
    assert any(segment.kind is SegmentKind.BODY for segment in found.segments)


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_mending_twice_is_mending_once_and_every_repair_can_be_undone(raw: str) -> None:
    found = mended(raw)
    if found is None:
        return
    assert mended(found.text) is None
    for repair in found.repairs:
        assert found.text[repair.at:repair.at + len(repair.after)] == repair.after
    for run in found.runs:
        assert found.text[run.clean:run.clean + run.length] == raw[run.raw:run.raw + run.length]


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_every_recorded_quotation_repair_belongs_to_a_quotation(raw: str) -> None:
    found = cleaned(raw)
    if found is None or found.language.code != "en":
        return
    kinds = [kind for each in quotations(found.text, found.repairs) for kind in each.defects]
    assert len(kinds) == sum("quote" in repair.kind for repair in found.repairs)


NUMBER = st.integers(0, 99)
FIGURE = NUMBER.map(str) | st.sampled_from(["one", "two", "five", "nine", "eleven", "twenty two", "", "?", "[ ]"])
CAPTCHA = st.tuples(FIGURE, st.sampled_from([" + ", " × ", " − ", " - ", " x ", "+", " plus ", " minus "]), FIGURE, st.sampled_from([" =", " = ", "="]), FIGURE).map("".join)
MOVING = st.tuples(
    CAPTCHA, NUMBER.map("{} Comments".format), NUMBER.map("Views: {}".format), st.sampled_from(["Advertisement", "Story continues below", "ADVERTISEMENT", "Sponsored"]),
    st.sampled_from(["Read also: The mill opens", "Read more: A bridge is closed", "Related: Rain again"]), st.sampled_from(["Facebook", "Twitter", "WhatsApp"]).map("Share on {}".format),
)


@settings(max_examples=200, deadline=None)
@given(MOVING, MOVING)
def test_a_crawl_with_another_captcha_advert_or_count_is_the_same_version(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    def crawl(moving: tuple[str, ...]) -> CleanArticle:
        captcha, comments, views, advert, related, share = moving
        first, second = BODY.split("\n\n")
        return article(f"{views}\n\n{first}\n\n{advert}\n\n{related}\n\n{second}\n\n{share}\n\n{comments}\n\nLeave a Reply\n\n{captcha}\n")
    assert crawl(one).version == crawl(other).version == article(BODY).version
