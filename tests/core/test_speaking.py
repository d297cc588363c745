"""Who speaks, and whether for an office: whole sentences, read from beginning to end. All self-written."""

from __future__ import annotations

import pytest

from schemas.statement import Statement
from streams.core.tagging.tag import Tagger, load_tagger
from tests.core.reading import article
from tests.core.telling import LAST


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return load_tagger()


def read(tagger: Tagger, text: str) -> list[Statement]:
    return list(tagger.tag(article(text + LAST, published="2024-03-05T09:00:00Z")).statements)


def one(tagger: Tagger, text: str) -> Statement:
    found = read(tagger, text)
    assert found, "nothing is reported"
    return found[-1]


@pytest.mark.parametrize("text", [
    "The harbour would stay open, the prime minister's press secretary, Anna Kowalska, said on Monday.",
    "The president's spokesman, Jan Nowak, said talks would go on.",
    "“We are not worried,” the foreign minister's spokeswoman, Maria Zielinska, said.",
    "The harbour would stay open, the prime minister’s spokesman, Jan Nowak, said.",
    "The ministry's spokeswoman, Maria Zielinska, said talks would go on.",
    "A spokesman for the prime minister, Ole Dahl, said the rules would change.",
    "The spokesman of the defence minister, Ole Dahl, said the rules would change.",
])
def test_who_speaks_for_an_office_speaks_officially(tagger, text):
    found = one(tagger, text)
    assert found.official.is_official, found.official.evidence
    assert found.speaker.role is not None
    assert found.speaker.role.text.lower() not in ("prime minister", "president", "defence minister")


@pytest.mark.parametrize("text", [
    "The company's president, Tom Reed, said sales had risen.",
    "The airline's president, Tom Reed, said sales had risen.",
    "The company's president's spokesman, Tom Reed, said sales had risen.",
    "The party's spokesman, Tom Reed, said the vote was fair.",
    "The president's lawyer, Tom Reed, said the vote was fair.",
    "The president of the company, Tom Reed, said sales had risen.",
])
def test_who_speaks_for_a_company_or_a_man_does_not(tagger, text):
    found = one(tagger, text)
    assert not found.official.is_official, found.official.evidence


DAHL = "Deputy Foreign Minister Ole Dahl said the talks were useful.\n\n"
TWO_CHANCELLORS = "Ruth Aldane, the chancellor, said taxes would not rise. Mark Strand, the shadow chancellor, said the plan was weak.\n\n"


@pytest.mark.parametrize(("text", "who", "kind"), [
    (DAHL + "The Prime Minister's Office said the plan was ready.", "Prime Minister's Office", "organisation"),
    (DAHL + "The foreign minister's office said the plan was ready.", "foreign minister's office", "organisation"),
    (DAHL + "The prime minister said the plan was ready.", "The prime minister", "office"),
    (DAHL + "The foreign minister said the plan was ready.", "The foreign minister", "office"),
    (DAHL + "The deputy minister said the plan was ready.", "Ole Dahl", "person"),
    (TWO_CHANCELLORS + "The chancellor said the books would balance.", "Ruth Aldane", "person"),
    (TWO_CHANCELLORS + "The shadow chancellor said the books would not balance.", "Mark Strand", "person"),
    ("Defence Minister Ivo Lund opened the fair. The health minister said the plan was ready.", "The health minister", "office"),
])
def test_a_bare_title_is_its_holder_and_an_office_is_a_body(tagger, text, who, kind):
    speaker = one(tagger, text).speaker
    assert speaker is not None
    assert (speaker.name.removeprefix("The ").lower(), speaker.kind) == (who.removeprefix("The ").lower(), kind)


@pytest.mark.parametrize(("text", "who"), [
    ("Prime Minister Bart De Wilder said that Belgium would pay.", "Bart De Wilder"),
    ("Prime Minister Bart De Wilder met the press. De Wilder said more would come.", "Bart De Wilder"),
    ("Minister of Defence of Ukraine Denys Shmyhal said the army was ready.", "Denys Shmyhal"),
    ("European Commission President Ursula von der Leyen said the plan was good.", "Ursula von der Leyen"),
    ("Prime Minister of Latvia Dace Melbarde said the road was open.", "Dace Melbarde"),
    ("The General Staff of the Armed Forces of Ukraine said two drones were shot down.", "General Staff of the Armed Forces of Ukraine"),
    ("The General Staff said two drones were shot down.", "General Staff"),
    ("The Prosecutor General's Office of Ukraine said two men were held.", "Prosecutor General's Office of Ukraine"),
    ("The Supreme Court of Norway said the law was valid.", "Supreme Court of Norway"),
    ("The Royal Swedish Navy said a submarine was seen.", "Royal Swedish Navy"),
    ("The Southern Command said three boats were lost.", "Southern Command"),
])
def test_names_are_whole_and_speak_for_their_office(tagger, text, who):
    found = one(tagger, text)
    assert found.speaker is not None
    assert (found.speaker.name, found.official.is_official) == (who, True)


@pytest.mark.parametrize(("text", "who"), [
    ("The Foreign Ministry said the envoy would go. “This is not acceptable,” the statement reads.", "Foreign Ministry"),
    ("The river rose. A statement from the Foreign Ministry said the envoy would go.", "Foreign Ministry"),
    ("The river rose. The Foreign Ministry's statement said the envoy would go.", "Foreign Ministry"),
    ("The river rose. A ministry statement said the envoy would go.", "A ministry statement"),
    ("The river rose in the night. “Nobody was hurt in the lower town,” the statement reads.", None),
])
def test_a_statement_is_whose_it_is(tagger, text, who):
    speaker = one(tagger, text).speaker
    assert (speaker.name if speaker else None) == who


def test_who_answers_is_the_one_introduced(tagger):
    text = ("Norwegian Fisheries Minister Torgeir Myhre spoke to the Fjord Post about the cod.\n\n"
            "Q: Will there be inspections?\n\nA: We will count every boat, and we will do it in March.")
    found = one(tagger, text)
    assert found.speaker is not None
    assert (found.speaker.name, found.official.is_official) == ("Torgeir Myhre", True)


@pytest.mark.parametrize("text", [
    "“There is no deal,” a spokesman for Foreign Minister Ines Varga said.",
    "A spokeswoman for Mayor Ivo Lund said there was no deal.",
    "A spokesman for the prime minister said there was no deal.",
])
def test_an_unnamed_spokesman_is_not_the_one_he_serves(tagger, text):
    found = one(tagger, text)
    assert found.speaker is not None
    assert found.speaker.name.lower().startswith("a spokes")
    assert found.official.is_official, found.official.evidence


@pytest.mark.parametrize("text", [
    "A spokesman for General Motors said there was no deal.",
    "A spokesman for the company's president said there was no deal.",
    "A spokeswoman for the opposition leader said there was no deal.",
])
def test_an_unnamed_spokesman_of_a_company_or_party_is_not_official(tagger, text):
    found = one(tagger, text)
    assert not found.official.is_official, found.official.evidence
