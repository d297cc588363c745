"""Where a bound of alerting lies: the last that is taken, and the first that is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.alert import AlertKind
from schemas.envelope import DeliveryMode, Envelope
from schemas.found_statement import Named
from schemas.ids import ce_id
from schemas.mention import MentionKind, RoleCheck
from schemas.rule import Rule
from schemas.span import Span, SpanField
from schemas.statement import Cue
from schemas.statement_event import NoveltyKind
from streams.core.alerting.backtest import seen_then
from streams.core.alerting.evaluate import Seen, as_it_comes, as_on_its_day, evaluate
from streams.core.alerting.facts import MOST_NAMED, facts_of, own_words
from streams.core.alerting.inflection import forms
from streams.core.alerting.line import line_of
from streams.core.alerting.matching import RuleIndex, explain
from streams.core.alerting.names import body_keys, countries_in, country_code, person_keys, wanted
from streams.core.alerting.phrase import line_words, shortened
from streams.core.alerting.phrases import MOST_TEXT_CHARS, Phrases
from streams.core.alerting.raised import Raised, RaisedIndex
from streams.core.alerting.rules import MAX_RULES, Mistake, Parsed, parse, together
from streams.core.alerting.verdict import verdict
from streams.testing.builders import envelope
from streams.testing.statements import DAY, said

WORDS = line_words("en")
ONE = '[rules.r]\noffice = "minister"\n'


def rule(**fields):
    return Rule(**({"name": "r", "version": "1", "official": None} | fields))


def holds(fields, event):
    return bool(RuleIndex.over([rule(**fields)]).matches(event))


def spoken(text="No.", **fields):
    return said(text, **({"mode": "indirect", "wire": "North Wire"} | fields))


def span(text, start=0, field=SpanField.TEXT):
    return Span(field=field, start=start, end=start + len(text), text=text)


def cue(text):
    return Cue(start=0, end=len(text), text=text, lemma=text, factive=False, negated=False)


RULES = [
    ("a name", f"[rules.{'x' * 60}]\noffice = 'minister'\n", f"[rules.{'x' * 61}]\noffice = 'minister'\n"),
    ("a version", ONE + f"version = '{'x' * 60}'\n", ONE + f"version = '{'x' * 61}'\n"),
    ("an about", ONE + f"about = '{'x' * 1000}'\n", ONE + f"about = '{'x' * 1001}'\n"),
    ("a value", ONE + f"speaker = '{'x' * 200}'\n", ONE + f"speaker = '{'x' * 201}'\n"),
    ("values", ONE + "wire = [" + "'x'," * 500 + "]\n", ONE + "wire = [" + "'x'," * 501 + "]\n"),
    ("hours", ONE + "freshness_hours = 87600\n", ONE + "freshness_hours = 87600.1\n"),
    ("digest hours", ONE + "digest_hours = 87600\n", ONE + "digest_hours = 87601\n"),
    ("seconds", ONE + "wait_seconds = 315360000\n", ONE + "wait_seconds = 315360001\n"),
    ("words of a phrase", ONE + "words = 'a b c d e f g h'\n", ONE + "words = 'a b c d e f g h i'\n"),
    ("letters of a word", ONE + f"words = '{'x' * 64}'\n", ONE + f"words = '{'x' * 65}'\n"),
    ("letters before a star", ONE + "words = 'abc*'\n", ONE + "words = 'ab*'\n"),
    ("letters before a second star", ONE + "words = 'gas abc*'\n", ONE + "words = 'gas ab*'\n"),
    ("a letter before a star", ONE + "words = 'abcd*'\n", ONE + "words = 'a*'\n"), ("full stops of a line", "#" + "." * 500, "#" + "." * 501),
    ("characters", "#" * 4_194_304, "#" * 4_194_305),
    ("quiet hours", ONE + "quiet_hours = [" + "{begins='22:00',ends='06:00'}," * 500 + "]\n", ONE + "quiet_hours = [" + "{begins='22:00',ends='06:00'}," * 501 + "]\n"),
    ("a condition", "[rules.r]\nofficial = true\n", "[rules.r]\nwithout_words = 'x'\nchannels = 'desk'\nnovelty = 'new'\n"),
    ("official any", ONE + "official = 'any'\n", ONE + "official = 'all'\n"), ("official false", ONE + "official = false\n", ONE + "official = 2\n"),
    ("switched off", ONE + "enabled = false\n", ONE + "enabled = 'false'\n"), ("a numbered version", ONE + "version = 0\n", ONE + "version = 1.5\n"),
    ("a moment", ONE + "expires = 2026-12-31T18:00:00Z\n", ONE + "expires = 2026-12-31T18:00:00\n"),
    ("a day", ONE + "expires = 2026-12-31\n", ONE + "expires = 2026\n"), ("one severity", ONE + "severity = 'info'\n", ONE + "severity = ['info']\n"),
    ("a language", ONE + "language = 'no'\n", ONE + "language = 'NO'\n"), ("a number", ONE + "wait_seconds = 0.5\n", ONE + "wait_seconds = false\n"),
    ("days", ONE + "[rules.r.quiet_hours]\nbegins='22:00'\nends='06:00'\ndays='sat'\n", ONE + "[rules.r.quiet_hours]\nbegins='22:00'\nends='06:00'\ndays=7\n"),
    ("a zone", ONE + "[rules.r.quiet_hours]\nbegins='22:00'\nends='06:00'\nzone='UTC'\n", ONE + "[rules.r.quiet_hours]\nbegins='22:00'\nends='06:00'\nzone=7\n"),
    ("tables of hours", ONE + "quiet_hours = []\n", ONE + "quiet_hours = [7, 8]\n"),
]


@pytest.mark.parametrize(("right", "wrong"), [each[1:] for each in RULES], ids=[each[0] for each in RULES])
def test_the_last_that_a_file_may_have_is_taken_and_one_more_is_one_mistake(right, wrong):
    assert parse(right).mistakes == ()
    assert len(parse(wrong).mistakes) == 1
    assert parse(wrong).rules == ()


CUT = [
    (f"{'x' * 60} = 1\n", f"{'x' * 60} is nothing known here: write [[rule]] or [rules.NAME]"),
    (f"{'x' * 61} = 1\n", f"{'x' * 60}… is nothing known here: write [[rule]] or [rules.NAME]"),
    (ONE + f"kind = '{'x' * 60}'\n", f"kind: nobody knows '{'x' * 60}': there are person, organisation, country, office"),
    (ONE + "about = 2026-12-31T18:00:00\n", "about: input should be a valid string"), (ONE + "about = 2026-12-31\n", "about: "),
    (ONE + f"{'x' * 61} = 1\n", f"{'x' * 60} is nothing known here"),
]


@pytest.mark.parametrize(("text", "why"), CUT)
def test_of_a_long_text_sixty_characters_are_told(text, why):
    assert [each.why[:len(why)] for each in parse(text).mistakes][:1] == [why]


@pytest.mark.parametrize(("count", "told"), [(50, 100), (51, 101)])
def test_the_hundredth_mistake_is_told_and_more_are_counted(count, told):
    found = parse("".join(f"[rules.r{number}]\nx = 1\n" for number in range(count))).mistakes
    assert (len(found), found[-1].why.startswith("and 2 mistakes more")) == (told, count == 51)


def test_a_mistake_of_the_second_rule_has_its_line():
    assert [each.line for each in parse("[[rule]]\nname='a'\noffice='minister'\n[[rule]]\nname='b'\nx=1\n").mistakes] == [6, 4]
    assert str(Mistake("f", None, None, "why")) == "f: why"
    assert str(Mistake("f", 1, "r", "why")) == "f:1: [r] why"


@pytest.mark.parametrize(("count", "kept"), [(MAX_RULES, MAX_RULES), (MAX_RULES + 1, 0)])
def test_as_many_rules_as_anybody_writes_are_kept(count, kept):
    one = rule()
    many = tuple(one.model_copy(update={"name": str(number)}) for number in range(count))
    parsed = together([Parsed(many, (), (("f", 1),) * count)])
    assert (len(parsed.rules), [each.file for each in parsed.mistakes]) == (kept, [] if kept else ["f"])
    assert count in (20_000, 20_001)


ODDS = {
    "speaker": ("A",), "organisation": ("B",), "words": ("w",), "outlet": ("O",), "country": ("NO",), "office": ("minister",),
    "speech_act": ("deny",), "mode": ("direct",), "kind": ("person",), "official": True, "language": ("en",)}


def looked_up_by(**fields):
    return {key.split()[0] for key in RuleIndex.over([rule(**fields)]).by_key}


@pytest.mark.parametrize("rarest", ODDS)
def test_a_rule_is_looked_up_by_what_is_rarest_of_it(rarest):
    less_rare = dict(list(ODDS.items())[list(ODDS).index(rarest):])
    assert looked_up_by(**less_rare) == {"word" if rarest == "words" else rarest}


@pytest.mark.parametrize(("fields", "by"), [
    ({"wire": ("x",), "speech_act": ("deny",)}, "wire"), ({"wire": ("x",), "country": ("NO",)}, "country"), ({"wire": ("x",) * 4, "speech_act": ("deny",)}, "speech_act"),
    ({"speaker": tuple("abc"), "organisation": ("x",)}, "organisation"), ({"speaker": tuple("abc"), "words": ("x",)}, "speaker"),
    ({"words": ("a",), "outlet": ("x",)}, "word"), ({"words": ("a", "b"), "outlet": ("x",)}, "outlet"), ({"words": ("a", "b", "c"), "country": ("NO",)}, "word"),
    ({"words": ("a", "b", "c"), "entities": tuple("def"), "country": ("NO",)}, "country"),
    ({"words": ("a",), "entities": ("b",), "outlet": ("x",)}, "outlet"),
])
def test_a_condition_of_many_values_is_less_rare(fields, by):
    assert looked_up_by(**fields) == {by}


def test_only_what_a_rule_asks_for_is_explained():
    event = said("No.", speaker=None)
    assert explain(rule(), event) == ()
    assert [tuple(each) for each in explain(rule(min_independent_origins=2, min_confidence=0.95, without_words=("no",)), event)] == [
        ("without no", None), ("confidence ≥ 0.95", None), ("independent origins ≥ 2", None)]
    two = event.model_copy(update={"independent_origins": 2})
    assert [each.matched for each in explain(rule(min_independent_origins=2, min_confidence=0.9, without_words=("x",)), two)] == ["none of them", "0.9", "2"]
    assert holds({"min_independent_origins": 2}, two)


BODY = said("No.", speaker="the Foreign Ministry of Norway", kind="organisation")


@pytest.mark.parametrize(("fields", "event", "there"), [
    ({"speaker": ("Foreign Ministry",)}, BODY, True), ({"speaker": ("Ministry of",)}, BODY, True), ({"speaker": ("Ministry",)}, BODY, False),
    ({"country": ("NO",)}, BODY, True), ({"organisation": ("Foreign Ministry",)}, BODY, True),
    ({"speaker": ("Jan van",)}, said("No.", speaker="Jan van Quay"), False), ({"speaker": ("Jan Quay",)}, said("No.", speaker="Jan van Quay"), True),
    ({"organisation": ("Jan van Quay",)}, said("No.", speaker="Jan van Quay"), False), ({"country": ("NO",)}, said("No.", speaker="Norway"), False),
    ({"office": ("spokesperson",)}, said("No.", office="spokesperson").model_copy(), True),
    ({"wire": ("Ines Varga",)}, said("No.", wire="North Wire"), False), ({"wire": ("North Wire",)}, said("No.", wire="North Wire"), True),
    ({"wire": ("Harbour Gazette",)}, said("No.", wire="North Wire"), True),
])
def test_a_body_is_found_by_words_that_stand_together_and_a_person_by_the_last(fields, event, there):
    assert holds(fields, event) is there


@pytest.mark.parametrize(("office", "counts"), [("spokesperson", True), ("central_bank", True), ("minister", False)])
def test_a_deputy_counts_where_deputies_speak_for_the_same_body(office, counts):
    event = said("No.", office=office)
    deputy = event.speaker.model_copy(update={"role": event.speaker.role.model_copy(update={"deputy": True})})
    assert holds({"office": (office,)}, event.model_copy(update={"speaker": deputy})) is counts


@pytest.mark.parametrize(("text", "word", "there"), [
    ("the sanct", "sanct*", True), ("the sanc", "sanct*", False), ("x" * 70, "x" * 64, True), ("x" * 63, "x" * 64, False),
    (" " * (MOST_TEXT_CHARS - 3) + "gas", "gas", True), (" " * (MOST_TEXT_CHARS - 2) + "gas", "gas", False), ("a b c d e f g h", "a b c d e f g h", True),
    ("gas and gas pipe", "gas pipe", True), ("gas gas pipe", "gas pipe", True), ("abc abcd abcde", "abc* abcd*", True), ("NATO talks", "NATO talks", True),
    ("nato talks", "NATO talks", False), ("N.A.T.O. talks", "NATO talks", True), ("U.S. aid", "us aid", True), ("AID US", "US", True),
])
def test_words_are_found_up_to_their_bounds(text, word, there):
    assert (word in Phrases.over([word]).found(text)) is there
    assert MOST_TEXT_CHARS == 50_000


def test_a_phrase_is_told_as_it_first_stands():
    assert Phrases.over(["gas pipe", "pipe*"]).found("Gas pipes, pipelines and a gas pipe") == {"gas pipe": "Gas pipes", "pipe*": "pipes"}
    assert Phrases.over(["", "..."]).found("anything") == {}


INSERTED = [
    ([(13, 16)], ["We ", " go"]), ([(10, 12)], ["", " XXX go"]), ([(17, 19)], ["We XXX ", ""]), ([(13, 15), (15, 17)], ["We ", "", "go"]), ([(9, 12)], ["We XXX go"]),
    ([(17, 20)], ["We XXX go"]), ([(13, 16), (15, 17)], ["We ", " go"]), ([(10, 19)], ["", ""]),
    ([(12, 13), (16, 17)], ["We", "XXX", "go"])]


@pytest.mark.parametrize(("inserts", "pieces"), INSERTED)
def test_what_an_editor_put_in_is_left_out_wherever_it_stands_in_its_piece(inserts, pieces):
    event = said(content=(span("We XXX go", 10),), text="x", inserts=tuple(Span(start=start, end=end, text="") for start, end in inserts))
    assert own_words(event) == "\n".join(pieces)


def test_an_insert_of_another_field_is_none_of_this_one():
    event = said("We go", inserts=(span("We", 0, SpanField.HEADLINE),))
    assert own_words(event) == "We go"


def test_of_things_named_two_hundred_are_looked_at():
    names = tuple(Named(text=f"n{number}", key=f"k{number}", kind=MentionKind.ORG) for number in range(202))
    facts = facts_of(said("No.", names=names), Phrases.over([]))
    assert ("entity n199" in facts, "entity n200" in facts, MOST_NAMED) == (True, False, 200)


@pytest.mark.parametrize(("key", "asked", "there"), [
    ("Q4200000000", "Q4200000000", True), ("Q4200000000", "Q4200000001", False), ("Harbour Board", "harbour board", True), ("Harbour Board", "Board Harbour", False),
    ("harbour board", "Harbour Board", True)])
def test_a_thing_is_found_by_its_id_or_its_name(key, asked, there):
    named = Named(text="It", key=key, kind=MentionKind.ORG)
    assert holds({"entities": (asked,)}, said("No.", names=(named,))) is there
    assert holds({"entities": (asked,)}, said("No.", headline_names=(named,))) is there


FORMS = [
    ("gas", {"gas", "gases"}, {"ga", "gasing"}), ("us", {"us"}, {"uss"}), ("bus", {"bus", "buses"}, {"bu"}), ("ties", {"ties"}, {"ty"}), ("bans", {"ban", "banned", "bans"}, {"bane"}),
    ("policies", {"policy", "policies"}, {"policie"}), ("stop", {"stopped", "stopping", "stops"}, {"stopps", "stopp", "stopp's"}), ("rain", {"rained"}, {"rainned"}),
    ("load", {"loaded"}, {"loadded"}), ("claim", {"claimed"}, {"claimmed"}), ("tax", {"taxes", "taxed"}, {"taxxed"}), ("men", {"man", "men"}, set()), ("go", {"go"}, {"went"}),
    ("ask", {"asked"}, {"askked"}), ("big", {"big", "bigs"}, set()), ("as", {"as"}, {"a"}), ("oats", {"oat", "oats"}, set()), ("its", {"its"}, {"it"}), ("war5", {"war5"}, {"war5s"}), ("arm", {"arms", "armed"}, {"armmed"}),
    ("omit", {"omitted", "omitting"}, {"omited's"}), ("ash", {"ashes"}, {"ashhed"}), ("ban", {"banned", "banning"}, {"bann", "banns"}),
]


@pytest.mark.parametrize(("word", "are", "are_not"), FORMS, ids=[each[0] for each in FORMS])
def test_the_forms_of_a_word(word, are, are_not):
    assert are <= forms(word)
    assert not are_not & forms(word)


LONG_NAME = " ".join(f"w{number}" for number in range(14))


def test_of_a_name_twelve_words_and_two_hundred_characters_are_looked_at():
    assert person_keys(LONG_NAME)[0] == body_keys(LONG_NAME)[0] == LONG_NAME.partition(" w12")[0]
    assert (person_keys("x" * 201)[0], body_keys("x" * 201)) == ("x" * 200, ("x" * 200,))
    assert (person_keys(""), body_keys(""), countries_in("")) == ((), (), frozenset())
    assert countries_in("a " * 11 + "Norway") == {"NO"}
    assert countries_in("a " * 12 + "Norway") == frozenset()
    assert countries_in(" " * 194 + "Norway") == {"NO"}
    assert countries_in("x" * 194 + " Norway") == frozenset()


NAMES = [
    (body_keys, "a b c", ("a b c", "a b", "b c", "c")), (body_keys, "a", ("a",)), (body_keys, "UN house", ("un house", "house")), (body_keys, "the UN", ("the un", "un", "Q1065")), (body_keys, "a UN house", ("a un house", "a un", "un house", "house")),
    (person_keys, "a b c", ("a b c", "b c", "c", "a c")),
    (countries_in, "Ministry of the United Arab Emirates", {"AE"}), (countries_in, "norway house", frozenset()), (countries_in, "New Zealand Post", {"NZ"}),
    (countries_in, "Norway and Sweden", {"NO", "SE"}), (country_code, "xx", None), (country_code, "EU", None), (country_code, "un", None), (country_code, "no", "NO"),
    (country_code, "Q20", "NO"), (country_code, "q20", "NO"), (country_code, "Q15180", None), (country_code, "nowhere", None), (country_code, "zz", None),
    (wanted, "Q1065", {"Q1065", "un", "united nations"}), (wanted, "Nobody Here", {"nobody here"}), (wanted, "Q4200000000", {"Q4200000000"}), (wanted, "", frozenset()),
]


@pytest.mark.parametrize(("keys_of", "name", "keys"), NAMES, ids=lambda each: getattr(each, "__name__", str(each))[:40])
def test_what_a_name_is_looked_for_by(keys_of, name, keys):
    assert keys_of(name) == keys


BODIES = {"kind": "organisation"}
LINES = [
    ("a body's name fits", spoken("it will", speaker="x" * 24, **BODIES), f"{'X' * 24}: IT WILL – NORTH WIRE, FEB 14"),
    ("a body's name does not", spoken("it will", speaker="x" * 25, **BODIES), f"{'X' * 23}…: IT WILL – NORTH WIRE, FEB 14"),
    ("a surname does not", spoken("it will", speaker="Ines " + "x" * 25), f"{'X' * 23}…: IT WILL – NORTH WIRE, FEB 14"),
    ("a verb fits", spoken("it will", mode="belief", cue=cue("x" * 20)), f"VARGA {'X' * 20} IT WILL – NORTH WIRE, FEB 14"),
    ("a verb does not", spoken("it will", mode="belief", cue=cue("x" * 21)), f"VARGA {'X' * 19}… IT WILL – NORTH WIRE, FEB 14"),
    ("a target fits", spoken("it", mode="belief", cue=cue("calls"), target=span("x" * 24)), f"VARGA CALLS {'X' * 24} IT – NORTH WIRE, FEB 14"),
    ("a target does not", spoken("it", mode="belief", cue=cue("calls"), target=span("x" * 25)), f"VARGA CALLS {'X' * 23}… IT – NORTH WIRE, FEB 14"),
    ("a source fits", spoken("it will", wire="x" * 30), f"VARGA: IT WILL – {'X' * 30}, FEB 14"),
    ("a source does not", spoken("it will", wire="x" * 31), f"VARGA: IT WILL – {'X' * 29}…, FEB 14"),
    ("there is room", spoken("it", speaker="x" * 24, wire="y" * 30, mode="belief", cue=cue("sees"), **BODIES), f"{'X' * 24} SEES IT – {'Y' * 30}, FEB 14"),
    ("there is just room", spoken("it", speaker="x" * 24, wire="y" * 30, mode="belief", cue=cue("z" * 5), **BODIES), f"{'X' * 24} {'Z' * 5} IT – {'Y' * 30}, FEB 14"),
    ("there is none", spoken("it", speaker="x" * 24, wire="y" * 30, mode="belief", cue=cue("z" * 6), **BODIES), f"{'X' * 24} {'Z' * 6} IT – {'Y' * 13}…, FEB 14"),
    ("there is none for a short source", spoken("it", speaker="x" * 24, wire="y" * 14, mode="belief", cue=cue("z" * 20), target=span("t" * 24), **BODIES),
     f"{'X' * 24} {'Z' * 20} IT – {'Y' * 14}, FEB 14"),
    ("quoted to the last", spoken("x" * 67, mode="direct"), f'VARGA: "{"X" * 67}" – NORTH WIRE, FEB 14'),
    ("quoted beyond it", spoken("x" * 80, mode="direct"), f'VARGA: "{"X" * 69}…" – NORTH WIRE, FEB 14'),
    ("a thousand characters", spoken(" " * 999 + "xy"), "VARGA: X – NORTH WIRE, FEB 14"),
    ("twenty pieces", spoken(content=(span(" "),) * 19 + (span("x"), span("y"))), f"VARGA:{' …' * 19} X – NORTH WIRE, FEB 14"),
    ("one particle", spoken("it will", speaker="Jan van Quay"), "VAN QUAY: IT WILL – NORTH WIRE, FEB 14"),
    ("a particle before a name", spoken("it will", speaker="Jan van Quay Lee"), "LEE: IT WILL – NORTH WIRE, FEB 14"),
    ("a name of nothing", spoken("it will", speaker="Jr."), "IT WILL – NORTH WIRE, FEB 14"),
    ("three marks", spoken('a "b" "c', mode="mixed"), "VARGA: A B C – NORTH WIRE, FEB 14"),
    ("four marks", spoken('a "b" "c"', mode="mixed"), 'VARGA: A "B" "C" – NORTH WIRE, FEB 14'),
]


@pytest.mark.parametrize(("event", "line"), [each[1:] for each in LINES], ids=[each[0] for each in LINES])
def test_what_is_too_long_for_a_line_gives_way(event, line):
    assert line_of(event) == line
    assert len(line) <= 100


def test_a_prefix_leaves_less_room():
    event = spoken("it", speaker="x" * 24, wire="y" * 30, mode="belief", cue=cue("z" * 5), **BODIES)
    assert line_of(event, AlertKind.UPDATE).startswith(f"UPDATE: {'X' * 24} {'Z' * 5} IT – {'Y' * 13}…")


CUTS = [
    ("aa bb, cc dd ee", 14, "AA BB, CC DD…"), ("aaaa bbbb cc of dddddddd", 15, "AAAA BBBB CC…"), ("aaaa of bbbb cccc dddd", 20, "AAAA OF BBBB CCCC…"),
    ("aaaaaa, bbbb cccc", 11, "AAAAAA…"), ("aaaaa, bbbb cccc", 12, "AAAAA, BBBB…"), ("one two of", 9, "ONE TWO…"), ("not the a of it all", 9, "NOT…"), ("the not of a harbour", 13, "THE NOT…"), ("a; b c d e f g", 7, "A; B C…"),
    ("it goes on and on. it is not so at all", 20, "IT GOES ON AND ON.…"), ("aaaa bbbb of cccc dddd will not e p t b now", 24, "AAAA BBBB … NOT E P T…"),
    ("aaaa bbbbb of c dd ee", 16, "AAAA BBBBB…"), ("aaaaaaa bbb c until d ee", 20, "AAAAAAA BBB C…"), (",,,,, aaaaaaaaaaa", 8, ",,,,, A…"),
    ("as for the aid, it is so", 14, "… IT IS SO"), ("as for the aid, it is so", 20, "… THE AID … IT IS SO"), ("as for the aid, it is so", 10, "… IT IS SO"), ("as for the aid, it is so", 9, "AS…"), ("as for the aid, it is so", 15, "… IT IS SO"),
    ("as for the aid it is so that it goes", 20, "AS FOR THE AID IT…"), ("the aid, it is so that it goes", 20, "THE AID, IT IS SO…"),
]


@pytest.mark.parametrize(("text", "room", "kept"), CUTS)
def test_where_a_text_is_cut(text, room, kept):
    assert shortened(text.upper(), room, WORDS) == kept


def test_of_two_alerts_of_a_rule_one_is_corrected_by_what_stands_instead():
    rules, known = RuleIndex.over([rule()]), Raised({}, RaisedIndex())

    def come(number, event):
        its = envelope(f"raw-0-{number}")
        return evaluate(event, its, as_it_comes(event, its, DAY), rules, known)

    first, second = said("the bridge closes"), said("the span closes", article="b")
    raised = come(1, first) + come(2, second)
    for number, each in enumerate((first, second), 3):
        come(number, each.model_copy(update={"proposition_id": "p0", "former_proposition_ids": (each.proposition_id,)}))
    assert len(raised) == 2
    assert [each.kind for each in come(5, said("the bridge opens", corrects="p0"))] == ["correction"]


@pytest.mark.parametrize(("asked", "kind", "new"), [("update", "update", True), ("contradiction", "contradiction", True), ("update", "new", False), ("new", "new", True)])
def test_a_verdict_tells_whether_it_is_as_new_as_the_rule_asks(asked, kind, new):
    seen = Seen(live=True, kind=NoveltyKind(kind), now=DAY, raw_time=DAY)
    found = verdict(rule(novelty=(asked,)), said("No."), envelope(), seen)
    assert (found.raises, found.conditions[0].matched) == (new, kind if new else None)


@pytest.mark.parametrize(("office", "fields", "told"), [
    ((), {"office": "minister"}, False), (("minister",), {"speaker": None}, False), (("minister",), {}, False), (("minister",), {"office": "minister"}, True), ((), {"speaker": None}, False)])
def test_a_verdict_tells_of_the_registry_where_a_rule_asks_for_the_office_of_somebody_with_a_role(office, fields, told):
    found = verdict(rule(office=office), said("No.", **fields), envelope(), Seen(live=True, kind=NoveltyKind.NEW, now=DAY, raw_time=DAY))
    assert any("registry" in each.condition for each in found.conditions) is told


@pytest.mark.parametrize("check", RoleCheck)
def test_a_verdict_tells_what_the_registry_says_of_the_office_unless_it_contradicts(check):
    event = said("No.", office="minister")
    held = event.speaker.model_copy(update={"role": event.speaker.role.model_copy(update={"check": check})})
    found = verdict(rule(office=("minister",)), event.model_copy(update={"speaker": held}), envelope(), Seen(live=True, kind=NoveltyKind.NEW, now=DAY, raw_time=DAY))
    assert (found.conditions[-1].matched, found.raises) == ((None, False) if check is RoleCheck.CONTRADICTED else (check, True))


@pytest.mark.parametrize("mode", [mode for mode in DeliveryMode if mode is not DeliveryMode.LIVE])
def test_what_did_not_come_in_live_is_looked_at_on_its_day(mode):
    event = said("No.")
    its = Envelope(id=ce_id("k", "o", "1"), type="news.statement.v1", source="/communique/judge", time=event.event_time, origin="raw-0-1",
                   origin_time=DAY + timedelta(hours=1), delivery_mode=mode)
    assert seen_then(event, its) == as_on_its_day(event)
