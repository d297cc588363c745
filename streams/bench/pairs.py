"""pairs: how well statements are told apart, on pairs of our own (gold_pairs.toml); half of them held out.

A pair is read as a report would be: tagged for its names, then both gists compared. F1 is of `same`; a
contradiction, another number or another date that is called the same is counted, and must be none. Misses of
the held-out half are never listed.
"""

from __future__ import annotations

import sys
import tomllib
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from schemas.clean_article import CleanArticle, Language
from schemas.found_statement import ArticleRef, FoundStatement
from schemas.span import Span
from schemas.statement import Attribution, Official, SaidOn, SpeechAct, StatementMode
from streams.core.novelty.gist import gist_of
from streams.core.novelty.likeness import Relation, likeness
from streams.core.novelty.said import named
from streams.core.tagging.tag import load_tagger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.core.tagging.tag import Tagger

NAME: Final = "gold_pairs.toml"
LEAD: Final = "The minister said on Monday that "
_DAY: Final = datetime(2024, 5, 6, tzinfo=UTC)


class Pair(NamedTuple):
    """Two statements; `gold`: same, update, contradiction or different."""

    kind: str
    gold: str
    held_out: bool
    a: str
    b: str
    other_speaker: bool


class Scored(NamedTuple):
    """A pair and what it was taken for."""

    pair: Pair
    found: str


def pairs() -> list[Pair]:
    """Return the gold."""
    text = files("streams.bench").joinpath(NAME).read_text(encoding="utf-8")
    rows = cast("list[dict[str, str]]", tomllib.loads(text)["pair"])
    return [
        Pair(row["class"], row["gold"], bool(row["held_out"]), row["a"], row["b"], "speaker" in row)
        for row in rows
    ]


def statement(content: str, tagger: Tagger) -> FoundStatement:
    """Return a statement of one content, with the names that the tagger finds in it."""
    article = CleanArticle(
        article_id="pair", version="pair", text=f"{LEAD}{content}.", event_time=_DAY,
        language=Language(code="en", probability=1))
    span = Span(start=len(LEAD), end=len(LEAD) + len(content), text=content)
    return FoundStatement(
        statement_id="pair", mode=StatementMode.INDIRECT, speech_act=SpeechAct.ASSERT, content=(span,),
        cue=None, speaker=None, said_on=SaidOn(basis="none"), attribution=Attribution.EXPLICIT, confidence=1,
        official=Official(is_official=False, evidence=None), article=ArticleRef(id="pair", version="pair"),
        placement="minister", language="en", event_time=_DAY, lanes=("live",),
        names=named([span], tagger.tag(article).mentions))


def scored(*, held_out: bool | None = None) -> Iterator[Scored]:
    """Yield the pairs with what they are taken for; `held_out` None: all of them."""
    tagger = load_tagger()
    for pair in pairs():
        if held_out is not None and pair.held_out is not held_out:
            continue
        if pair.other_speaker:
            yield Scored(pair, "different")
            continue
        found = likeness(gist_of(statement(pair.a, tagger)), gist_of(statement(pair.b, tagger)))
        yield Scored(pair, found.relation.value if found else "different")


def figures(results: Sequence[Scored]) -> dict[str, float]:
    """Return F1 of `same`, the share of all four answers that is right, and what must be none."""
    same = Relation.SAME.value
    hits = sum(each.found == each.pair.gold == same for each in results)
    said = sum(each.found == same for each in results)
    wanted = sum(each.pair.gold == same for each in results)
    crossed = {Relation.UPDATE.value, Relation.CONTRADICTION.value}
    return {
        "pairs": len(results),
        "precision": hits / said if said else 0.0,
        "recall": hits / wanted if wanted else 0.0,
        "f1": 2 * hits / (said + wanted) if said + wanted else 0.0,
        "right": sum(each.found == each.pair.gold for each in results) / (len(results) or 1),
        "false_repeats": sum(each.found == same and each.pair.gold in crossed for each in results),
    }


def missed(results: Sequence[Scored]) -> Iterator[str]:
    """Yield every pair that was taken for something else."""
    for pair, found in results:
        if found != pair.gold:
            yield f"{pair.kind}: wanted {pair.gold}, got {found}: {pair.a!r} | {pair.b!r}"


def measured(*, misses: bool = False, quiet: bool = False) -> dict[str, float]:
    """Return the figures of all pairs and of the held-out half; print misses of the other half when asked."""
    results = list(scored())
    if misses:
        tuned_on = [each for each in results if not each.pair.held_out]
        print("\n".join(missed(tuned_on)), file=sys.stderr if quiet else sys.stdout)
    held_out = figures([each for each in results if each.pair.held_out])
    return figures(results) | {f"{name}_held_out": figure for name, figure in held_out.items()}
