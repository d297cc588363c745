"""Datelines: of agencies, in both orders of day and month, ambiguous ones with both days, labelled ones anywhere."""

from __future__ import annotations

import pytest

from schemas.clean_article import SegmentKind
from streams.core.cleaning.dateline import date_prefix
from tests.core.reading import BODY, article

REST = "The ferry sailed at noon, the board said."

PREFIXES = [
    ("MOSCOW, Feb 12 (Reuters) - ", "MOSCOW", "02-12"), ("LONDON (AP) — ", "LONDON", None), ("Beijing, March 3 -- ", "Beijing", "03-03"), ("TEHRAN, Feb. 14 (MNA) – ", "TEHRAN", "02-14"),
    ("Washington (CNN) ", "Washington", None), ("(Reuters) - ", None, None), ("/TASS/. ", None, None), ("Feb 14 (Reuters) - ", None, "02-14"), ("KYIV. Feb 12 (Interfax) - ", "KYIV", "02-12"),
    ("SEOUL/WASHINGTON (Reuters) - ", "SEOUL/WASHINGTON", None), ("DES MOINES, Iowa — ", "DES MOINES, Iowa", None), ("POWAY, Calif. – ", "POWAY, Calif.", None), ("PROVIDENCE, Rhode Island (AP) — ", "PROVIDENCE, Rhode Island", None),
    ("MOSCOW, February 14. /TASS/. ", "MOSCOW", "02-14"), ("Moscow, Monday, Feb 12 (TASS) - ", "Moscow", "02-12"), ("Tehran, 14 Feb 2018 (IRNA): ", "Tehran", "02-14"), ("BERLIN, 14.02.2018 (dpa) - ", "BERLIN", "02-14"),
    ("GENEVA, 2018-02-14 (AFP) - ", "GENEVA", "02-14"), ("PARIS, Feb 12, 2018 — ", "PARIS", "02-12"), ("ROME [ANSA] - ", "ROME", None), ("PORT-AU-PRINCE, Haiti (AP) — ", "PORT-AU-PRINCE, Haiti", None),
]

NO_PREFIX = [
    "Homeland Security (DHS) Secretary Ann Bee said so.", "The party (CDU) - a new one - won.", "NATO (formed in 1949) - an alliance - met.", "Ann Bee (D-Ohio) - a senator - spoke.", "May 3 (1999) - the day the dam broke.",
    "Ann Bee — the mayor — spoke.", "UPDATE 1-Ferry sinks in the river.", "Senator Bee, 12 May 1950 - 3 June 2010, was remembered.", "GRAPHIC-The river in figures.", "TIME TO SAY GOODBYE AGAIN - the river has risen.",
    "A well-known ferry/barge/ sailed.", "On Monday (Reuters) the river rose.", "BREAKING (AP) — no place here.", "The Associated Press (AP) reported it.",
]


@pytest.mark.parametrize(("prefix", "place", "day"), PREFIXES)
def test_a_paragraph_may_begin_with_an_agencys_dateline(prefix: str, place: str | None, day: str | None) -> None:
    found = date_prefix(prefix + REST)
    assert found is not None
    assert (prefix + REST)[:found.length] == prefix
    assert found.place == place
    assert (found.day and found.day.readings[0].isoformat()[5:]) == day
    whole = article(prefix + REST, published="2018-02-15")
    assert whole.text == REST
    assert whole.dateline is not None
    assert whole.dateline.text == prefix


@pytest.mark.parametrize("text", NO_PREFIX)
def test_brackets_and_dashes_alone_make_no_dateline(text: str) -> None:
    assert date_prefix(text) is None
    assert article(text).text == text


ORDERS = [
    ("14.02.2018, Moscow", "2018-02-14", ()), ("02/14/2018, Moscow", "2018-02-14", ()), ("2018-02-14, Moscow", "2018-02-14", ()), ("05.05.2018, Moscow", "2018-05-05", ()),
    ("03.02.2018, Moscow", None, ("2018-02-03", "2018-03-02")), ("02/03/2018, Moscow", None, ("2018-02-03", "2018-03-02")), ("12-11-2018, Moscow", None, ("2018-11-12", "2018-12-11")),
]


WIRES = ["14.02.2018, TASS", "TASS, 14 February 2018", "Moscow, 14.02.2018, TASS", "TASS, Moscow, 14.02.2018", "Moscow (TASS), 14 February 2018", "14.02.2018 10:15 | Moscow | TASS"]


@pytest.mark.parametrize("line", WIRES)
def test_a_wire_in_a_dateline_is_no_place(line: str) -> None:
    found = article(f"Ferry waits\n\n{line}\n\n{BODY}")
    assert found.text == BODY
    assert found.dateline is not None
    assert found.dateline.text == line
    assert found.dateline.place == ("Moscow" if "Moscow" in line else None)


@pytest.mark.parametrize(("line", "day", "either"), ORDERS)
def test_day_and_month_are_told_apart_or_both_are_kept(line: str, day: str | None, either: tuple[str, ...]) -> None:
    found = article(f"Ferry waits\n\n{line}\n\n{BODY}")
    assert found.dateline is not None
    assert (found.dateline.date and found.dateline.date.date().isoformat()) == day
    assert tuple(each.date().isoformat() for each in found.dateline.ambiguous) == either
    assert (found.published is None) == (day is None)


def test_a_day_that_another_date_settles_is_not_ambiguous() -> None:
    found = article(f"Ferry waits\n\n03.02.2018, Moscow\n\n{BODY}", published="2018-03-02")
    assert found.dateline is not None
    assert found.dateline.ambiguous == ()
    assert found.dateline.date is not None


LABELLED = ["Published: 3 May 2024", "Last updated: 3 May 2024, 10:15 GMT", "Posted on May 3, 2024", "First published 2024-05-03"]


@pytest.mark.parametrize("line", LABELLED)
def test_a_line_that_says_it_is_a_date_is_one_wherever_it_stands(line: str) -> None:
    found = article(f"{BODY}\n\n{line}")
    assert found.text == BODY
    assert found.segments[-1].kind is SegmentKind.DATELINE
    assert found.published is not None
    assert found.published.value.date().isoformat() == "2024-05-03"


def test_the_first_dateline_counts() -> None:
    found = article(f"LOWTOWN, May 2, 2024 (RNA) - {BODY}\n\nUpdated: 3 May 2024")
    assert found.dateline is not None
    assert (found.dateline.text, found.dateline.place) == ("LOWTOWN, May 2, 2024 (RNA) - ", "LOWTOWN")
    assert found.text == BODY
