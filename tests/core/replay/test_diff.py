"""How two runs differ, told from bodies alone."""

from __future__ import annotations

import copy
from random import Random

import pytest

from streams.core.replay.diff import Diff, Outcome
from streams.core.replay.facts import facts_of, packed, standing_of, unpacked
from streams.core.replay.pairing import mentions, statements
from streams.core.replay.partition import Cell, PairCounts, compare


def span(text: str, start: int = 0) -> dict[str, object]:
    return {"field": "text", "start": start, "end": start + len(text), "raw_start": None, "raw_end": None, "text": text}


def statement(number: str, content: str = "it is so", speaker: str = "Ida Brandt", cue: str = "said", **more: object):
    return {
        "statement_id": number, "content": [span(content, 3)], "cue": {**span(cue, 20), "lemma": "say"},
        "speaker": {"name": speaker}, "said_on": {"value": None}, "official": {"is_official": True}, **more,
    }


def article(text: str = "A text.", **more: object):
    return {
        "article_id": "a1", "headline": "H", "text": text, "outlet": {"name": "Gazette"}, "dedup": {"revision": 1},
        "event_time": "2018-02-14T00:00:00Z", "mentions": [{**span("Geneva"), "kind": "GPE", "qid": "Q71"}],
        "statements": [statement("s1")], **more,
    }


def enriched(body):
    return Outcome(facts_of(body))


def told(old, new):
    found = Diff()
    return found.take("r-0-1", old, new), found


def test_what_is_known_then_and_where_a_span_stands_is_no_change() -> None:
    moved = article(dedup={"revision": 9}, mentions=[{**span("Geneva", 7), "kind": "GPE", "qid": "Q71"}])
    one, found = told(enriched(article()), enriched(moved))
    assert one.nothing
    assert (found.articles, found.statements["same"], found.digest.strip("0")) == ({"same": 1}, 1, "")


@pytest.mark.parametrize(("change", "fields"), [
    ({"text": "Another."}, ("text",)),
    ({"headline": None, "authors": ["Ann"]}, ("authors", "headline")),
    ({"segments": [{"start": 0, "end": 3, "kind": "widget", "rule": "r"}]}, ("segments",)),
    ({"mentions": []}, ("mentions",)),
    ({"statements": []}, ("statements",)),
])
def test_a_changed_article_names_the_fields_that_differ(change, fields) -> None:
    one, found = told(enriched(article()), enriched(article(**change)))
    assert (one.kind, one.fields) == ("changed", fields)
    assert found.fields == dict.fromkeys(fields, 1)
    assert found.samples["article changed"] == [one]


@pytest.mark.parametrize(("old", "new", "kind", "refusals", "dead", "lost"), [
    (enriched(article()), Outcome(refusal="TOO_SHORT"), "removed", {"added": 1}, {}, False),
    (Outcome(refusal="TOO_SHORT"), enriched(article()), "added", {"removed": 1}, {}, False),
    (Outcome(refusal="A"), Outcome(refusal="B"), "", {"changed": 1}, {}, False),
    (Outcome(refusal="A"), Outcome(refusal="A"), "", {"same": 1}, {}, False),
    (enriched(article()), Outcome(dead=("BUG clean",)), "removed", {}, {"added": 1}, False),
    (Outcome(dead=("BUG clean",)), Outcome(dead=("BUG clean",)), "", {}, {"same": 1}, False),
    (enriched(article()), Outcome(), "removed", {}, {}, True),
    (Outcome(), Outcome(), "", {}, {}, False),
])
def test_ends_of_another_kind(old, new, kind, refusals, dead, lost) -> None:
    one, found = told(old, new)
    assert (one.kind, +found.refusals, +found.dead_letters, one.lost) == (kind, refusals, dead, lost)
    assert one.nothing == (old == new)


@pytest.mark.parametrize(("old", "new", "kinds"), [
    ([statement("1")], [statement("1")], ["same"]),
    ([statement("1")], [statement("1", speaker="Max")], ["changed"]),
    ([statement("1")], [statement("2", content="it is so, she thinks")], ["changed"]),       # by its cue
    ([statement("1")], [statement("2", cue="told", speaker="Max")], ["changed"]),            # by its content
    ([statement("1")], [statement("2", content="other", cue="told")], ["removed", "added"]),
    ([statement("1"), statement("2", content="b")], [statement("2", content="b")], ["same", "removed"]),
    ([], [statement("1")], ["added"]),
    ([statement("1")], [statement("1", rendition_of="x")], ["same"]),
])
def test_statements_are_found_again_by_id_content_and_cue(old, new, kinds) -> None:
    found = statements(*(facts_of(article(statements=each)).statements for each in (old, new)))
    assert [pair.kind for pair in found] == kinds


def test_a_statement_under_another_id_says_what_changed() -> None:
    old, new = [statement("1")], [statement("2", content="another thing")]
    (pair,) = statements(*(facts_of(article(statements=each)).statements for each in (old, new)))
    assert pair.fields == ("content",)


@pytest.mark.parametrize(("new", "counts"), [
    ([("Geneva", "GPE", "Q71")], (1, 0, 0, 0)),
    ([("Geneva", "GPE", "Q1")], (0, 0, 0, 1)),
    ([("Geneva", "ORG", "Q71")], (0, 1, 1, 0)),
    ([("Geneva", "GPE", "Q71"), ("Geneva", "GPE", "Q71")], (1, 1, 0, 0)),
    ([], (0, 0, 1, 0)),
])
def test_mentions_are_the_same_by_their_words_and_changed_by_their_link(new, counts) -> None:
    made = [facts_of(article(mentions=[{"text": t, "kind": k, "qid": q} for t, k, q in side])).mentions
            for side in ([("Geneva", "GPE", "Q71")], new)]
    assert mentions(*made) == counts


def test_facts_come_back_as_they_were_packed() -> None:
    facts = facts_of(article())
    assert unpacked(packed(facts)) == facts


def test_a_fact_is_made_of_whatever_lies_on_the_topic() -> None:
    assert facts_of({"statements": [1, {"content": 3}], "mentions": "x", "outlet": 7}).article_id == ""


def test_where_a_statement_stands_is_its_novelty_its_proposition_and_its_state() -> None:
    body = {"novelty": {"kind": "new", "similarity": 0.5}, "proposition_id": "p", "independent_origins": 1, "state": "reported"}
    assert standing_of(body) == standing_of({**body, "revision": 7, "novelty": {"kind": "new", "similarity": 0.7}})
    assert standing_of(body) != standing_of({**body, "state": "corroborated"})


def test_the_order_of_raw_records_decides_nothing() -> None:
    random, pairs = Random(1), []
    for number in range(40):
        new = copy.deepcopy(article(text=random.choice(["A text.", "B."]), statements=[statement(random.choice("12"))]))
        pairs.append((f"r-0-{number}", enriched(article()), random.choice([enriched(new), Outcome(refusal="A")])))
    results = []
    for _ in range(2):
        found = Diff(wanted=3)
        for each in pairs:
            found.take(*each)
        results.append((found.digest, found.articles, found.samples))
        random.shuffle(pairs)
    assert results[0] == results[1]
    assert max(map(len, results[0][2].values())) == 3


def clusters(old: dict[str, str], new: dict[str, str]) -> PairCounts:
    """Compare two runs given as article → canonical, by brute force over cells."""
    cells = []
    for a in set(old.values()):
        for b in set(new.values()):
            both = [x for x in old if old[x] == a and new[x] == b]
            if both:
                cells.append(Cell(len(both), list(old.values()).count(a), list(new.values()).count(b), a != b))
    sizes = [[list(side.values()).count(c) for c in set(side.values())] for side in (old, new)]
    return compare(cells, *sizes)


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("aab", "aab", PairCounts(same=1)),
    ("aab", "abb", PairCounts(joined=1, split=1, moved=3)),
    ("aaa", "abc", PairCounts(split=3, moved=3)),
    ("abc", "aaa", PairCounts(joined=3, moved=3)),
    ("aab", "ccb", PairCounts(same=1, renamed=1)),
])
def test_clusters_are_compared_by_pairs_and_named_by_their_canonical(old, new, expected) -> None:
    assert clusters(dict(enumerate(old)), dict(enumerate(new))) == expected
