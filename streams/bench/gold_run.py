"""gold_run: our own pipeline over our own gold, in process: figures, classes, misses.

By hand: python -m streams.bench.gold_run [--misses] [FILE…]
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.raw_article import RawArticle
from schemas.tagged_article import TaggedArticle
from streams.bench import gold_scores
from streams.bench.gold import REGISTRY, load
from streams.core.cleaning.options import CleaningOptions
from streams.core.offices.merge import merged
from streams.core.offices.registry import Registry
from streams.core.outcome import CommuniqueError
from streams.core.tagging.tag import load_tagger
from streams.core.walk import cleaned, tagged
from streams.offices import shipped, sources
from streams.offices.found import Bad

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.clean_article import CleanArticle
    from schemas.refusal import Refusal
    from streams.bench.gold import GoldArticle
    from streams.bench.gold_tally import Tally

_LATE: Final = datetime(2030, 1, 1, tzinfo=UTC)
"""When everything is said to have come in: long after, so that nothing can be dated by it."""


def registry() -> Registry:
    """Return the shipped registry with the invented people. Raises when a line of theirs is none."""
    invented = list(sources.read(REGISTRY))
    bad = [each for each in invented if isinstance(each, Bad)]
    if bad:
        raise CommuniqueError(f"{bad[0]}")
    return Registry.of(merged([*shipped.rows(), *(each for each in invented if not isinstance(each, Bad))]))


def cleaned_pairs(paths: Sequence[Path] | None = None) -> list[tuple[GoldArticle, CleanArticle | Refusal]]:
    """Return the gold articles, each cleaned or refused."""
    options = CleaningOptions(min_chars=0)
    return [
        (gold, cleaned(RawArticle.model_validate({**gold.given, "source_id": gold.id}), n, _LATE, options))
        for n, gold in enumerate(load(paths))
    ]


def pairs(paths: Sequence[Path] | None = None) -> list[tuple[GoldArticle, TaggedArticle | None]]:
    """Return the gold articles, each with its event; None when it was refused."""
    tagger = load_tagger(registry=registry())
    return [(gold, as_tagged(tagged(article, tagger))) for gold, article in cleaned_pairs(paths)]


def as_tagged(event: object) -> TaggedArticle | None:
    """Return a tagged article, None for a refusal."""
    return event if isinstance(event, TaggedArticle) else None


def classes(scored: list[tuple[GoldArticle, TaggedArticle | None]]) -> Iterator[str]:
    """Yield a table: one line a class."""
    heads = f"{'articles':>8} {'gold':>5} {'precision':>9} {'recall':>7} {'speaker p':>9} {'role':>6}"
    yield f"{'class':24} {heads}"
    for name, counts in gold_scores.by_class(scored):
        number = sum(name in gold.covers for gold, _ in scored)
        row = [counts.share(key) for key in ("precision", "recall", "speaker_precision", "role_check")]
        shares = f"{row[0]:9.3f} {row[1]:7.3f} {row[2]:9.3f} {row[3]:6.3f}"
        yield f"{name:24} {number:8} {counts.asked['recall']:5} {shares}"


def misses(counts: Tally) -> Iterator[str]:
    """Yield every miss: file, id, aspect, what was wanted, what came."""
    for miss in sorted(counts.misses, key=lambda each: (each.aspect, each.file)):
        yield f"{miss.aspect}  {miss.file} {miss.id}: wanted {miss.wanted!r}, got {miss.got!r}"


def main(words: Sequence[str]) -> int:
    """Print figures, the table of classes and, with --misses, every miss."""
    named = [Path(word) for word in words if not word.startswith("-")]
    scored = pairs(named or None)
    counts = gold_scores.tally(scored)
    if "--misses" in words:
        print("\n".join(misses(counts)))
    for name, figure in gold_scores.figures(counts).items():
        print(f"{name:28} {figure:7.4f}")
    print("\n".join(classes(scored)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
