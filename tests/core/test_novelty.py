"""Gists, likeness, origins and propositions, by examples that are in no gold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.found_statement import ArticleRef, FoundStatement, Named
from schemas.mention import MentionKind
from schemas.span import Span
from schemas.statement import Attribution, Cue, Official, SaidOn, SpeechAct, StatementMode
from streams.core.novelty.gist import Figure, gist_of
from streams.core.novelty.likeness import likeness
from streams.core.novelty.origins import Way, count

DAY = datetime(2024, 5, 6, tzinfo=UTC)


def found(content, *, names=(), act=SpeechAct.ASSERT, said_on=None, addressed=(), cue=None):
    return FoundStatement(
        statement_id="s", mode=StatementMode.INDIRECT, speech_act=act, content=(Span(start=0, end=len(content), text=content),),
        cue=cue and Cue(start=0, end=1, text=cue, lemma=cue, factive=False, negated=False), speaker=None, said_on=said_on or SaidOn(basis="none"), attribution=Attribution.EXPLICIT, confidence=1,
        official=Official(is_official=False, evidence=None), article=ArticleRef(id="a", version="v"), placement="p", language="en",
        event_time=DAY, lanes=("live",), names=tuple(place(name) for name in names), addressed=tuple(place(name) for name in addressed))


def place(name):
    return Named(text=name, key=name.lower(), kind=MentionKind.GPE)


def related(a, b):
    found_one = likeness(a if not isinstance(a, str) else gist_of(found(a)), b if not isinstance(b, str) else gist_of(found(b)))
    return found_one.relation.value if found_one else "apart"


@pytest.mark.parametrize(("content", "figures"), [
    ("twenty-five boats were lost", {Figure("ship", "25")}),
    ("losses of 1,500 sheep", {Figure("sheep", "1500")}),
    ("it grew by 3.5%", {Figure("percent", "3.5")}),
    ("it costs $5 million", {Figure("dollar", "5.0000e+06")}),
    ("in 2026 it ends", {Figure("year", "2026")}),
    ("on 4 June it opens", {Figure("day", "4")}),
    ("on June 4 it opens", {Figure("day", "4")}),
    ("no number at all", set()),
])
def test_a_number_is_read_with_what_it_counts(content, figures):
    assert gist_of(found(content)).figures == figures


@pytest.mark.parametrize(("a", "b", "relation"), [
    ("the tunnel under the strait will be flooded", "the tunnel under the strait will be flooded", "same"),
    ("the tunnel under the strait will be flooded by the engineers tonight", "the tunnel under the strait will be flooded", "same"),
    ("the tunnel under the strait will be flooded", "the tunnel under the strait will not be flooded", "contradiction"),
    ("nobody saw the tunnel under the strait flooded", "the tunnel under the strait was seen flooded", "contradiction"),
    ("four tunnels under the strait are flooded", "nine tunnels under the strait are flooded", "update"),
    ("the tunnel under the strait closes for 3 days", "the tunnel under the strait closes for 3 months", "update"),
    ("the tunnel under the strait opens in March", "the tunnel under the strait opens in April", "update"),
    ("the tunnel under the strait will be flooded", "the cable across the bay has been cut", "apart"),
    ("", "", "apart"),
    ("…", "…", "apart"),
])
def test_two_contents_are_related(a, b, relation):
    assert related(a, b) == related(b, a) == relation


def test_another_country_is_apart_and_a_seat_of_government_stands_for_its_country():
    one, other, seat = ("we shall answer Norway with patience and ships", "we shall answer Sweden with patience and ships",
                        "we shall answer Moscow with patience and ships")
    norway, sweden = gist_of(found(one, names=["Norway"])), gist_of(found(other, names=["Sweden"]))
    assert related(norway, sweden) == "apart"
    russia = gist_of(found(seat.replace("Moscow", "Russia"), names=["Russia"]))
    assert related(gist_of(found(seat, names=["Moscow"])), russia) == "same"


def test_what_is_said_to_another_is_apart():
    words = "the bridge will stay closed until the debts are paid"
    assert related(gist_of(found(words, addressed=["Norway"])), gist_of(found(words + " in full", addressed=["Sweden"]))) == "apart"


def test_denying_turns_everything_round():
    assert related(gist_of(found("agents entered the embassy", act=SpeechAct.DENY)), "agents entered the embassy") == "contradiction"
    assert related(gist_of(found("agents entered the embassy", act=SpeechAct.DENY)), "agents never entered the embassy") == "same"


@pytest.mark.parametrize(("content", "cue", "relation"), [
    ("there was no application for the harbour licence", "say", "same"), ("there was no application for the harbour licence", None, "same"),
    ("there was an application for the harbour licence", "deny", "same"), ("there was no application for the harbour licence", "deny", "contradiction"),
    ("the application for the harbour licence was nonsense", "say", "same")])
def test_a_denial_by_its_own_words_is_the_denial_that_a_cue_makes(content, cue, relation):
    denied = gist_of(found("there was an application for the harbour licence", act=SpeechAct.DENY, cue="deny"))
    assert related(denied, gist_of(found(content, act=SpeechAct.DENY, cue=cue))) == relation


def test_tomorrow_is_another_day_next_week():
    first = SaidOn(basis="text", not_before=DAY, not_after=DAY)
    later = SaidOn(basis="text", not_before=DAY.replace(day=14), not_after=DAY.replace(day=14))
    words = "the convoy leaves the harbour tomorrow"
    assert related(gist_of(found(words, said_on=first)), gist_of(found(words, said_on=later))) == "update"
    assert related(gist_of(found(words, said_on=first)), gist_of(found(words, said_on=first))) == "same"


@pytest.mark.parametrize(("ways", "origins"), [
    ([], 0),
    ([("a", "wire", ()), ("b", "wire", ()), ("c", "wire", ())], 1),
    ([("a", "x", ()), ("b", "y", ())], 2),
    ([("a", "x", ()), ("b", "y", ("a",))], 1),
    ([("a", "x", ("b",)), ("b", "y", ()), ("c", "z", ("b",))], 1),
    ([("a", "x", ("gone",)), ("c", "z", ("gone",))], 2),
    ([(f"a{n}", f"x{n}", ()) for n in range(80)], 50),
])
def test_origins_are_counted_by_source_and_shared_text(ways, origins):
    assert count((Way(article, source, frozenset(alike)) for article, source, alike in ways), 50) == origins
    assert count((Way(article, source, frozenset(alike)) for article, source, alike in reversed(ways)), 50) == origins
