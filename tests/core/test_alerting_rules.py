"""Rules as TOML: what is read, and every mistake at once, with its line and the nearest name."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alert import Severity
from schemas.quiet_hours import QuietHours, Weekday
from streams.core.alerting.quiet import endless, quiet_until, zone_of
from streams.core.alerting.rules import MAX_CHARS, MAX_MISTAKES, parse, together

WHOLE = """
[[rule]]
name = "kremlin"
version = 7
about = "the Kremlin on Syria"
speaker = ["Dmitry Peskov", "Q1"]
office = "spokesperson"
organisation = "Kremlin"
country = ["Russia", "GB"]
kind = "person"
official = "any"
speech_act = ["deny", "assert"]
mode = "direct"
words = ["Syria", "cease-fire", "sanct*"]
entities = "Q858"
without_words = "sport"
language = "en"
outlet = "tass.com"
wire = "TASS"
min_confidence = 0.5
min_independent_origins = 2
novelty = ["new", "update"]
freshness_hours = 24
severity = "critical"
group_by = ["speaker", "proposition"]
wait_seconds = 0
channels = "desk"
digest_hours = 12
expires = 2026-12-31
expires_after_seconds = 60
[[rule.quiet_hours]]
days = "sat"
begins = 22:00:00
ends = "06:30"
zone = "Europe/Oslo"
critical_passes = false
"""


def one(text):
    parsed = parse(text)
    assert parsed.mistakes == ()
    [rule] = parsed.rules
    return rule


def told(text):
    return [str(each) for each in parse(text).mistakes]


def test_a_whole_rule_is_read():
    rule = one(WHOLE)
    assert (rule.name, rule.version, rule.about) == ("kremlin", "7", "the Kremlin on Syria")
    assert (rule.speaker, rule.office, rule.official) == (("Dmitry Peskov", "Q1"), ("spokesperson",), None)
    assert (rule.organisation, rule.country, rule.kind, rule.mode) == (("Kremlin",), ("Russia", "GB"), ("person",), ("direct",))
    assert (rule.words, rule.entities, rule.without_words) == (("Syria", "cease-fire", "sanct*"), ("Q858",), ("sport",))
    assert (rule.language, rule.outlet, rule.wire, rule.speech_act) == (("en",), ("tass.com",), ("TASS",), ("deny", "assert"))
    assert (rule.min_confidence, rule.min_independent_origins, rule.novelty) == (0.5, 2, ("new", "update"))
    assert (rule.freshness_hours, rule.severity, rule.group_by) == (24, "critical", ("speaker", "proposition"))
    assert (rule.wait_seconds, rule.channels, rule.digest_hours) == (0, ("desk",), 12)
    assert (rule.expires, rule.expires_after_seconds) == (datetime(2026, 12, 31, tzinfo=UTC), 60)
    assert rule.quiet_hours == (QuietHours(days=("sat",), begins="22:00", ends="06:30", zone="Europe/Oslo", critical_passes=False),)


def test_a_rule_may_be_named_by_its_table():
    assert one('[rules.bank]\noffice = "central_bank"').name == "bank"


def test_a_rule_that_says_nothing_else_is_official_new_fresh_and_minor():
    rule = one('[rules.bank]\noffice = "central_bank"')
    assert (rule.official, rule.novelty, rule.freshness_hours, rule.severity, rule.enabled) == (True, ("new",), 72, "info", True)
    assert (rule.channels, rule.group_by, rule.quiet_hours, rule.expires, rule.wait_seconds) == ((), (), (), None, None)


def test_a_version_that_nobody_numbers_is_a_hash_of_what_the_rule_says():
    text = '[rules.a]\noffice = "{}"\nabout = "{}"'
    first, same, other = (one(text.format(*each)).version for each in (("minister", "x"), ("minister", "y"), ("other", "x")))
    assert first == same != other
    assert len(first) == 12


RULE = '[[rule]]\nname = "r"\noffice = "minister"\n'
MISTAKES = [
    ("[[rule]]\nname = 'r'\nofice = 'minister'\n", ["rules.toml:3: [r] ofice is nothing known here: did you mean office?", "rules.toml:1: [r] asks for nothing: give it a condition (office, speaker, words, …)"]),
    ("[[rule]]\nname = 'r'\noffice = 'ministre'\n", ["rules.toml:3: [r] office: nobody knows 'ministre': did you mean minister?"]),
    ("[[rule]]\nname = 'r'\noffice = 'x'\n", ["rules.toml:3: [r] office: nobody knows 'x': there are head_of_state, head_of_government, deputy_head, foreign_minister, defence_minister, finance_minister, interior_minister, minister, spokesperson, central_bank, intl_org_head, ambassador, legislator, other"]),
    (RULE + "kind = 'persons'\n", ["rules.toml:4: [r] kind: nobody knows 'persons': did you mean person?"]),
    (RULE + "speech_act = ['denyed']\n", ["rules.toml:4: [r] speech_act: nobody knows 'denyed': did you mean deny?"]),
    (RULE + "group_by = ['speakers']\n", ["rules.toml:4: [r] group_by: nobody knows 'speakers': did you mean speaker?"]),
    (RULE + "severity = 'criticl'\n", ["rules.toml:4: [r] severity: nobody knows 'criticl': did you mean critical?"]),
    (RULE + "severity = ['info']\n", ["rules.toml:4: [r] severity is text, or a list of texts in brackets"]),
    (RULE + "novelty = 'news'\n", ["rules.toml:4: [r] novelty: nobody knows 'news': did you mean new?"]),
    (RULE + "country = 'Norwey'\n", ["rules.toml:4: [r] country: 'Norwey' is none, or several (write its two letters): did you mean Norway?"]),
    (RULE + "country = 'Georgia'\n", ["rules.toml:4: [r] country: 'Georgia' is none, or several (write its two letters)"]),
    (RULE + "country = 'Q999999'\n", ["rules.toml:4: [r] country: 'Q999999' is none, or several (write its two letters)"]),
    (RULE + "language = 'english'\n", ["rules.toml:4: [r] language: 'english' is no code of two letters such as en"]),
    (RULE + "words = 7\n", ["rules.toml:4: [r] words is text, or a list of texts in brackets"]),
    (RULE + "words = ['a', 7]\n", ["rules.toml:4: [r] words is text, or a list of texts in brackets"]),
    (RULE + "words = ''\n", ["rules.toml:4: [r] words has an empty text", "rules.toml:4: [r] words: '' has no word"]),
    (RULE + "words = '***'\n", ["rules.toml:4: [r] words: '***' has no word"]),
    (RULE + "words = 'ab*'\n", ["rules.toml:4: [r] words: 'ab*': before * there must be 3 letters"]),
    (RULE + "words = '*abc'\n", ["rules.toml:4: [r] words: '*abc': before * there must be 3 letters"]),
    (RULE + "words = 'a b c d e f g h i'\n", ["rules.toml:4: [r] words: 'a b c d e f g h i' has more than 8 words"]),
    (RULE + f"without_words = '{'x' * 65}'\n", [f"rules.toml:4: [r] without_words: '{'x' * 60}…' has a word of more than 64 letters"]),
    (RULE + 'speaker = "a\\u0007"\n', ["rules.toml:4: [r] speaker has a text with a control character: 'a\\x07'"]),
    (RULE + f"speaker = '{'x' * 201}'\n", [f"rules.toml:4: [r] speaker has a text of more than 200 characters: '{'x' * 60}…'"]),
    (RULE + "official = 'yes'\n", ['rules.toml:4: [r] official is true, false or "any"']),
    (RULE + "enabled = 1\n", ["rules.toml:4: [r] enabled is true or false"]),
    (RULE + "min_confidence = 1.5\n", ["rules.toml:4: [r] min_confidence: input should be less than or equal to 1"]),
    (RULE + "min_confidence = true\n", ["rules.toml:4: [r] min_confidence is a number"]),
    (RULE + "min_independent_origins = 1.5\n", ["rules.toml:4: [r] min_independent_origins: input should be a valid integer, got a number with a fractional part"]),
    (RULE + "freshness_hours = inf\n", ["rules.toml:4: [r] freshness_hours is a number that ends"]),
    (RULE + "freshness_hours = nan\n", ["rules.toml:4: [r] freshness_hours is a number that ends"]),
    (RULE + "freshness_hours = 87601\n", ["rules.toml:4: [r] freshness_hours is more than ten years"]),
    (RULE + "freshness_hours = 0\n", ["rules.toml:4: [r] freshness_hours: input should be greater than 0"]),
    (RULE + "wait_seconds = '1h'\n", ["rules.toml:4: [r] wait_seconds is a number"]),
    (RULE + f"wait_seconds = 1{'0' * 400}\n", ["rules.toml:4: [r] wait_seconds is more than ten years"]),
    (RULE + "expires = 'soon'\n", ["rules.toml:4: [r] expires is a date or a time with its zone: 2026-12-31, 2026-12-31T18:00:00Z"]),
    (RULE + "expires = 2026-12-31T18:00:00\n", ["rules.toml:4: [r] expires has no time zone: add Z, or an offset such as +01:00"]),
    (RULE + "version = true\n", ["rules.toml:4: [r] version is a number or a word"]),
    (RULE + "quiet_hours = 7\n", ["rules.toml:4: [r] write [[rule.quiet_hours]] with begins and ends below"]),
    (RULE + "[rule.quiet_hours]\nbegins = '25:00'\nends = '06:00'\n", ["rules.toml:5: [r] quiet_hours.begins: string should match pattern '^([01]\\d|2[0-3]):[0-5]\\d$'"]),
    (RULE + "[rule.quiet_hours]\nbegins = '22:00'\n", ["rules.toml:4: [r] quiet_hours.ends: field required"]),
    (RULE + "[rule.quiet_hours]\nbegin = '22:00'\nbegins = '22:00'\nends = '06:00'\n", ["rules.toml:5: [r] begin is nothing known here: did you mean begins?"]),
    (RULE + "[rule.quiet_hours]\nbegins = '22:00'\nends = '22:00'\n", ["rules.toml:6: [r] quiet_hours never end: use enabled = false to be told nothing"]),
    (RULE + "[rule.quiet_hours]\nbegins = '22:00'\nends = '06:00'\nzone = '../passwd'\n", ["rules.toml:7: [r] zone: nobody knows '../passwd': write one such as Europe/Oslo"]),
    (RULE + "[rule.quiet_hours]\nbegins = '22:00'\nends = '06:00'\ndays = ['mo']\n", ["rules.toml:7: [r] days: nobody knows 'mo': there are mon, tue, wed, thu, fri, sat, sun"]),
    ("[[rule]]\noffice = 'minister'\n", ["rules.toml:1: needs a name of A-Z, a-z, 0-9, - and _, at most 60, no blank"]),
    ("[[rule]]\nname = '../../etc/passwd'\noffice = 'minister'\n", ["rules.toml:2: needs a name of A-Z, a-z, 0-9, - and _, at most 60, no blank"]),
    (f"[[rule]]\nname = '{'x' * 61}'\noffice = 'minister'\n", ["rules.toml:2: needs a name of A-Z, a-z, 0-9, - and _, at most 60, no blank"]),
    ("[rules.'a b']\noffice = 'minister'\n", ["rules.toml:1: needs a name of A-Z, a-z, 0-9, - and _, at most 60, no blank"]),
    (RULE + RULE, ["rules.toml:4: [r] there is a rule of this name already: rules.toml:1"]),
    ("[[rules]]\nname = 'r'\n", ["rules.toml:1: write [rules.NAME], or [[rule]] with a name"]),
    ("rule = 7\n", ["rules.toml:1: write [[rule]], its conditions below"]),
    ("[rules]\na = 7\n", ["rules.toml:2: write [rules.NAME], its conditions below"]),
    ("[ruel]\nname = 'r'\n", ["rules.toml:1: ruel is nothing known here: write [[rule]] or [rules.NAME]"]),
    (RULE + "words = [\n", ["rules.toml:4: not TOML: Invalid value"]),
    (RULE + "words = ['a',\n'b'\n\n \n", ["rules.toml:5: not TOML: Unclosed array"]), (RULE + "words = ['a'\n[rules.b]\n", ["rules.toml:5: not TOML: Unclosed array"]),
    (RULE + "ofice = 1\nmin_confidence = 1.5\nseverity = 'x'\nfreshness_hours = 0\n", [
        "rules.toml:4: [r] ofice is nothing known here: did you mean office?",
        "rules.toml:6: [r] severity: nobody knows 'x': there are info, warning, critical",
        "rules.toml:5: [r] min_confidence: input should be less than or equal to 1", "rules.toml:7: [r] freshness_hours: input should be greater than 0"]),
    (RULE + "ofice = 1\n[rule.quiet_hours]\nbegin = '22:00'\nbegins = '25:00'\nends = '06:00'\nzone = 'x'\n", [
        "rules.toml:4: [r] ofice is nothing known here: did you mean office?", "rules.toml:6: [r] begin is nothing known here: did you mean begins?",
        "rules.toml:9: [r] zone: nobody knows 'x': write one such as Europe/Oslo",
        "rules.toml:7: [r] quiet_hours.begins: string should match pattern '^([01]\\d|2[0-3]):[0-5]\\d$'"]),
    (RULE + "ofice = 1\n[rule.quiet_hours]\nbegins = '22:00'\nends = '22:00'\n", [
        "rules.toml:4: [r] ofice is nothing known here: did you mean office?", "rules.toml:7: [r] quiet_hours never end: use enabled = false to be told nothing"]),
    ("a\n", ["rules.toml:1: not TOML: Expected '=' after a key in a key/value pair"]),
    ("x = " + "[" * 5000, ["rules.toml: nested too deeply, or a number too long"]),
    ("x = " + "1" * 5000, ["rules.toml: nested too deeply, or a number too long"]),
    (".".join("a" * 600) + " = 1", ["rules.toml: a line with more than 500 full stops: break it"]),
    ("\x00", ["rules.toml:1: not TOML: Invalid statement"]),
]


@pytest.mark.parametrize(("text", "wrong"), MISTAKES, ids=lambda each: str(each)[:70])
def test_a_mistake_is_told_with_its_line_and_the_nearest_name(text, wrong):
    assert told(text) == wrong


def test_all_mistakes_are_told_at_once_and_the_rest_is_read():
    text = "[[rule]]\nname = 'a'\noffice = 'x'\n[[rule]]\nname = 'b'\noffice = 'minister'\n[[rule]]\nname = 'c'\nword = 'y'\nwords = 'z'\n"
    parsed = parse(text)
    assert [rule.name for rule in parsed.rules] == ["b"]
    assert [each.line for each in parsed.mistakes] == [3, 9]


def test_files_together_have_each_name_once():
    first, second = (parse(RULE, file) for file in ("a.toml", "b.toml"))
    parsed = together([first, second])
    assert [rule.name for rule in parsed.rules] == ["r"]
    assert [str(each) for each in parsed.mistakes] == ["b.toml:1: [r] there is a rule of this name already: a.toml:1"]
    assert parsed.places == (("a.toml", 1),)


def test_an_empty_file_has_no_rules():
    assert parse("") == together([])


def test_a_file_that_is_too_long_is_refused_before_it_is_parsed():
    begun = time.monotonic()
    assert told("#" * (MAX_CHARS + 1)) == [f"rules.toml: longer than {MAX_CHARS} characters: split it into several files"]
    assert time.monotonic() - begun < 1


def test_mistakes_without_end_are_counted_not_told():
    parsed = parse("".join(f"[rules.r{number}]\nx = 1\n" for number in range(MAX_MISTAKES)))
    assert len(parsed.mistakes) == MAX_MISTAKES + 1
    assert parsed.mistakes[-1].why == f"and {MAX_MISTAKES} mistakes more"


@pytest.mark.parametrize("key", ["words", "speaker", "office", "country"])
def test_a_list_without_end_is_refused(key):
    text = f"[[rule]]\nname = 'r'\n{key} = [" + '"x",' * 501 + "]"
    assert told(text) == [f"rules.toml:3: [r] {key} has more than 500 values: make it several rules"]


@given(st.text(max_size=200) | st.recursive(st.sampled_from(["[[rule]]", "name", "=", '"', "\n", "[", "]", "{", "}", ".", "x", "1", "'"]), lambda one: st.lists(one).map("".join), max_leaves=30))
def test_no_text_raises(text):
    parse(text)


OSLO = QuietHours(begins="22:00", ends="06:00", zone="Europe/Oslo")
WEEKEND = QuietHours(days=("sat", "sun"), begins="00:00", ends="00:00")


def at(day, hour, minute=0, month=1):
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(("hours", "moment", "until"), [
    ([OSLO], at(7, 20, 59), None), ([OSLO], at(7, 21), at(8, 5)), ([OSLO], at(8, 4, 59), at(8, 5)), ([OSLO], at(8, 5), None),
    ([WEEKEND], at(9, 23, 59), None), ([WEEKEND], at(10, 0), at(12, 0)), ([WEEKEND], at(11, 12), at(12, 0)), ([WEEKEND], at(12, 0), None),
    ([OSLO, WEEKEND], at(11, 23, 30), at(12, 5)), ([], at(7, 23), None),
    ([QuietHours(begins="10:00", ends="11:00", days=("wed",))], at(7, 10), at(7, 11)),
    ([QuietHours(begins="10:00", ends="11:00", days=("thu",))], at(7, 10), None),
    ([QuietHours(begins="01:00", ends="04:00", zone="Europe/Oslo")], at(29, 0, 30, month=3), at(29, 2, month=3)),
    ([QuietHours(begins="01:00", ends="04:00", zone="Europe/Oslo")], at(25, 0, month=10), at(25, 3, month=10)),
    ([QuietHours(begins="22:00", ends="06:00", days=("sun",))], at(12, 5, 59), at(12, 6)),
    ([QuietHours(begins="22:00", ends="06:00", days=("mon",))], at(12, 5, 59), None),
])
def test_quiet_hours_end(hours, moment, until):
    assert quiet_until(hours, Severity.WARNING, moment) == until


def test_a_critical_alert_passes_unless_the_hours_say_otherwise():
    assert quiet_until([OSLO], Severity.CRITICAL, at(7, 23)) is None
    assert quiet_until([OSLO.model_copy(update={"critical_passes": False})], Severity.CRITICAL, at(7, 23)) == at(8, 5)


def test_hours_without_end_do_not_hold_for_ever():
    always = QuietHours(days=tuple(Weekday), begins="00:00", ends="00:00")
    halves = [QuietHours(begins="00:00", ends="12:00"), QuietHours(begins="12:00", ends="00:00")]
    assert quiet_until([always], Severity.INFO, at(7, 12)) is None
    assert quiet_until(halves, Severity.INFO, at(7, 12)) is None
    assert [endless(each) for each in ([always], halves, halves[:1], [OSLO], ())] == [True, True, False, False, False]


@pytest.mark.parametrize(("name", "there"), [("UTC", True), ("Europe/Oslo", True), ("Nowhere/Town", False), ("../../etc/passwd", False), ("/etc/passwd", False), ("", False), ("a\x00b", False), ("Europe", False)])
def test_a_time_zone_is_known_or_not(name, there):
    assert (zone_of(name) is not None) is there
