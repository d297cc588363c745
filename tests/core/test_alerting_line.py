"""An alert's line: the article's own words, in order, in at most 100 characters, that say no more and no less."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alert import AlertKind
from schemas.base import Precision
from schemas.mention import Mention
from schemas.span import Span
from schemas.statement import Cue, Hop, SaidOn, Speaker
from streams.core.alerting.line import line_of
from streams.core.alerting.phrase import line_words, shortened
from streams.testing.statements import DAY, said

WORDS = line_words("en")


def cue(text, lemma=None, *, negated=False):
    return Cue(start=0, end=len(text), text=text, lemma=lemma or text, factive=False, negated=negated)


def span(text):
    return Span(start=0, end=len(text), text=text)


def spoken(text="No.", **fields):
    return said(text, **({"mode": "indirect", "wire": "North Wire"} | fields))


LINES = {
    "a wire": (spoken("the bridge will close"), "VARGA: THE BRIDGE WILL CLOSE – NORTH WIRE, FEB 14"),
    "an outlet": (spoken("the bridge will close", wire=None), "VARGA: THE BRIDGE WILL CLOSE – HARBOUR GAZETTE, FEB 14"),
    "no chain": (spoken("it will", chain=()), "VARGA: IT WILL – HARBOUR GAZETTE, FEB 14"),
    "a domain": (spoken("it will", chain=(), outlet=None, domain="gazette.example"), "VARGA: IT WILL – GAZETTE.EXAMPLE, FEB 14"),
    "no source": (spoken("it will", chain=(), outlet=None), "VARGA: IT WILL – FEB 14"),
    "no day": (spoken("it will", not_after=None), "VARGA: IT WILL – NORTH WIRE"),
    "nothing around": (spoken("it will", chain=(), outlet=None, not_after=None), "VARGA: IT WILL"),
    "the wire's day": (spoken("it will", not_after=None, chain=(Hop(hop=0, actor="x", relation="said"), Hop(
        hop=1, actor="North Wire", relation="reports", date=datetime(2018, 2, 12, tzinfo=UTC)))), "VARGA: IT WILL – NORTH WIRE, FEB 12"),
    "another year": (spoken("it will", not_after=datetime(2017, 12, 30, tzinfo=UTC)), "VARGA: IT WILL – NORTH WIRE, DEC 30, 2017"),
    "a month": (spoken("it will", said_on=SaidOn(value=DAY, precision=Precision.MONTH, basis="text")), "VARGA: IT WILL – NORTH WIRE, FEB 2018"),
    "a year": (spoken("it will", said_on=SaidOn(value=DAY, precision=Precision.YEAR, basis="text")), "VARGA: IT WILL – NORTH WIRE, 2018"),
    "quoted": (spoken("We “never” go", mode="direct"), "VARGA: \"WE 'NEVER' GO\" – NORTH WIRE, FEB 14"),
    "mixed": (spoken("they «never» go", mode="mixed"), 'VARGA: THEY "NEVER" GO – NORTH WIRE, FEB 14'),
    "half a pair": (spoken("they “never go", mode="mixed"), "VARGA: THEY NEVER GO – NORTH WIRE, FEB 14"),
    "partly quoted": (spoken("vital", mode="partial_direct", cue=cue("called", "call"), target=span("these efforts")),
                      'VARGA CALLED THESE EFFORTS "VITAL" – NORTH WIRE, FEB 14'),
    "belief": (spoken("it will", mode="belief", cue=cue("believes", "believe")), "VARGA BELIEVES IT WILL – NORTH WIRE, FEB 14"),
    "an act": (spoken("to withdraw", mode="official_act", act="order", cue=cue("ordered the fleet", "order")),
               "VARGA ORDERED THE FLEET TO WITHDRAW – NORTH WIRE, FEB 14"),
    "an act by a plain verb": (spoken("they must go", act="demand", cue=cue("said", "say")), "VARGA: THEY MUST GO – NORTH WIRE, FEB 14"),
    "an act by a colon": (spoken("they must go", act="demand", cue=cue(":", ":")), "VARGA: THEY MUST GO – NORTH WIRE, FEB 14"),
    "an act by its verb": (spoken("they go", act="demand", cue=cue("demanded", "demand")), "VARGA DEMANDED THEY GO – NORTH WIRE, FEB 14"),
    "a direct act": (spoken("Go!", mode="direct", act="demand", cue=cue("demanded", "demand")), 'VARGA DEMANDED: "GO!" – NORTH WIRE, FEB 14'),
    "assert with a verb": (spoken("it will", cue=cue("maintained", "maintain")), "VARGA: IT WILL – NORTH WIRE, FEB 14"),
    "denial": (spoken("fraud took place", act="deny", cue=cue("rejected", "reject")), "VARGA REJECTED: FRAUD TOOK PLACE – NORTH WIRE, FEB 14"),
    "denial of something": (spoken("fraud", act="deny", cue=cue("denied", "deny"), target=span("the vote")), "VARGA DENIED: FRAUD – NORTH WIRE, FEB 14"),
    "denial without a verb": (spoken("fraud took place", act="deny"), "VARGA DENIES: FRAUD TOOK PLACE – NORTH WIRE, FEB 14"),
    "denial by a plain verb": (spoken("fraud took place", act="deny", cue=cue("said", "say")), "VARGA DENIES: FRAUD TOOK PLACE – NORTH WIRE, FEB 14"),
    "refusal": (spoken("to comment", act="decline"), "VARGA DECLINES: TO COMMENT – NORTH WIRE, FEB 14"),
    "refusal that is all": (spoken("declined to comment", act="decline", cue=cue("declined to comment", "decline")), "VARGA DECLINED TO COMMENT – NORTH WIRE, FEB 14"),
    "silence": (spoken("did not comment on the quay", act="decline", cue=cue("did not comment", "comment", negated=True)),
                "VARGA DID NOT COMMENT ON THE QUAY – NORTH WIRE, FEB 14"),
    "silence of nobody": (spoken("had no comment", speaker=None, act="decline", cue=cue("had no comment", "have", negated=True)), "HAD NO COMMENT – NORTH WIRE, FEB 14"),
    "a verb that only begins so": (spoken("denied entry", act="deny", cue=cue("den", "den")), "VARGA DEN: DENIED ENTRY – NORTH WIRE, FEB 14"),
    "a verb that is quoted": (spoken("Denied access, we went", mode="direct", act="deny", cue=cue("denied", "deny")), 'VARGA DENIED: "DENIED ACCESS, WE WENT" – NORTH WIRE, FEB 14'),
    "negated in its words": (spoken("who it was", cue=cue("would not say", "say", negated=True)), "VARGA WOULD NOT SAY: WHO IT WAS – NORTH WIRE, FEB 14"),
    "negated elsewhere": (spoken("who it was", cue=cue("revealed", "reveal", negated=True)), "VARGA DID NOT REVEAL: WHO IT WAS – NORTH WIRE, FEB 14"),
    "a body": (spoken("it will", speaker="The Ministry of Transport", kind="organisation"), "MINISTRY OF TRANSPORT: IT WILL – NORTH WIRE, FEB 14"),
    "particles": (spoken("it will", speaker="Ursula von der Leyen"), "VON DER LEYEN: IT WILL – NORTH WIRE, FEB 14"),
    "a junior": (spoken("it will", speaker="John Quay Jr."), "QUAY: IT WILL – NORTH WIRE, FEB 14"),
    "one name": (spoken("it will", speaker="von"), "VON: IT WILL – NORTH WIRE, FEB 14"),
    "nobody": (spoken("it will", speaker=None), "IT WILL – NORTH WIRE, FEB 14"),
    "several spans": (spoken(content=(span("it will"), span("in May"))), "VARGA: IT WILL … IN MAY – NORTH WIRE, FEB 14"),
    "no words": (spoken(content=()), "VARGA: … – NORTH WIRE, FEB 14"),
    "unseen words": (spoken("\u202e\u200b\x00\n"), "VARGA: … – NORTH WIRE, FEB 14"),
    "lines": (spoken("it\r\n will\u2028 go"), "VARGA: IT WILL GO – NORTH WIRE, FEB 14"),
}


@pytest.mark.parametrize(("event", "line"), LINES.values(), ids=LINES)
def test_a_line_is_in_the_wires_manner(event, line):
    assert line_of(event) == line


def test_the_name_that_the_text_has_here_is_the_surname():
    here = Mention(start=0, end=2, text="Xi", kind="PERSON", confidence=1, link_method="none")
    for mention, surname in ((here, "XI"), (here.model_copy(update={"text": "He"}), "JINPING"), (None, "JINPING")):
        event = spoken("it will").model_copy(update={"speaker": Speaker(name="Xi Jinping", kind="person", mention=mention)})
        assert line_of(event) == f"{surname}: IT WILL – NORTH WIRE, FEB 14"


@pytest.mark.parametrize(("kind", "prefix"), [
    (AlertKind.NEW, ""), (AlertKind.DIGEST, ""), (AlertKind.UPDATE, "UPDATE: "), (AlertKind.CONTRADICTION, "CONTRADICTION: "),
    (AlertKind.CORRECTION, "CORRECTION: "), (AlertKind.WITHDRAWAL, "WITHDRAWN: ")])
def test_what_follows_is_called_so(kind, prefix):
    assert line_of(spoken("it will"), kind) == f"{prefix}VARGA: IT WILL – NORTH WIRE, FEB 14"


LONG = "the harbour bridge and the quay will be closed for repairs until the summer of next year by the authority"
SHORT = [
    (LONG, 40, "THE HARBOUR BRIDGE AND THE QUAY…"), (LONG, 28, "THE HARBOUR BRIDGE…"), (LONG, 30, "THE HARBOUR BRIDGE…"),
    (LONG, 60, "THE HARBOUR BRIDGE AND THE QUAY WILL BE CLOSED FOR REPAIRS…"), (LONG, 500, LONG.upper()),
    ("one, two three four five six", 12, "ONE, TWO…"), ("the a of to in on", 9, "THE…"), ("x" * 50, 10, "XXXXXXXXX…"),
    ("word " + "x" * 50, 10, "WORD…"), ("a" * 9, 9, "A" * 9), ("a" * 10, 9, "A" * 8 + "…"),
    ("in regard to the aid of the league, it is scarce", 40, "… THE AID OF THE LEAGUE … IT IS SCARCE"),
    ("in regard to the aid of the league, it is scarce", 34, "… THE AID … IT IS SCARCE"),
    ("in regard to the aid of the league, it is scarce", 16, "… IT IS SCARCE"),
    ("in regard to no aid at all, it is scarce", 30, "IN REGARD TO NO AID AT ALL…"),
    ("in regards of the aid of the league, it is scarce", 20, "IN REGARDS…"),
    ("if it goes on like this today, they will go", 30, "IF IT GOES ON LIKE…"),
]


@pytest.mark.parametrize(("text", "room", "kept"), SHORT)
def test_a_text_is_cut_where_a_phrase_ends(text, room, kept):
    assert shortened(text.upper(), room, WORDS) == kept
    assert len(kept) <= room


NEGATED = [
    "the ministry and all of its many offices in the country will under these conditions {} pay",
    "{} one of the ministers and none of the many offices in the country will under these conditions pay",
    "they will pay, the ministry and all of its many offices in the country said, but {} today",
]


@pytest.mark.parametrize("text", NEGATED)
@pytest.mark.parametrize("word", ["not", "never", "won’t", "cannot", "no", "nor", "untrue"])
@pytest.mark.parametrize("room", [30, 45, 60, 80])
def test_a_negation_is_never_cut_off(text, word, room):
    kept = shortened(text.format(word).upper(), room, WORDS)
    assert len(kept) <= room
    assert word.upper() in kept.replace("…", " ").split()


def test_the_negation_of_another_sentence_is_none_of_this_one():
    assert shortened("THE QUAY WILL BE OPEN ALL DAY. IT IS NOT FREE", 24, WORDS) == "THE QUAY WILL BE OPEN…"


TEXT = st.text(max_size=300) | st.text(st.sampled_from("the quay not won’t, “a” ‘b’ in regard to \u202e\n\u0301ß.…-"), max_size=400)
MODES = st.sampled_from(["direct", "indirect", "mixed", "partial_direct", "belief", "official_act", "headline"])
ACTS = st.sampled_from(["assert", "deny", "decline", "order", "demand"])


@settings(max_examples=120, deadline=None)
@given(st.lists(TEXT, max_size=3), TEXT, TEXT, TEXT, TEXT, MODES, ACTS, st.booleans(), st.sampled_from(AlertKind))
def test_whatever_the_text_holds_a_line_is_one_valid_line(contents, speaker, verb, target, source, mode, act, negated, kind):
    event = spoken(speaker=speaker or None, wire=source or None, mode=mode, act=act, cue=cue(verb, negated=negated), target=span(target),
                   content=tuple(span(each) for each in contents))
    line = line_of(event, kind)
    assert 1 <= len(line) <= 100
    assert line == line_of(event, kind)
    assert line == " ".join(line.split())
    assert line.isprintable()
    line.encode()


@pytest.mark.parametrize("unseen", ["\u202e", "\u200b", "\u034f", "\u115f", "\u3164", "\ufe0f", "\u2800", "\U000e0101", "\U000e0041"], ids=ascii)
def test_what_is_drawn_as_nothing_takes_no_room(unseen):
    assert line_of(said(f"no{unseen * 200} comment")) == line_of(said("no comment"))
    assert line_of(said(unseen * 200)) == line_of(said(" "))


def test_a_text_without_end_is_cut_at_once():
    endless = "x" * 900_000
    event = spoken(endless, speaker=endless, wire=endless, mode="partial_direct", cue=cue(endless), target=span(endless))
    assert len(line_of(event, AlertKind.CONTRADICTION)) <= 100


PLAIN = st.lists(st.sampled_from(("The quay and a bridge will not be closed in May of that year, by us; never " * 2).split()), min_size=1, max_size=40).map(" ".join)


@settings(max_examples=120, deadline=None)
@given(PLAIN, MODES, st.sampled_from(["North Wire", "The Very Long Name of a News Agency of the North"]))
def test_every_word_of_a_line_stands_in_the_text_in_that_order(text, mode, source):
    event = spoken(text, mode=mode, wire=source)
    said_of = line_of(event).partition(": ")[2].rpartition(" – ")[0]
    rest = iter(re.findall(r"[A-Z]+", text.upper()))
    assert all(word in rest for word in re.findall(r"[A-Z]+", said_of))
    assert line_of(event).endswith(("NORTH WIRE, FEB 14", "…, FEB 14"))
