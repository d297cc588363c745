"""Whom the source of a report means: names, pronouns, nouns, and nobody where it cannot be told."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.statement import Attribution, Statement, StatementMode
from tests.core.telling import ORG, G, N, P, statements

VARGA = "Foreign Minister Ines Varga opened the meeting in Lisbon. "
PAIR = "Ines Varga said the bridge is safe. "
TWO = {"Ines Varga": P, "Varga": P, "Ivo Lund": P, "Lund": P}


def last(text: str, named: dict[str, Any], *specs: tuple[Any, ...]) -> Statement:
    return statements(text, named, list(specs))[-1]


FIRST = ("Ines Varga said the bridge is safe.", "the bridge is safe", {"source": "Ines Varga"})
CASES: dict[str, tuple[str, dict[str, Any], list[tuple[Any, ...]], str, str]] = {
    "a surname is the full name": (
        PAIR + "Work goes on, Varga said.", TWO, [FIRST, ("Work goes on, Varga said.", "Work goes on", {"source": "Varga"})],
        "Ines Varga", "explicit"),
    "a pronoun is the last speaker": (
        PAIR + "She said work goes on.", TWO, [FIRST, ("She said work goes on.", "work goes on", {"source": "She"})], "Ines Varga", "explicit"),
    "a pronoun of the other sex is not": (
        PAIR + "He said work goes on.", TWO, [FIRST, ("He said work goes on.", "work goes on", {"source": "He"})], "He", "ambiguous"),
    "who stands between as a subject is meant": (
        PAIR + "Ivo Lund nodded. He said work goes on.", TWO, [FIRST, ("He said work goes on.", "work goes on", {"source": "He"})],
        "Ivo Lund", "explicit"),
    "who is only spoken of is not": (
        "Ines Varga said Ivo Lund is late. She said work goes on.", TWO,
        [("Ines Varga said Ivo Lund is late.", "Ivo Lund is late", {"source": "Ines Varga"}), ("She said work goes on.", "work goes on", {"source": "She"})],
        "Ines Varga", "explicit"),
    "the subject of the very words": (
        PAIR + "Ivo Lund will resign, he said.", TWO, [FIRST, ("Ivo Lund will resign, he said.", "Ivo Lund will resign", {"source": "he"})],
        "Ivo Lund", "explicit"),
    "a relative pronoun is what stands before it": (
        "Ivo Lund, who said the bridge is safe, left.", TWO,
        [("Ivo Lund, who said the bridge is safe, left.", "the bridge is safe", {"source": "who"})], "Ivo Lund", "explicit"),
    "the minister is the one introduced": (
        VARGA + "The minister said the bridge is safe.", TWO,
        [("The minister said the bridge is safe.", "the bridge is safe", {"source": "The minister", "head": "minister"})], "Ines Varga", "explicit"),
    "two ministers and neither has spoken": (
        VARGA + "Defence Minister Ivo Lund sat beside her. The minister said the bridge is safe.", TWO,
        [("The minister said the bridge is safe.", "the bridge is safe", {"source": "The minister", "head": "minister"})], "The minister", "ambiguous"),
    "the defence minister is the defence minister": (
        VARGA + "Defence Minister Ivo Lund sat beside her. The defence minister said the bridge is safe.", TWO,
        [("The defence minister said the bridge is safe.", "the bridge is safe", {"source": "The defence minister", "head": "minister"})],
        "Ivo Lund", "explicit"),
    "an unnamed source stays unnamed": (
        PAIR + "A senior official said work goes on.", TWO,
        [FIRST, ("A senior official said work goes on.", "work goes on", {"source": "A senior official", "head": "official"})],
        "A senior official", "explicit"),
    "a name behind its noun": (
        "The harbour's director of works, Ivo Lund, said the bridge is safe.", TWO,
        [("The harbour's director of works, Ivo Lund, said the bridge is safe.", "the bridge is safe",
          {"source": "The harbour's director of works", "head": "director"})], "Ivo Lund", "explicit"),
    "the letter speaks for who wrote it": (
        PAIR + "The letter said work goes on.", TWO,
        [FIRST, ("The letter said work goes on.", "work goes on", {"source": "The letter", "head": "letter"})], "Ines Varga", "explicit"),
    "the body that was named is it": (
        "The Harbour Ministry said the bridge is safe. It said work goes on.", {"Harbour Ministry": ORG},
        [("The Harbour Ministry said the bridge is safe.", "the bridge is safe", {"source": "The Harbour Ministry", "head": "Harbour Ministry"}),
         ("It said work goes on.", "work goes on", {"source": "It"})], "Harbour Ministry", "explicit"),
    "both are the two that spoke": (
        "Norway and Chad said the bridge is safe. The two countries said work goes on.", {"Norway": (G, "Q20"), "Chad": (G, "Q657")},
        [("Norway and Chad said the bridge is safe.", "the bridge is safe", {"source": "Norway and Chad", "collective": True}),
         ("The two countries said work goes on.", "work goes on", {"source": "The two countries", "head": "countries"})], "Norway and Chad", "explicit"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_source_means(name: str) -> None:
    text, named, specs, speaker, attribution = CASES[name]
    statement = last(text, named, *specs)
    assert statement.speaker is not None
    assert (statement.speaker.name, statement.attribution.value) == (speaker, attribution)


def test_two_of_one_surname_are_told_apart_by_their_titles() -> None:
    named = {"Pilar Moreno": P, "Paul Moreno": P, "Moreno": P}
    text = "Pilar Moreno met Paul Moreno. Ms Moreno said the bridge is safe. Mr Moreno said work goes on."
    found = statements(text, named, [
        ("Ms Moreno said the bridge is safe.", "the bridge is safe", {"source": "Moreno"}),
        ("Mr Moreno said work goes on.", "work goes on", {"source": "Moreno"})])
    assert [each.speaker and each.speaker.name for each in found] == ["Pilar Moreno", "Paul Moreno"]


LEAD = "The health secretary said on Monday the ward is safe."
LATER = "Gwen Hill said the ward is bright."
HILL = {"Gwen Hill": P, "Hill": P}


def test_an_office_of_the_lead_is_the_person_named_next() -> None:
    found = statements(f"{LEAD}\n\n{LATER}", HILL, [
        (LEAD, "the ward is safe", {"source": "The health secretary", "head": "secretary"}), (LATER, "the ward is bright", {"source": "Gwen Hill"})])
    assert [each.speaker and (each.speaker.name, each.speaker.role and each.speaker.role.text) for each in found] == [("Gwen Hill", "health secretary")] * 2
    assert all(each.official.is_official for each in found)


@pytest.mark.parametrize("between", ["Nurse Gwen Hill", "Deputy Mayor Gwen Hill"])
def test_somebody_else_of_the_next_paragraph_is_not(between: str) -> None:
    later = f"{between} said the ward is bright."
    lead = LEAD if between.startswith("Deputy") else LEAD + " Gwen Hill was there."
    found = statements(f"{lead}\n\n{later}", HILL, [
        (LEAD, "the ward is safe", {"source": "The health secretary", "head": "secretary"}), (later, "the ward is bright", {"source": "Gwen Hill"})])
    assert found[0].speaker is not None
    assert found[0].speaker.name == "The health secretary"


def test_words_that_go_on_are_never_explicit() -> None:
    text = PAIR + "This took years. The river will rise again. “It is done.”\n\n“It was hard.”"
    parts = {"cue": None, "mode": StatementMode.CONTINUATION}
    found = statements(text, TWO, [
        FIRST, ("This took years.", "This took years", parts), ("The river will rise again.", "The river will rise again", parts),
        ("“It is done.”", "It is done", {"cue": None, "mode": StatementMode.DIRECT}),
        ("“It was hard.”", "It was hard", {"cue": None, "mode": StatementMode.DIRECT})])
    assert [each.attribution.value for each in found] == ["explicit", "inferred", "ambiguous", "inferred", "inferred"]
    assert all(each.speaker is not None and each.speaker.name == "Ines Varga" for each in found)
    assert all(each.speaker is not None and each.speaker.mention is None for each in found[1:])
    assert found[0].confidence > found[1].confidence > found[2].confidence


def test_words_of_two_speakers_may_be_either_ones() -> None:
    text = PAIR + "Ivo Lund said it is old.\n\n“It was hard.”"
    found = statements(text, TWO, [
        FIRST, ("Ivo Lund said it is old.", "it is old", {"source": "Ivo Lund"}), ("“It was hard.”", "It was hard", {"cue": None, "mode": StatementMode.DIRECT})])
    assert found[-1].attribution is Attribution.AMBIGUOUS


def test_nobody_speaks_where_nobody_is_named() -> None:
    (found,) = statements("It was said the bridge is safe.", {}, [("It was said the bridge is safe.", "the bridge is safe", {})])
    assert (found.speaker, found.attribution, found.official.is_official) == (None, Attribution.AMBIGUOUS, False)


def test_the_writer_is_no_speaker() -> None:
    assert not statements("We said the bridge is safe.", {}, [("We said the bridge is safe.", "the bridge is safe", {"source": "We"})])


KINDS: dict[str, tuple[str, dict[str, Any], str, bool]] = {
    "a state": ("Norway", {"Norway": (G, "Q20")}, "country", True),
    "a ministry": ("Harbour Ministry", {"Harbour Ministry": ORG}, "organisation", True),
    "a company": ("Acme Motors", {"Acme Motors": ORG}, "organisation", False),
    "a party": ("People's Party", {"People's Party": ORG}, "organisation", False),
    "a person": ("Ivo Lund", {"Ivo Lund": P}, "person", False),
    "a minister": ("Foreign Minister Ivo Lund", {"Ivo Lund": P}, "person", True),
    "the president of a company": ("Ivo Lund, president of Acme Motors,", {"Ivo Lund": P, "Acme Motors": ORG}, "person", False),
    "a vice president of nothing": ("Ivo Lund, vice president,", {"Ivo Lund": P}, "person", False),
    "data of a government": ("Government projections", {}, "organisation", False),
    "a former minister": ("Former Foreign Minister Ivo Lund", {"Ivo Lund": P}, "person", False),
    "sources": ("Two sources", {}, "person", False),
    "an official": ("A senior official", {}, "person", False),
    "a spokeswoman of a ministry": ("A foreign ministry spokeswoman", {}, "office", True),
    "a spokesman of a company": ("A company spokesman", {}, "office", False),
    "the police": ("Police", {}, "organisation", True),
    "an ambassador": ("The Norwegian ambassador", {"Norwegian": N}, "office", True),
}


@pytest.mark.parametrize("name", KINDS)
def test_who_speaks_for_an_office(name: str) -> None:
    source, named, kind, is_official = KINDS[name]
    text = f"{source} said the bridge is safe."
    head = next(iter(named)) if named and kind != "office" else source.split()[-1]
    (found,) = statements(text, named, [(text, "the bridge is safe", {"source": head if kind == "person" and named else source, "head": head})])
    assert found.speaker is not None
    assert (found.speaker.kind, found.official.is_official) == (kind, is_official)
    assert found.official.evidence
