"""How fast and how good clean is on pages, beside trafilatura in the same run; and what each part adds.

Speed: each way takes all pages, in a process of its own, `rounds` times in turn; the median counts.
Processor time. What is compared:

- `trafilatura`: `trafilatura.extract`, its standard mode, text alone;
- `trafilatura, metadata`: the same with title, author, date and site, which clean gives as well;
- `page, fast`: text and metadata of a page by the fast path;
- `clean, quality | fast | auto`: the whole of clean, with mending, quotation marks, language and ids.

Ablation: the text by each extractor alone and by the choice with one left out; the metadata with one source
left out. Scored by the scorer beside the set. The set is for development: what was tuned on it is not
proved by it.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

import trafilatura
from trafilatura.core import bare_extraction

from schemas.envelope import Envelope
from schemas.raw_article import ContentType, RawArticle
from streams.bench.log import Figure
from streams.core.cleaning.clean import clean
from streams.core.cleaning.html import bounded_tree, careful_tree, main_text
from streams.core.cleaning.html_choice import chosen
from streams.core.cleaning.html_extractors import by_resiliparse, by_trafilatura
from streams.core.cleaning.metadata import PageMetadata, metadata_of, read_metadata
from streams.core.cleaning.options import CleaningOptions, ExtractionPath
from streams.core.cleaning.page_blocks import blocks_of
from streams.core.cleaning.page_facts import facts_of
from streams.core.cleaning.page_tree import tree_of
from streams.core.outcome import CommuniqueError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from streams.core.cleaning.page_facts import PageFacts

_NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)
_ENVELOPE: Final = Envelope(
    id="bench", type="news.article.raw", source="/bench", time=_NOW, origin="raw-0-0", origin_time=_NOW
)
QUALITY_FLOOR: Final = 0.7
FAST_FLOOR: Final = 8.0


class NoPages(CommuniqueError):
    """The folder does not hold the set; the message says what is missing."""


class Page(NamedTuple):
    """A page of the set."""

    html: str
    url: str | None


class Row(NamedTuple):
    """One variant of the ablation and its figures."""

    name: str
    figures: Mapping[str, float]


def pages(data: Path) -> list[Page]:
    """Return the pages of the set. Raises `NoPages`."""
    gold = data / "clean_dev.jsonl.gz"
    if not gold.exists():
        raise NoPages(f"there is no {gold}: give --data the folder that holds the development sets")
    with gzip.open(gold, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Page(row["html"], row.get("url")) for row in rows]


def speed(data: Path, rounds: int) -> list[Figure]:
    """Return what each way takes, in milliseconds a page, and the ratios. Raises `NoPages`.

    Each in a process of its own: trafilatura remembers pages, and what one leaves in memory slows the next.
    """
    pages(data)
    took: dict[str, list[float]] = {name: [] for name in WAYS}
    program = "import sys; from streams.bench.clean_speed import one; one(*sys.argv[1:])"
    for _ in range(rounds):
        for name in WAYS:
            words = [sys.executable, "-W", "ignore", "-c", program, name, str(data)]
            done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
            took[name].append(float(done.stdout))
    each = {name: median(times) for name, times in took.items()}
    return [*(Figure(name, value, "ms a page") for name, value in each.items()), *_ratios(each)]


def one(name: str, data: str) -> None:
    """Print what one way takes, in milliseconds of processor time a page, without what is loaded once."""
    known, way = pages(Path(data)), WAYS[name]
    way(Page(f"<p>{'The way is shown a page before, to load what it needs. ' * 20}</p>", None))
    began = time.process_time()
    for page in known:
        way(page)
    print((time.process_time() - began) * 1000 / len(known))


def _ratios(each: Mapping[str, float]) -> Iterator[Figure]:
    text, both = each["trafilatura"], each["trafilatura, metadata"]
    yield Figure("quality, to trafilatura", text / each["clean, quality"], "×", QUALITY_FLOOR)
    yield Figure("auto, to trafilatura", text / each["clean, auto"], "×")
    yield Figure("fast, to trafilatura", text / each["clean, fast"], "×")
    yield Figure("quality, to trafilatura with metadata", both / each["clean, quality"], "×")
    yield Figure("fast, to trafilatura with metadata", both / each["clean, fast"], "×")
    yield Figure("page fast, to trafilatura with metadata", both / each["page, fast"], "×", FAST_FLOOR)


def _cleaned(path: ExtractionPath) -> Callable[[Page], object]:
    options = CleaningOptions(path=path)

    def way(page: Page) -> object:
        article = RawArticle(content=page.html, content_type=ContentType.HTML, url=page.url)
        return clean(article, _ENVELOPE, options)

    return way


def _page_fast(page: Page) -> object:
    options = CleaningOptions(path=ExtractionPath.FAST)
    tree = bounded_tree(page.html, options)
    return (
        tree
        if isinstance(tree, Refused)
        else (read_metadata(tree, page.url, _NOW, thorough=False), main_text(page.html, tree, options))
    )


WAYS: Final[dict[str, Callable[[Page], object]]] = {
    "trafilatura": lambda page: trafilatura.extract(page.html),
    "trafilatura, metadata": lambda page: bare_extraction(page.html, with_metadata=True),
    "page, fast": _page_fast,
    **{f"clean, {path}": _cleaned(path) for path in ExtractionPath},
}


def ablation(known: Sequence[Page], data: Path) -> list[Row]:
    """Return the figures of every variant of text and of metadata."""
    texts: dict[str, list[str]] = {}
    abouts: dict[str, list[PageMetadata]] = {}
    for page in known:
        for name, text in _texts(page):
            texts.setdefault(name, []).append(text)
        facts = facts_of(tree_of(page.html))
        for name, less in _less(facts):
            url = None if name == "without the URL" else page.url
            abouts.setdefault(name, []).append(metadata_of(less, url, _NOW))
    rows = [
        Row(name, _scored([{"text": text} for text in found], data, "f1")) for name, found in texts.items()
    ]
    return rows + [
        Row(name, _scored([_event(about) for about in found], data, "accuracy"))
        for name, found in abouts.items()
    ]


def _texts(page: Page) -> Iterator[tuple[str, str]]:
    """Yield the text of a page by each extractor alone, and by choices of them."""
    whole = tree_of(page.html)
    plain = by_resiliparse(whole)
    blocks = blocks_of(whole)
    tree = careful_tree(page.html, CleaningOptions())
    careful = "" if isinstance(tree, Refused) else by_trafilatura(tree)
    standard = bare_extraction(page.html, with_metadata=False, include_comments=False)
    quick = blocks.text if blocks.believed else by_resiliparse(whole)
    cut = blocks.blocks if blocks.believed else ()
    yield "trafilatura, standard", getattr(standard, "text", None) or ""
    yield "trafilatura for recall", careful
    yield "resiliparse", plain
    yield "blocks", blocks.text
    yield "fast: blocks, else resiliparse", quick
    yield "quality: all three", chosen(careful, quick, "", cut).text
    yield "quality without blocks", chosen(careful, plain, "").text
    yield "quality without resiliparse", chosen(careful, blocks.text, "", blocks.blocks).text
    yield "quality without cutting at the ends", chosen(careful, quick, "").text


def _less(facts: PageFacts) -> Iterator[tuple[str, PageFacts]]:
    yield "metadata: all", facts
    yield "without JSON-LD", replace(facts, things=(), scripts=())
    yield "without meta tags", replace(facts, tags=(), meta={})
    yield "without elements", replace(facts, tree=tree_of(""))
    yield "without lines", replace(facts, lines=list)
    yield "without the URL", facts


def _event(about: PageMetadata) -> dict[str, object]:
    published = about.dates[0].value.isoformat() if about.dates else None
    return {"headline": about.headline, "authors": about.authors, "published": {"value": published}}


def _scored(events: Sequence[Mapping[str, object]], data: Path, wanted: str) -> dict[str, float]:
    """Return the scorer's figures for events in the order of the set."""
    scorer = data.resolve().parent / "tools" / "score.py"
    with TemporaryDirectory(prefix="communique-ablation-") as folder:
        told = Path(folder) / "events.jsonl"
        lines = (json.dumps({"source_id": str(n), **event}) for n, event in enumerate(events))
        told.write_text("\n".join(lines), encoding="utf-8")
        words = [sys.executable, str(scorer), "cleaning", str(data / "clean_dev.jsonl.gz"), str(told)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    keys = (
        ("precision", "recall", "f1")
        if wanted == "f1"
        else ("title_accuracy", "date_accuracy", "author_accuracy")
    )
    return {key: figures[key] for key in keys}


def table(rows: Sequence[Row]) -> str:
    """Return the ablation for people, one variant a line."""
    return "\n".join(
        f"{row.name:38} "
        + "  ".join(f"{key.removesuffix('_accuracy'):>9} {value:.4f}" for key, value in row.figures.items())
        for row in rows
    )
