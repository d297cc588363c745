"""Who is reported to say what: each shape of report on sentences written for it, and texts made to hurt."""

from __future__ import annotations

import time

import pytest

from schemas.clean_article import Repair
from schemas.mention import Mention, MentionKind
from schemas.span import SpanField
from schemas.statement import SpeechAct, StatementMode
from streams.core.cleaning.quotations import read_quotations
from streams.core.statements.read import reports_in
from streams.core.statements.report import CueKind, Report
from streams.core.statements.sentences import sentences
from streams.core.tagging.fields import Field
from streams.core.tagging.model import english
from streams.core.tagging.parse import Parser

PARSER = Parser(english())


def reports(text: str, field: SpanField = SpanField.TEXT, without: frozenset[str] = frozenset()) -> list[Report]:
    repairs = [Repair(kind=d.kind, at=d.at, before=d.before, after="”") for read in read_quotations(text) for d in read.defects]
    return reports_in(Field(field, text, 0), (), repairs, PARSER, "en", without)


def told(text: str, report: Report) -> tuple[str, str | None, str | None, list[str]]:
    """Return mode, source, cue and content as words."""
    cut = lambda bounds: text[bounds.start : bounds.end] if bounds else None  # noqa: E731
    return (
        report.mode.value, cut(report.source), cut(report.cue.bounds) if report.cue else None,
        [text[each.start : each.end] for each in report.content])


ONE = [
    ("“We will rebuild the bridge,” the mayor said.", ("direct", "the mayor", "said", ["We will rebuild the bridge"])),
    ("“We will rebuild the bridge,” said the mayor. “It will take a year.”",
     ("direct", "the mayor", "said", ["We will rebuild the bridge", "It will take a year"])),
    ("“The bridge,” the mayor said, “Will be rebuilt.”", ("direct", "the mayor", "said", ["The bridge", "Will be rebuilt"])),
    ("The mayor said that the bridge will be rebuilt.", ("indirect", "The mayor", "said", ["the bridge will be rebuilt"])),
    ("The mayor said the bridge will be rebuilt.", ("indirect", "The mayor", "said", ["the bridge will be rebuilt"])),
    ("The bridge will be rebuilt, the mayor said.", ("indirect", "the mayor", "said", ["The bridge will be rebuilt"])),
    ("The bridge, the mayor said, will be rebuilt.",
     ("indirect", "the mayor", "said", ["The bridge", "will be rebuilt"])),
    ("The mayor said that the bridge was “a disgrace to the town” and should go.",
     ("mixed", "The mayor", "said", ["the bridge was “a disgrace to the town” and should go"])),
    ("According to the ministry, two people were hurt.",
     ("indirect", "the ministry", "According to", ["two people were hurt"])),
    ("Two people were hurt, according to the ministry.",
     ("indirect", "the ministry", "according to", ["Two people were hurt"])),
    ("The minister stressed the importance of the talks.",
     ("indirect", "The minister", "stressed", ["the importance of the talks"])),
    ("The minister pointed out that prices had fallen.",
     ("indirect", "The minister", "pointed out", ["prices had fallen"])),
    ("The minister vowed to rebuild the port.", ("indirect", "The minister", "vowed", ["to rebuild the port"])),
    ("The minister urged the miners to return to work.",
     ("indirect", "The minister", "urged", ["to return to work"])),
    ("The minister called the plan “a trap”.", ("partial_direct", "The minister", "called", ["a trap"])),
    ("The minister believes that the harvest will be good.",
     ("belief", "The minister", "believes", ["the harvest will be good"])),
    ("The president issued an order to close the port.",
     ("official_act", "The president", "issued an order", ["to close the port"])),
    ("The two governments have repeatedly expressed their opinion that the canal is safe.",
     ("indirect", "The two governments", "expressed their opinion", ["the canal is safe"])),
    ("The governor was quoted as saying that the road is open.",
     ("indirect", "The governor", "saying", ["the road is open"])),
    ("The ministry declined to comment.", ("indirect", "The ministry", "declined to comment", ["declined to comment"])),
    ("The governor would not say when the road will open.",
     ("indirect", "The governor", "would not say", ["when the road will open"])),
    ("The minister, who said the vote was fair, resigned.", ("indirect", "The minister", "said", ["the vote was fair"])),
    ("The senator repeated his claim that the vote was fair.", ("indirect", "The senator", "repeated his claim", ["the vote was fair"])),
    ("The deputy is convinced that the law will pass.",
     ("belief", "The deputy", "is convinced", ["the law will pass"])),
    ("The governor told the station that the shaft would be closed.",
     ("indirect", "The governor", "told", ["the shaft would be closed"])),
    ("The mayor wrote:\n\n“The bridge is closed.”", ("direct", "The mayor", "wrote", ["The bridge is closed"])),
    ("The mayor offered an apology to the crews.", ("indirect", "The mayor", "offered", ["an apology"])),
    ("The ministry had no comment.", ("indirect", "The ministry", "had no comment", ["had no comment"])),
    ("The ministry did not reply to three letters.",
     ("indirect", "The ministry", "did not reply", ["did not reply to three letters"])),
    ("As the minister noted, prices have fallen.", ("indirect", "the minister", "noted", ["prices have fallen"])),
    ("Spain called on the miners to return to work, in a letter to the union.",
     ("indirect", "Spain", "called on", ["to return to work"])),
    ("We will rebuild it,” the mayor said.", ("direct", "the mayor", "said", ["We will rebuild it"])),
]


@pytest.mark.parametrize(("text", "wanted"), ONE, ids=[text[:40] for text, _ in ONE])
def test_a_report_has_its_source_cue_and_content(text: str, wanted: tuple[str, str, str, list[str]]) -> None:
    assert wanted in [told(text, report) for report in reports(text)]


NONE = [
    "The minister did not say that the port would close.",
    "The minister will say on Monday that the port is closed.",
    "If the minister says that the port is closed, ships will wait.",
    "The bridge is long and the river is deep.",
    "The United States is large.",
    "The book “No Entry” is long.",
    "A sign says that the road is closed.",
    "Reporters asked whether the road is closed.",
    "The minister has not commented on the road.",
    "The minister could not be reached for comment.",
    "The minister was not available for comment.",
    "The ministry has made no statement.",
    "Nor did the minister mention the road.",
    "She referred questions about the road to the ministry.",
    "The mayor appealed to the assembly.",
    "The mayor spoke to the paper about the road.",
    "Some expect a cold winter.",
    "An article says that the road is closed.",
    "Court to say whether the road is closed",
]


@pytest.mark.parametrize("text", NONE)
def test_what_nobody_said_is_no_report(text: str) -> None:
    assert reports(text) == []


HEADLINES = [
    ("Minister: the port stays open", ("headline", "Minister", ":", ["the port stays open"])),
    ("Port stays open – minister", ("headline", "minister", "–", ["Port stays open"])),
    ("Minister says the port stays open", ("headline", "Minister", "says", ["the port stays open"])),
]


@pytest.mark.parametrize(("text", "wanted"), HEADLINES)
def test_a_headline_says_who_says(text: str, wanted: tuple[str, str, str, list[str]]) -> None:
    assert [told(text, report) for report in reports(text, SpanField.HEADLINE)] == [wanted]


def test_a_label_before_a_colon_says_nothing() -> None:
    assert reports("Video: the port at night", SpanField.HEADLINE) == []


@pytest.mark.parametrize("text", ["Peter:\n\nThe river rose.", "PETER: ...\n\nThe river rose.", "PETER: ”", "PETER: “”"])
def test_a_heading_says_nothing(text: str) -> None:
    assert all(each.start < each.end for report in reports(text) for each in report.content)
    assert reports(text.split("\n", maxsplit=1)[0], SpanField.HEADLINE) == []


def test_a_participle_goes_on_with_the_same_speaker() -> None:
    text = "The mayor said the bridge was old, adding that it would be closed."
    assert [told(text, report)[1:] for report in reports(text)] == [
        ("The mayor", "said", ["the bridge was old"]), ("The mayor", "adding", ["it would be closed"])]


def test_an_insert_at_the_end_is_not_the_speakers() -> None:
    text = "The mayor said that his men had defeated the group (an organization banned in the country)."
    (report,) = reports(text)
    assert told(text, report)[3] == ["his men had defeated the group"]
    assert [text[a:b] for a, b in report.inserts] == ["(an organization banned in the country)"]


def test_a_speaker_goes_on_between_two_reports_that_name_him() -> None:
    text = (
        "The mayor pointed out that the bridge cannot be mended in a day. This takes long and careful work. "
        "The mayor believes that the town has enough money.")
    found = {report.mode: report for report in reports(text)}
    report = found[StatementMode.CONTINUATION]
    assert (told(text, report)[3], report.source) == (["This takes long and careful work"], None)


def test_what_follows_an_order_is_the_authors() -> None:
    text = "The president issued an order to close the port. As a result, the ships should wait outside."
    assert [told(text, report)[3] for report in reports(text)] == [["to close the port"]]


def test_place_day_and_addressee_hang_on_the_cue() -> None:
    text = "The mayor told reporters at a meeting on Monday that the bridge is safe."
    (report,) = reports(text)
    cut = lambda bounds: text[bounds.start : bounds.end] if bounds else None  # noqa: E731
    assert (cut(report.addressee), cut(report.venue)) == ("reporters", "at a meeting on Monday")


def mentioned(text: str, name: str, kind: MentionKind) -> Mention:
    return Mention(field=SpanField.TEXT, start=text.index(name), end=text.index(name) + len(name), text=name, kind=kind, confidence=1)


def test_a_place_on_the_cue_is_where_it_is_said() -> None:
    text = "In Lisbon, the mayor said that the bridge is safe."
    place = mentioned(text, "Lisbon", MentionKind.GPE)
    (report,) = reports_in(Field(SpanField.TEXT, text, 0), (place,), (), PARSER, "en")
    assert report.venue is not None
    assert text[report.venue.start : report.venue.end] == "In Lisbon"


CITING = [
    ("Nordwire, quoting an official, reported that the bridge is closed.", "an official"),
    ("Nordwire, citing a joint statement, reported that the bridge is closed.", "Nordwire"),
]


@pytest.mark.parametrize(("text", "speaker"), CITING)
def test_whom_an_agency_cites_says_what_it_reports(text: str, speaker: str) -> None:
    wire = mentioned(text, "Nordwire", MentionKind.WIRE)
    found = reports_in(Field(SpanField.TEXT, text, 0), (wire,), (), PARSER, "en")
    assert ("indirect", speaker, "reported", ["the bridge is closed"]) in [told(text, each) for each in found]
    assert not [each for each in found if each.cue and each.cue.lemma in ("quote", "cite")]


ACTS = [
    ("The mayor said that the road will be repaired.", SpeechAct.COMMIT),
    ("The mayor said that she had received no request.", SpeechAct.DENY),
    ("The mayor said that it had never signed.", SpeechAct.DENY),
    ("The mayor said that he was not going to comment on the road.", SpeechAct.DECLINE),
    ("The mayor said that the road is long.", SpeechAct.ASSERT),
]


@pytest.mark.parametrize(("text", "act"), ACTS)
def test_words_do_what_their_cue_only_says(text: str, act: SpeechAct) -> None:
    (report,) = reports(text)
    assert report.cue is not None
    assert report.cue.act is act


def test_acts_and_kinds_are_the_packs() -> None:
    (report,) = reports("The ministry denied that the port had been closed.")
    assert report.cue is not None
    assert (report.cue.act, report.cue.kind, report.cue.lemma) == (SpeechAct.DENY, CueKind.SAY, "deny")


def test_several_who_speak_as_one_are_collective() -> None:
    (report,) = reports("Spain and Portugal said that the river is clean.")
    assert report.collective


def test_a_family_left_out_finds_nothing() -> None:
    text = "The mayor said that the bridge is safe."
    assert reports(text, without=frozenset(("clause",))) == []


def test_sentences_end_where_they_should() -> None:
    text = "Mr. Novak met Gov. Hale at 4 p.m. on Friday. He left. “Why? Who knows.” She stayed in the U.S. The end.\n\nNew one"
    found = [text[each.start : each.end] for each in sentences(text, [], "en")]
    assert found[0] == "Mr. Novak met Gov. Hale at 4 p.m. on Friday."
    assert found[-3:] == ["She stayed in the U.S.", "The end.", "New one"]


HOSTILE = {
    "marks": '"' * 100_000,
    "one sentence of 100,000 words": "he said that the talks " * 20_000,
    "900 kB of short reports": ("He said the talks went well. " * 32_000)[:900_000],
    "open quotations": "“We go. \n\n" * 60_000,
    "quotations that join": "“A b c,” he said. " + "“Soon.” " * 60_000,
    "brackets": "He said (a “b” " * 40_000,
    "colons": "Peter: yes.\n\n" * 60_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_text_made_to_hurt_takes_seconds(name: str) -> None:
    before = time.process_time()
    with PARSER.model.memory_zone():
        reports_in(Field(SpanField.TEXT, HOSTILE[name], 0), (), (), PARSER, "en")
    assert time.process_time() - before < 5
