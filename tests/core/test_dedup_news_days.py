"""Days as they come: a wire story with 200 copies, a roundup of forty stories, a story that is updated all day."""

from __future__ import annotations

from random import Random

from streams.core.dedup.match import MatchOptions
from streams.core.dedup.offline import enrich_all
from streams.core.dedup.sketch import SketchOptions
from streams.testing.builders import tagged


def story(name, words=220):
    """Return a text of its own: words that no other story has, names among them."""
    return [f"{name.capitalize() if n % 7 == 0 else name}{n}" for n in range(words)]


def edited(words, random, share=0.06):
    """Return a text as another desk prints it: some words changed, the end cut a little, an ending of its own."""
    changed = [f"edit{random.randrange(10**6)}" if random.random() < share / 5 else word for word in words]
    return [*changed[: len(changed) - random.randrange(20)], *(f"desk{random.randrange(10**6)}" for _ in range(8))]


def at_rest(articles):
    return {e.article_id: e.dedup for e in enrich_all(articles, SketchOptions(2), MatchOptions())}


def test_two_hundred_copies_of_a_wire_story_in_a_day_are_one_cluster_and_swallow_no_neighbour():
    random = Random(7)
    wire, neighbours = story("wire"), [story(f"other{n}x") for n in range(20)]
    copies = [tagged(f"copy{n:03}", " ".join(edited(wire, random)), hours=n * 24 / 200) for n in range(200)]
    # Each neighbour quotes the wire's first thirty words: about the same event, another story.
    others = [tagged(f"near{n:02}", " ".join([*wire[:30], *text]), hours=n) for n, text in enumerate(neighbours)]
    come = [*copies, *others]
    random.shuffle(come)
    found = at_rest(come)
    assert {found[one.article_id].canonical_id for one in copies} == {"copy000"}
    assert all(found[one.article_id].canonical_id == one.article_id for one in others)


def test_a_roundup_of_forty_stories_has_them_as_parts_and_merges_none():
    stories = [story(f"s{n}x", 120) for n in range(40)]
    singles = [tagged(f"story{n:02}", " ".join(text), hours=n / 4) for n, text in enumerate(stories)]
    roundup = tagged("roundup", " ".join(word for text in stories for word in text), hours=11)
    found = at_rest([roundup, *singles])
    assert {found[one.article_id].role.value for one in singles} == {"part_of"}
    assert len({d.canonical_id for d in found.values()}) == 41
    assert found["roundup"].role.value == "canonical"
    assert len(found["roundup"].matches) == 40
    assert all(match.containment < 0.1 for match in found["roundup"].matches)


def test_a_story_that_grows_all_day_does_not_make_one_cluster_of_its_first_and_last_form():
    text = story("live", 600)
    forms = [tagged(f"form{n:02}", " ".join(text[n * 30 : n * 30 + 200]), hours=n) for n in range(13)]
    found = at_rest(forms)
    assert found["form00"].canonical_id != found["form12"].canonical_id
    assert found["form01"].canonical_id == "form00"
