"""Renderings of one utterance, ids that hold, roles as of the day, and text made to hurt."""

from __future__ import annotations

import time
from typing import Any

import pytest

from schemas.mention import RoleCheck
from schemas.statement import SpeechAct, Statement, StatementMode
from streams.core.offices.registry import Registry
from streams.core.statements.placement import placement, placements
from tests.core.telling import P, statements

NAMED: dict[str, Any] = {"Ines Varga": P, "Varga": P, "Ivo Lund": P}
DIRECT = "“The old bridge needs new pillars before winter,” Varga said."
QUOTE = ("The old bridge needs new pillars before winter", {"source": "Varga", "mode": StatementMode.DIRECT})


def pair(indirect: str, content: str, **parts: Any) -> list[Statement]:
    return statements(f"{indirect}\n\n{DIRECT}", NAMED, [(indirect, content, {"source": "Ines Varga"} | parts), (DIRECT, *QUOTE)])


SAME: dict[str, tuple[str, str, dict[str, Any], bool]] = {
    "the same in other words": ("Ines Varga said the bridge would need pillars before winter.", "the bridge would need pillars before winter", {}, True),
    "something else": ("Ines Varga said the ferry would sail to Lisbon in the morning.", "the ferry would sail to Lisbon in the morning", {}, False),
    "the opposite": ("Ines Varga said the old bridge does not need new pillars before winter.", "the old bridge does not need new pillars before winter", {}, False),
    "a denial of it": ("Ines Varga said the old bridge needs new pillars before winter.", "the old bridge needs new pillars before winter", {"act": SpeechAct.DENY}, False),
    "somebody else's": ("Ivo Lund said the old bridge needs new pillars before winter.", "the old bridge needs new pillars before winter", {"source": "Ivo Lund"}, False),
    "another time": ("In June 2018, Ines Varga said the old bridge needs new pillars before winter.", "the old bridge needs new pillars before winter", {}, False),
}


@pytest.mark.parametrize("name", SAME)
def test_renderings_of_one_utterance_point_to_the_direct_one(name: str) -> None:
    indirect, content, parts, same = SAME[name]
    told = {"when": "In June 2018"} if name == "another time" else {}
    later = "on Monday" if name == "another time" else None
    found = pair(indirect, content, **parts, **told)
    if later:
        text = DIRECT.replace("said.", f"said {later}.")
        found = statements(f"{indirect}\n\n{text}", NAMED, [(indirect, content, {"source": "Ines Varga"} | told), (text, *QUOTE)])
    assert (found[0].rendition_of == found[1].statement_id) is same
    assert found[1].rendition_of is None


def test_numbers_that_conflict_are_two_utterances() -> None:
    first, second = "Ines Varga said 40 lorries crossed the old bridge.", "Varga said 90 lorries crossed the old bridge."
    found = statements(f"{first} {second}", NAMED, [
        (first, "40 lorries crossed the old bridge", {"source": "Ines Varga"}), (second, "90 lorries crossed the old bridge", {"source": "Varga"})])
    assert [each.rendition_of for each in found] == [None, None]


def test_what_is_said_of_these_efforts_renders_what_was_said_of_efforts() -> None:
    first, second = "Ines Varga praised joint efforts to rebuild the bridge.", "Varga called these efforts essential."
    found = statements(f"{first} {second}", NAMED, [
        (first, "joint efforts to rebuild the bridge", {"source": "Ines Varga", "cue": "praised"}),
        (second, "essential", {"source": "Varga", "cue": "called", "target": "these efforts", "mode": StatementMode.PARTIAL_DIRECT})])
    assert found[1].rendition_of == found[0].statement_id


def test_an_edit_elsewhere_leaves_the_ids() -> None:
    indirect, content = "Ines Varga said the ferry would sail to Lisbon.", "the ferry would sail to Lisbon"
    before = pair(indirect, content)
    text = f"The harbour is old, and its pier is older.\n\n{indirect}\n\n{DIRECT}\n\nIvo Lund said it rains."
    after = statements(text, NAMED, [(indirect, content, {"source": "Ines Varga"}), (DIRECT, *QUOTE), ("Ivo Lund said it rains.", "it rains", {"source": "Ivo Lund"})], url="https://e.org/a")
    again = statements(f"{indirect}\n\n{DIRECT}", NAMED, [(indirect, content, {"source": "Ines Varga"}), (DIRECT, *QUOTE)], url="https://e.org/a")
    assert [each.statement_id for each in after[:2]] == [each.statement_id for each in again]
    assert len({each.statement_id for each in before + after}) == 5


def test_the_same_words_twice_have_two_ids() -> None:
    first, second = "Ines Varga said the bridge is safe.", "Varga said: the bridge is safe!"
    found = statements(f"{first} {second}", NAMED, [
        (first, "the bridge is safe", {"source": "Ines Varga"}), (second, "the bridge is safe", {"source": "Varga"})])
    assert len({each.statement_id for each in found}) == 2


def test_a_rendering_is_placed_with_the_best_one() -> None:
    found = pair("Ines Varga said the bridge would need pillars before winter.", "the bridge would need pillars before winter")
    assert set(placements(found, "a").values()) == {"ines varga"}
    assert placement(None, "a") == "a"


def test_a_role_is_checked_for_the_day_it_was_said() -> None:
    text = "Foreign Minister Ines Varga said on Monday the bridge is safe. Varga left in a hurry."
    spec = ("Foreign Minister Ines Varga said on Monday the bridge is safe.", "the bridge is safe", {"source": "Ines Varga"})
    (found,) = statements(text, NAMED, [spec], registry=Registry.empty())
    assert found.speaker is not None
    assert found.speaker.role is not None
    role = found.speaker.role
    assert (role.text, role.check, role.valid_on and role.valid_on.date().isoformat()) == ("Foreign Minister", RoleCheck.UNKNOWN, "2019-03-04")
    assert role.span is not None
    assert role.span.text == "Foreign Minister"


def test_a_role_said_once_is_carried_without_its_place() -> None:
    text = "Foreign Minister Ines Varga opened the bridge. Varga said the bridge is safe."
    (found,) = statements(text, NAMED, [("Varga said the bridge is safe.", "the bridge is safe", {"source": "Varga"})])
    assert found.speaker is not None
    assert found.speaker.role is not None
    assert (found.speaker.role.text, found.speaker.role.span) == ("Foreign Minister", None)


@pytest.mark.parametrize("joined", [" ", "\n\n"])
def test_ten_thousand_reports_take_seconds(joined: str) -> None:
    from streams.core.statements.assemble import assembled
    from streams.core.tagging.fields import fields_of
    from tests.core.reading import article
    from tests.core.telling import mentions, report

    number = 5_000
    sentences = [f"Ines Varga said {each} lorries crossed in June {each % 20 + 1999}, Reuters reports." for each in range(number)]
    found = article(joined.join(sentences))
    fields = {field.name: field for field in fields_of(found)}
    field = next(each for each in fields.values() if "lorries" in each.text and len(each.text) > 10_000)
    reports, at = [], 0
    template = report(field, sentences[3], "3 lorries crossed", source="Ines Varga")
    del template
    for each, sentence in enumerate(sentences):
        at = field.text.find(sentence, at)
        if at < 0:
            at = 0
            continue
        reports.append(shifted(field, at, sentence, f"{each} lorries crossed"))
    named = mentions({field.name: field}, NAMED)
    begun = time.process_time()
    made = assembled(found, fields, named, reports).statements
    assert len(made) == len(reports) > number - 10
    assert time.process_time() - begun < 8


def shifted(field: Any, at: int, sentence: str, content: str) -> Any:
    from streams.core.statements.report import Bounds, CueFound, CueKind, Report

    def place(wanted: str) -> Bounds:
        start = at + sentence.index(wanted)
        return Bounds(start, start + len(wanted))

    cue = CueFound(place("said"), "say", CueKind.SAY, False, SpeechAct.ASSERT)
    return Report(field.name, StatementMode.INDIRECT, (place(content),), Bounds(at, at + len(sentence)), cue, place("Ines Varga"))
