"""The registry: days that are not known exactly, names, who held what, and the compiled bytes."""

from datetime import date

import pytest

from streams.core.offices.merge import merged
from streams.core.offices.model import Held, Office, Tenure, fuzzy, held
from streams.core.offices.names import alike, normal
from streams.core.offices.packed import EMPTY, Packed, pack
from streams.core.offices.registry import Registry
from streams.core.offices.rows import Row, tenure_of, wrong
from streams.core.outcome import Permanent


def row(name="Ivo Marek", title="President", **given):
    days = {key: fuzzy(given.pop(key)) for key in ("start", "end") if key in given}
    as_of = date.fromisoformat(given.pop("as_of")) if "as_of" in given else None
    return Row(name, title, country=given.pop("country", "XK"), as_of=as_of, **days, **given)


def tenure(**given):
    return tenure_of(row(**given))


@pytest.mark.parametrize(("text", "first", "last"), [
    ("2012", date(2012, 1, 1), date(2012, 12, 31)),
    ("2012-02", date(2012, 2, 1), date(2012, 2, 29)),
    ("2012-12", date(2012, 12, 1), date(2012, 12, 31)),
    ("2012-05-07", date(2012, 5, 7), date(2012, 5, 7)),
    ("9999-12", date(9999, 12, 1), date(9999, 12, 31)),
    ("0001", date(1, 1, 1), date(1, 12, 31)),
    ("2012-05-07/2013-01-02", date(2012, 5, 7), date(2013, 1, 2)),
])
def test_a_day_is_somewhere_between_its_bounds_and_is_written_back_as_it_was(text, first, last):
    assert fuzzy(text) == (first, last)
    assert str(fuzzy(text)) == text


@pytest.mark.parametrize("text", ["20", "2012-13", "2012-05-07T00:00", "abcd", "2012-02-30"])
def test_what_is_no_day_is_an_error(text):
    with pytest.raises(ValueError, match=r".+"):
        fuzzy(text)


@pytest.mark.parametrize(("given", "on", "expected"), [
    ({"start": "2012-05-07", "end": "2018-05-07"}, "2012-05-06", Held.NO),
    ({"start": "2012-05-07", "end": "2018-05-07"}, "2012-05-07", Held.YES),
    ({"start": "2012-05-07", "end": "2018-05-07"}, "2018-05-07", Held.YES),
    ({"start": "2012-05-07", "end": "2018-05-07"}, "2018-05-08", Held.NO),
    ({"start": "2012", "end": "2018"}, "2012-06-01", Held.UNSURE),
    ({"start": "2012", "end": "2018"}, "2011-12-31", Held.NO),
    ({"start": "2012", "end": "2018"}, "2013-01-01", Held.YES),
    ({"start": "2012", "end": "2018"}, "2018-06-01", Held.UNSURE),
    ({"start": "2012", "end": "2018"}, "2019-01-01", Held.NO),
    ({"start": "2012-05-07", "as_of": "2020-01-01"}, "2020-01-01", Held.YES),
    ({"start": "2012-05-07", "as_of": "2020-01-01"}, "2020-01-02", Held.UNSURE),
    ({"start": "2012-05-07"}, "2013-01-01", Held.UNSURE),
    ({"end": "2018-05-07"}, "2013-01-01", Held.UNSURE),
    ({"end": "2018-05-07"}, "2018-05-08", Held.NO),
    ({"start": "2018-05-07", "end": "2012-05-07", "as_of": "2020-01-01"}, "2013-01-01", Held.UNSURE),
])
def test_an_office_open_at_a_day_says_nothing_of_later_days(given, on, expected):
    assert held(tenure(**given), date.fromisoformat(on)) is expected


REGISTRY = Registry.of(merged([
    row("Ivo Marek", "President", start="2012-05-07", end="2018-05-07", qid="Q90000001"),
    row("Jana Nováková", "President", start="2018-05-07", as_of="2022-01-01", qid="Q90000002", aliases=("Jana Novak",)),
    row("Petr Kalandra", "Deputy Minister of Foreign Affairs", start="2012", end="2020"),
    row("Ada Lindqvist", "Secretary General of NATO", start="2014-10-01", end="2024-10-01", country=None),
    row("Kim Son-ho", "Minister of Foreign Affairs", start="2012", end="2020", country="KR"),
]))


@pytest.mark.parametrize(("name", "found"), [
    ("Ivo Marek", ["Ivo Marek"]), ("IVO MAREK", ["Ivo Marek"]), ("I. Marek", ["Ivo Marek"]),
    ("Jana Novakova", ["Jana Nováková"]), ("Jana Novak", ["Jana Nováková"]), ("Kim Son Ho", ["Kim Son-ho"]),
    ("Ivo J. Marek", ["Ivo Marek"]), ("Marek", []), ("Ivo", []), ("", []), ("Ivo Novak", []), ("…", []),
])
def test_people_are_found_by_full_name_alias_and_initial_never_by_a_bare_surname(name, found):
    assert [person.name for person in REGISTRY.people(name)] == found


def test_rows_of_one_name_country_and_office_are_one_person():
    both = Registry.of(merged([
        row("Jana Nová", "President", start="2018", qid="Q90000002"), row("Jana Nová", "President", start="2018-05"),
        row("Jana Nová", "Minister of Finance", start="2010"),
    ]))
    [person] = both.people("Jana Nová")
    assert [(each.title, str(each.start)) for each in both.tenures(person)] == [
        ("Minister of Finance", "2010"), ("President", "2018-05"),
    ]


def test_a_namesake_with_an_id_and_another_office_stays_another_person():
    two = Registry.of(merged([row("Jan Vos", "President", qid="Q90000001"), row("Jan Vos", "Minister of Finance")]))
    assert sorted(str(person.qid) for person in two.people("Jan Vos")) == ["None", "Q90000001"]


def test_namesakes_without_an_id_in_two_countries_stay_two_people():
    two = Registry.of(merged([row("Jan Vos", "President", country="NL"), row("Jan Vos", "President", country="BE")]))
    assert len(two.people("Jan Vos")) == 2


@pytest.mark.parametrize(("office", "country", "body", "on", "names"), [
    (Office.HEAD_OF_STATE, "XK", None, "2015-01-01", ["Ivo Marek"]),
    (Office.HEAD_OF_STATE, "XK", None, "2020-01-01", ["Jana Nováková"]),
    (Office.HEAD_OF_STATE, "XK", None, "2023-01-01", []),
    (Office.HEAD_OF_STATE, None, None, "2015-01-01", ["Ivo Marek"]),
    (Office.HEAD_OF_STATE, "FR", None, "2015-01-01", []),
    (Office.FOREIGN_MINISTER, "XK", None, "2015-01-01", []),
    (Office.INTL_ORG_HEAD, None, "nato", "2020-01-01", ["Ada Lindqvist"]),
    (Office.INTL_ORG_HEAD, None, "un", "2020-01-01", []),
])
def test_holders_are_those_who_surely_held_it_and_no_deputies(office, country, body, on, names):
    assert [each.name for each in REGISTRY.holders(office, country, body, date.fromisoformat(on))] == names


def test_the_empty_registry_knows_nobody():
    nobody = Registry.empty()
    assert (len(nobody), nobody.people("Ivo Marek"), nobody.holders(Office.HEAD_OF_STATE, "XK", None, date(2015, 1, 1))) == (0, (), ())


@pytest.mark.parametrize("broken", [b"", b"COFFICE0" + EMPTY[8:], EMPTY[:40], pack(merged([row()]))[:-16]])
def test_bytes_that_are_no_registry_are_refused(broken):
    with pytest.raises(Permanent, match="offices"):
        Packed(broken)


def test_the_order_of_the_rows_does_not_change_the_bytes():
    rows = [
        row("Ivo Marek", "President", start="2012-05", end="2018", qid="Q90000001", source="b"),
        row("Ivo Marek", "President", start="2012-05-07", end="2018-05-07", source="a"),
        row("I. Marek", "Head of State", start="2001", qid="Q90000001", source="c"),
        row("Ada Lindqvist", "Secretary General of NATO", country=None, source="a"),
    ]
    assert pack(merged(rows)) == pack(merged(reversed(rows))) == pack(merged([*rows, *rows]))


def test_two_accounts_of_one_tenure_close_in_where_they_agree_and_open_where_they_do_not():
    [entry] = merged([
        row(start="2012", end="2018-05-07", qid="Q90000001"), row(start="2012-05-07", end="2018-05-20", qid="Q90000001"),
    ])
    [tenure] = entry.tenures
    assert (str(tenure.start), str(tenure.end)) == ("2012-05-07", "2018-05-07/2018-05-20")
    assert held(tenure, date(2018, 5, 10)) is Held.UNSURE


def test_days_at_the_ends_of_time_are_merged_like_others():
    [entry] = merged([row(start="0001", end="9999-12", qid="Q90000001"), row(start="0001-01-01", end="9999-12-31", qid="Q90000001")])
    assert [(str(each.start), str(each.end)) for each in entry.tenures] == [("0001-01-01", "9999-12-31")]


def test_an_end_that_one_source_knows_counts_and_the_later_day_it_was_open_at():
    [entry] = merged([row(start="2012-05-07", as_of="2016-01-01", qid="Q90000001"), row(start="2012-05-07", end="2018", qid="Q90000001")])
    assert [str(each.end) for each in entry.tenures] == ["2018"]
    [entry] = merged([row(start="2012", as_of="2016-01-01", qid="Q90000001"), row(start="2012", as_of="2020-01-01", qid="Q90000001")])
    assert [each.as_of for each in entry.tenures] == [date(2020, 1, 1)]


@pytest.mark.parametrize(("title", "office", "rank", "body", "deputy"), [
    ("Minister of Foreign Affairs", Office.FOREIGN_MINISTER, "foreign_minister", "foreign_ministry", False),
    ("Minister for Europe and Foreign Affairs", Office.FOREIGN_MINISTER, "foreign_minister", "foreign_ministry", False),
    ("Deputy Minister of Finance", Office.FINANCE_MINISTER, "finance_minister", "finance_ministry", True),
    ("Minister of Economy and Finance", Office.FINANCE_MINISTER, "finance_minister", "finance_ministry", False),
    ("Minister of Justice", Office.MINISTER, "justice_minister", "justice_ministry", False),
    ("Federal Chancellor", Office.HEAD_OF_GOVERNMENT, "prime_minister", "premiership", False),
    ("Vice President", Office.DEPUTY_HEAD, "vice_president", None, False),
    ("Governor of the Central Bank", Office.CENTRAL_BANK, "central_banker", "central_bank", False),
    ("President of the European Central Bank", Office.CENTRAL_BANK, "central_banker", "ecb", False),
    ("Government Spokesperson", Office.SPOKESPERSON, "spokesperson", "government", False),
    ("Press Secretary for the President of Russia", Office.SPOKESPERSON, "spokesperson", "presidency", False),
    ("ambassador to Hungary", Office.AMBASSADOR, "ambassador", "to:HU", False),
    ("member of the House of Commons", Office.LEGISLATOR, "legislator", "parliament", False),
    ("Chief Justice", Office.OTHER, "judge", None, False),
    ("Mistress of the Robes", Office.OTHER, "mistress of the robes", None, False),
])
def test_titles_of_registries_are_read_by_the_grammar_of_texts(title, office, rank, body, deputy):
    found = tenure(title=title)
    assert (found.office, found.rank, found.body, found.deputy) == (office, rank, body, deputy)


def test_a_secretary_of_state_is_a_foreign_minister_in_washington_and_a_junior_minister_elsewhere():
    assert tenure(title="Secretary of State", country="US").office is Office.FOREIGN_MINISTER
    assert tenure(title="Secretary of State", country="FR").deputy


@pytest.mark.parametrize(("bad", "why"), [
    (row(name=""), "no name"), (row(title=" "), "no name or no title"), (row(qid="42"), "Wikidata id"),
    (row(position="Q0"), "Wikidata id"), (row(country="Russia"), "ISO 3166"), (row(name="a" * 401), "400"),
    (row(aliases=("b" * 500,)), "400"),
])
def test_a_row_that_cannot_be_used_says_why(bad, why):
    assert why in wrong(bad)
    assert wrong(row()) is None


@pytest.mark.parametrize(("one", "other", "expected"), [
    ("Wladimir Putin", "Vladimir Putin", True), ("Sergei Lavrow", "Sergey Lavrov", True), ("Dmitry Peskov", "Vladimir Putin", False),
    ("Naruhito", "Naruhito", True), ("Ivo Marek", "Ivo Malek", False), ("Xi", "Xi Jinping", False),
])
def test_names_spelled_otherwise_are_alike(one, other, expected):
    assert alike(one, other) is expected


def test_a_name_in_normal_form_stays_as_it_is():
    for name in ("Recep Tayyip Erdoğan", "J.D. Vance", "Владимир Путин", "Gideon Sa’ar", "王毅", "ß\u0301"):
        assert normal(normal(name)) == normal(name)


def test_tenures_come_earliest_first():
    [entry] = merged([row(title="Senator", start="2018"), row(title="Mayor", start="1999")])
    assert [each.title for each in entry.tenures] == ["Mayor", "Senator"]
    assert all(isinstance(each, Tenure) for each in entry.tenures)
