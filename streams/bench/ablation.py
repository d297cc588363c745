"""ablation: what each family of names and rules adds to the figures, by leaving it out and scoring again.

The families are listed nowhere: those of the gazetteers are asked of the compiled pack, those of the rules
are what the statements of the first run, with nothing left out, say decided. What adds nothing to any figure
is to be deleted.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.raw_article import RawArticle
from streams.bench import gold_run, gold_scores
from streams.bench.quality import MEASURES, inputs, scores
from streams.bus.codec import encode
from streams.core.cleaning.options import CleaningOptions
from streams.core.tagging.tag import families, load_tagger
from streams.core.walk import cleaned, tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from schemas.clean_article import CleanArticle
    from schemas.refusal import Refusal
    from schemas.tagged_article import TaggedArticle
    from streams.core.tagging.tag import Tagger

SHOWN: Final = {
    "mentions": ("precision", "recall", "f1"),
    "statements": ("precision", "recall", "f1", "f1_with_speaker", "f1_direct_with_speaker"),
    "own": ("mentions_f1", "qid_precision", "qid_recall", "speaker_precision", "speaker_recall"),
}
"""Set → the figures told of it."""

_NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)


class Row(NamedTuple):
    """The figures of one set with one family left out; "" for the first row: nothing left out."""

    family: str
    figures: dict[str, float]


class Articles(NamedTuple):
    """One set, cleaned once. `score` takes the events of all its articles."""

    found: Sequence[CleanArticle | Refusal]
    score: Callable[[Sequence[TaggedArticle | CleanArticle | Refusal]], dict[str, float]]


def measure(name: str, data: Path, only: Iterable[str] = ()) -> Iterator[Row]:
    """Yield the figures of a set (`mentions`, `statements`, `own`), whole, then without each family.

    `only`: the families to leave out, empty: all that the set has anything of.
    """
    tagger = replace(load_tagger(), registry=gold_run.registry())
    articles = _own() if name == "own" else _set(name, data)
    events = _run(tagger, articles.found)
    yield Row("", _told(name, articles.score(events)))
    for family in sorted(only or {*families("en"), *_rules(events)}):
        left = _run(replace(tagger, without=frozenset([family])), articles.found)
        yield Row(family, _told(name, articles.score(left)))


def _run(
    tagger: Tagger, articles: Iterable[CleanArticle | Refusal]
) -> list[TaggedArticle | CleanArticle | Refusal]:
    return [tagged(article, tagger) for article in articles]


def _rules(events: Iterable[object]) -> set[str]:
    """Return the first rule of each statement: the family of grammar that found it."""
    found = (statement for event in events for statement in getattr(event, "statements", ()))
    return {statement.rules[0] for statement in found if statement.rules}


def _told(name: str, figures: dict[str, float]) -> dict[str, float]:
    return {key: figures[key] for key in SHOWN[name]}


def _set(name: str, data: Path) -> Articles:
    options = CleaningOptions(min_chars=0)
    raw = [RawArticle.model_validate_json(line) for line in inputs(MEASURES[name], data).splitlines()]

    def score(events: Iterable[TaggedArticle | CleanArticle | Refusal]) -> dict[str, float]:
        """Return what the scorer says."""
        with TemporaryDirectory(prefix="communique-ablation-") as folder:
            file = Path(folder) / "events.jsonl"
            file.write_bytes(b"\n".join(encode(event) for event in events))
            return scores(MEASURES[name], data, file)

    return Articles([cleaned(article, n, _NOW, options) for n, article in enumerate(raw)], score)


def _own() -> Articles:
    pairs = gold_run.cleaned_pairs()

    def score(events: Sequence[TaggedArticle | CleanArticle | Refusal]) -> dict[str, float]:
        """Return the figures of our own gold."""
        told = [(gold, gold_run.as_tagged(event)) for (gold, _), event in zip(pairs, events, strict=True)]
        return gold_scores.figures(gold_scores.tally(told))

    return Articles([article for _, article in pairs], score)


def table(name: str, rows: Sequence[Row]) -> str:
    """Return the rows as a table: the whole, then what each family adds, most first, in points of 100."""
    whole = rows[0].figures
    added = [(row.family, [100 * (whole[key] - row.figures[key]) for key in whole]) for row in rows[1:]]
    heads = "  ".join(f"{key:>22}" for key in whole)
    lines = [f"{name:24}{heads}", f"{'whole':24}" + "  ".join(f"{100 * whole[key]:22.2f}" for key in whole)]
    for family, gains in sorted(added, key=lambda row: -max(map(abs, row[1]))):
        lines.append(f"{family:24}" + "  ".join(f"{gain:+22.2f}" for gain in gains))
    return "\n".join(lines)


def as_json(name: str, rows: Sequence[Row]) -> str:
    """Return the rows as one line of JSON."""
    return json.dumps({"set": name, "rows": [{"without": row.family} | row.figures for row in rows]})
