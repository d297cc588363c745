"""When it was said, and through whom it came: days with bounds and basis, hops in order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from schemas.span import SpanField
from schemas.statement import Statement, StatementMode
from streams.core.statements.days_said import dated, earlier, phrases_in
from tests.core.telling import G, P, U, W, statements

REPORTED = date(2018, 2, 14)  # a Wednesday
DAYS = {
    "on Monday": ("2018-02-12", "2018-02-12", "day"),
    "on Wednesday": ("2018-02-14", "2018-02-14", "day"),
    "last Wednesday": ("2018-02-07", "2018-02-07", "day"),
    "late on Tuesday": ("2018-02-13", "2018-02-13", "day"),
    "yesterday": ("2018-02-13", "2018-02-13", "day"),
    "the day before yesterday": ("2018-02-12", "2018-02-12", "day"),
    "on February 12": ("2018-02-12", "2018-02-12", "day"),
    "December 30": ("2017-12-30", "2017-12-30", "day"),
    "on 3 January 2018": ("2018-01-03", "2018-01-03", "day"),
    "12.02.2018": ("2018-02-12", "2018-02-12", "day"),
    "on February 20": None,
    "In December 2017": ("2017-12-01", "2017-12-31", "month"),
    "in December": ("2017-12-01", "2017-12-31", "month"),
    "in March": None,
    "in 2016": ("2016-01-01", "2016-12-31", "year"),
    "last year": ("2017-01-01", "2017-12-31", "year"),
    "last month": ("2018-01-01", "2018-01-31", "month"),
    "earlier this month": ("2018-02-01", "2018-02-14", "month"),
    "last week": ("2018-02-05", "2018-02-11", None),
    "earlier this week": ("2018-02-12", "2018-02-14", None),
    "over the weekend": ("2018-02-10", "2018-02-11", None),
    "two days ago": ("2018-02-12", "2018-02-12", "day"),
    "tomorrow": None,
    "next week": None,
    "since Monday": None,
    "at a meeting": None,
}


@pytest.mark.parametrize("phrase", DAYS)
def test_a_phrase_means(phrase: str) -> None:
    found = dated(phrase, REPORTED, "en")
    assert (found and (found.first.isoformat(), found.last.isoformat(), found.precision and found.precision.value)) == DAYS[phrase]


def test_without_a_day_of_the_report_only_a_year_means_something() -> None:
    assert [dated(phrase, None, "en") for phrase in ("on Monday", "February 12", "in May", "yesterday")] == [None] * 4
    assert dated("on 3 January 2018", None, "en") is not None


def test_a_day_earlier_counts_from_the_day_told_last() -> None:
    told = dated("on December 29", date(2018, 1, 3), "en")
    found = earlier("a day earlier", told, "en")
    assert found is not None
    assert found.first == date(2017, 12, 28)
    assert earlier("a day earlier", None, "en") is None


def test_words_that_may_be_months_are_none_in_lower_case() -> None:
    text = "He may march on Monday, as in May, since Tuesday."
    assert [match[0] for match in phrases_in(text, 0, len(text), "en")] == ["on Monday", "in May"]


NAMED: dict[str, Any] = {"Ines Varga": P, "Varga": P, "Ivo Lund": P, "Reuters": W, "TASS": W, "Xinhua": W, "Lisbon": G}
SAFE = "the bridge is safe"


def day(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None


def bounds(statement: Statement) -> tuple[str | None, str | None, str]:
    return day(statement.said_on.not_before), day(statement.said_on.not_after), statement.said_on.basis


def hops(statement: Statement) -> list[str]:
    return [" ".join(part for part in (hop.actor, day(hop.date)) if part) for hop in statement.chain]


def one(sentence: str, parts: dict[str, Any], **given: Any) -> Statement:
    return statements(sentence, NAMED, [(sentence, SAFE, {"source": "Ines Varga"} | parts)], **given)[0]


TIMES: dict[str, tuple[str, dict[str, Any], dict[str, Any], tuple[str | None, str | None, str]]] = {
    "the phrase of the saying": ("Ines Varga said on Monday the bridge is safe.", {"when": "on Monday"}, {}, ("2019-03-04", "2019-03-04", "text:weekday")),
    "a phrase behind the cue": ("Ines Varga said on Monday the bridge is safe.", {}, {}, ("2019-03-04", "2019-03-04", "text:weekday")),
    "a phrase before the cue": ("Ines Varga on Monday said the bridge is safe.", {}, {}, ("2019-03-04", "2019-03-04", "text:weekday")),
    "the beginning of the sentence": ("On Monday, Ines Varga said the bridge is safe.", {}, {}, ("2019-03-04", "2019-03-04", "text:weekday")),
    "a phrase behind the words": ("Ines Varga said the bridge is safe on Monday.", {}, {}, ("2019-03-04", "2019-03-04", "text:weekday")),
    "a phrase of somebody else's": ("Ines Varga, whom Ivo Lund met on Monday in Lisbon, said the bridge is safe.", {}, {}, (None, "2019-03-05", "published")),
    "a year inferred": ("On December 30, Ines Varga said the bridge is safe.", {}, {}, ("2018-12-30", "2018-12-30", "text:day_without_year,year_inferred")),
    "the day of publication bounds": ("Ines Varga said the bridge is safe.", {}, {}, (None, "2019-03-05", "published")),
    "no day at all": ("Ines Varga said the bridge is safe.", {}, {"published": None}, (None, None, "none")),
    "an agency's day bounds": (
        "Ines Varga said the bridge is safe, TASS reports on March 2.", {}, {}, (None, "2019-03-02", "wire")),
    "a position held again and again": (
        "Ines Varga has repeatedly said the bridge is safe.", {"recurring": True}, {}, (None, "2019-03-05", "recurring")),
}


@pytest.mark.parametrize("name", TIMES)
def test_it_was_said_on(name: str) -> None:
    sentence, parts, given, wanted = TIMES[name]
    statement = one(sentence, parts, **given)
    assert bounds(statement) == wanted
    assert statement.said_on.value is None or day(statement.said_on.value) in wanted


def test_the_crawl_dates_nothing() -> None:
    statement = one("Ines Varga said on Monday the bridge is safe.", {}, published=None)
    assert (statement.said_on.value, statement.said_on.basis, statement.reported_on) == (None, "none", None)


def test_the_day_of_a_lead_dates_its_one_saying() -> None:
    text = "Ines Varga opened the bridge on Monday and said it is safe.\n\nVarga said it is old."
    specs = [("Ines Varga opened the bridge on Monday and said it is safe.", "it is safe", {"source": "Ines Varga"}),
             ("Varga said it is old.", "it is old", {"source": "Varga"})]
    found = statements(text, NAMED, specs)
    assert [bounds(each) for each in found] == [("2019-03-04", "2019-03-04", "text:lead"), ("2019-03-04", "2019-03-04", "inherited:lead")]


def test_an_earlier_sentence_sets_the_time_of_whom_it_names() -> None:
    text = "In June 2018, Ines Varga opened the bridge. Varga said the bridge is safe. Ivo Lund said it is old."
    found = statements(text, NAMED, [
        ("Varga said the bridge is safe.", SAFE, {"source": "Varga"}), ("Ivo Lund said it is old.", "it is old", {"source": "Ivo Lund"})])
    assert bounds(found[0]) == ("2018-06-01", "2018-06-30", "inherited:month")
    assert bounds(found[1])[2] == "published"


CHAINS: dict[str, tuple[str, list[str]]] = {
    "told": ("Ines Varga told Reuters that the bridge is safe.", ["Ines Varga", "Reuters", "Harbour Gazette 2019-03-05"]),
    "reports on a day": ("Ines Varga said the bridge is safe, TASS reports on March 2.", ["Ines Varga", "TASS 2019-03-02", "Harbour Gazette 2019-03-05"]),
    "according to": ("Ines Varga said the bridge is safe, according to TASS.", ["Ines Varga", "TASS", "Harbour Gazette 2019-03-05"]),
    "as reported by": ("Ines Varga said the bridge is safe, as reported by the agency Xinhua.", ["Ines Varga", "Xinhua", "Harbour Gazette 2019-03-05"]),
    "inverted": ("Ines Varga said the bridge is safe, reports TASS.", ["Ines Varga", "TASS", "Harbour Gazette 2019-03-05"]),
    "nested": (
        "Ines Varga told Xinhua that the bridge is safe, TASS reported on Monday, citing Reuters.",
        ["Ines Varga", "Xinhua", "Reuters", "TASS 2019-03-04", "Harbour Gazette 2019-03-05"]),
    "an agency that did nothing": ("Ines Varga said the bridge is safe, and TASS has an office there.", ["Ines Varga", "Harbour Gazette 2019-03-05"]),
    "media without a name": ("Ines Varga said the bridge is safe, state media reported.", ["Ines Varga", "state media", "Harbour Gazette 2019-03-05"]),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_words_came_through(name: str) -> None:
    sentence, chain = CHAINS[name]
    cue = "told" if " told " in sentence else "said"
    assert hops(one(sentence, {"cue": cue}, outlet="Harbour Gazette")) == chain


def test_an_agencys_report_of_others_words_is_no_statement() -> None:
    sentence = "Ines Varga said the bridge is safe, TASS reports on March 2."
    wire = (sentence, "Ines Varga said the bridge is safe", {"cue": "reports", "source": "TASS"})
    found = statements(sentence, NAMED, [(sentence, SAFE, {"source": "Ines Varga"}), wire])
    assert [each.speaker and each.speaker.name for each in found] == ["Ines Varga"]


def test_an_agency_that_reports_facts_speaks_and_is_not_official() -> None:
    sentence = "The bridge fell, TASS reports."
    (found,) = statements(sentence, NAMED, [(sentence, "The bridge fell", {"cue": "reports", "source": "TASS"})])
    assert found.speaker is not None
    assert (found.speaker.name, found.official.is_official) == ("TASS", False)


def test_whom_an_agency_cites_is_the_speaker() -> None:
    sentence = "TASS reported on Monday that the bridge is safe, citing Ines Varga."
    (found,) = statements(sentence, NAMED, [(sentence, SAFE, {"cue": "reported", "source": "TASS"})], outlet="Harbour Gazette")
    assert hops(found) == ["Ines Varga", "TASS 2019-03-04", "Harbour Gazette 2019-03-05"]


def test_the_leads_agency_carries_on_for_its_speaker_only() -> None:
    text = "Ines Varga said the bridge is safe, TASS reports.\n\nVarga said it is old. Ivo Lund said it is new.\n\nIn June 2018, Varga said it is long."
    found = statements(text, NAMED, [
        ("Ines Varga said the bridge is safe, TASS reports.", SAFE, {"source": "Ines Varga"}),
        ("Varga said it is old.", "it is old", {"source": "Varga"}), ("Ivo Lund said it is new.", "it is new", {"source": "Ivo Lund"}),
        ("In June 2018, Varga said it is long.", "it is long", {"source": "Varga"})])
    assert [hops(each) for each in found] == [["Ines Varga", "TASS"], ["Ines Varga", "TASS"], ["Ivo Lund"], ["Ines Varga"]]
    assert "chain:lead" in found[1].rules


def test_a_leads_agency_carries_whom_it_names_even_when_nothing_is_read_there() -> None:
    text = "Ines Varga spoke of bridges, TASS reports.\n\nVarga said it is old. Ivo Lund said it is new."
    found = statements(text, NAMED, [
        ("Varga said it is old.", "it is old", {"source": "Varga"}), ("Ivo Lund said it is new.", "it is new", {"source": "Ivo Lund"})])
    assert [hops(each) for each in found] == [["Ines Varga", "TASS"], ["Ivo Lund"]]


def test_whom_words_were_told_carries_nothing_on() -> None:
    text = "Ines Varga told Reuters that the bridge is safe. Varga said it is old."
    found = statements(text, NAMED, [
        ("Ines Varga told Reuters that the bridge is safe.", SAFE, {"source": "Ines Varga", "cue": "told"}),
        ("Varga said it is old.", "it is old", {"source": "Varga"})])
    assert [hops(each) for each in found] == [["Ines Varga", "Reuters"], ["Ines Varga"]]


def test_a_datelines_agency_and_the_credited_source_carry_everything() -> None:
    text = "LISBON, March 4 (Reuters) - Ines Varga said on Sunday the bridge is safe."
    found = statements(
        text + LAST_CREDIT, NAMED | {"Harbour Wire": U}, [("Ines Varga said on Sunday the bridge is safe.", SAFE, {"source": "Ines Varga"})])
    assert hops(found[0]) == ["Ines Varga", "Reuters 2019-03-04", "Harbour Wire 2019-03-05"]
    assert bounds(found[0])[:2] == ("2019-03-03", "2019-03-03")


LAST_CREDIT = "\n\nThe road over it was opened in the spring, and many people came to see it.\n\nSource: Harbour Wire"


def test_a_headline_has_the_day_and_the_hops_of_what_it_summarises() -> None:
    text = "Ines Varga said on Monday that the old bridge of Lisbon is safe for lorries, TASS reports."
    found = statements(text, NAMED, [
        ("Varga: bridge of Lisbon safe for lorries", "bridge of Lisbon safe for lorries", {"source": "Varga", "cue": ":", "mode": StatementMode.HEADLINE}, SpanField.HEADLINE),
        (text, "the old bridge of Lisbon is safe for lorries", {"source": "Ines Varga"})], headline="Varga: bridge of Lisbon safe for lorries")
    assert found[0].rendition_of == found[1].statement_id
    assert (hops(found[0]), bounds(found[0])) == (hops(found[1]), bounds(found[1]))


@pytest.mark.parametrize("reported", [date.min, date(1, 3, 1), date(9999, 12, 31), date(9999, 6, 1)])
def test_at_the_ends_of_time_a_phrase_means_a_day_or_nothing(reported: date) -> None:
    for phrase in (*DAYS, "999 years ago", "in December 0000", "December 9999", "on 31 December 9999", "two weeks ago"):
        found = dated(phrase, reported, "en")
        assert found is None or found.first <= found.last
        assert earlier("two weeks earlier", found, "en") is None or found
