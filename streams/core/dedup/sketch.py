"""sketch: a tagged article → what each shard of the index needs of it. The article waits in the state.

MinHash (Broder 1997; rensa's, in Rust) in bands: two texts meet where all rows of one band agree. Bands are
dealt to shards by band number, so that every pair that meets anywhere meets in some shard, however many there
are. The fingerprint for the exact check goes to every shard.

Guarantee: the tagged article is in the state before its sketches leave (they are sent after the step's state
is written), so whoever gets an answer finds it. A repeat stores and sends the same again.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from schemas.envelope import Envelope
from schemas.sketch import ArticleSketch
from schemas.tagged_article import TaggedArticle
from streams.core.dedup.boilerplate import Boilerplate
from streams.core.dedup.fingerprint import GRAM_WORDS, fingerprint, pack, printed
from streams.core.dedup.shingles import Hashes, mixed, runs, words
from streams.core.outcome import Output, Placed

SEED = 0x5EED
"""Of rensa's permutations. Another seed is another index: never change it without rebuilding the table."""

LONG: Final = 800
"""Runs of words over which a text has sections. A story of a sixth of a shorter one is found by the sketch
of the whole four times in five (64 bands of two rows).
"""
SECTION: Final = 200
MODIFIED: Final = "modified"
"""How a date's `basis` ends that says when an article was changed (`streams.core.cleaning.page_dates`)."""
MOST_SECTIONS: Final = 64


@dataclass(frozen=True, slots=True)
class SketchOptions:
    """See `streams.settings.DedupSettings`."""

    shards: int
    bands: int = 64
    rows: int = 2
    max_fingerprint: int = 4096
    boilerplate: Boilerplate = field(default_factory=Boilerplate)


def sections(count: int) -> list[tuple[int, int]]:
    """Return the parts of a text of `count` runs that are sketched: the whole, of a long one its sections.

    A story is a fortieth of a roundup: their sketches have nothing in common. It is half of a section.
    """
    if count <= LONG:
        return [(0, count)] if count else []
    size = max(SECTION, -(-count // MOST_SECTIONS))
    return [(0, count), *((at, min(at + size, count)) for at in range(0, count, size))]


def band_keys(hashes: Hashes, bands: int, rows: int) -> NDArray[np.uint32]:
    """Return a row of keys for each of the text's `sections`, one key a band; no row without words.

    Keys are of 32 bits: of a million articles one in 70 shares one by chance, and is compared for nothing.
    """
    parts = sections(len(hashes))
    if not parts:
        return np.empty((0, bands), dtype=np.uint32)
    flat = np.concatenate([hashes[start:end] for start, end in parts]) if len(parts) > 1 else hashes
    ends = [0, *accumulate(end - start for start, end in parts)]
    digest = RMinHash.digest_matrix_from_flat_token_hashes(flat, ends, bands * rows, SEED)
    values = np.array(digest.to_rows(), dtype=np.uint64).reshape(len(parts), bands, rows)
    keys = mixed(np.arange(1, bands + 1, dtype=np.uint64))
    for row in range(rows):
        keys = mixed(keys ^ values[:, :, row])
    return keys.astype(np.uint32)


def version_time(article: TaggedArticle, origin_time: datetime) -> datetime:
    """Return what versions are ordered by: the last date of modification that can be, else the event time.

    One before the publication or after the raw record cannot be.
    """
    dates = article.published.candidates if article.published else ()
    times = (date.value for date in dates if date.basis.endswith(MODIFIED))
    possible = (time for time in times if article.event_time <= time <= origin_time)
    return max(possible, default=article.event_time)


def sketch(
    article: TaggedArticle, envelope: Envelope, awaiting: MutableMapping[str, TaggedArticle],
    options: SketchOptions,
) -> list[Output]:
    """Keep the article by its origin and return one sketch for each shard, in order of the shards."""
    awaiting[envelope.origin] = article
    found = options.boilerplate.without(words(article.text), article.outlet.domain)
    hashes = runs(found, GRAM_WORDS)
    keys = band_keys(hashes, options.bands, options.rows)
    text_print = printed(fingerprint(found, hashes, article.headline, options.max_fingerprint))
    return [
        Placed(
            ArticleSketch(
                article_id=article.article_id, version=article.version, event_time=article.event_time,
                version_time=version_time(article, envelope.origin_time),
                undated=article.published is None or article.published.suspect,
                shard=shard, shards=options.shards, bands=pack(keys[:, shard :: options.shards]),
                boilerplate=options.boilerplate.version, parts=max(1, len(keys)), text_print=text_print,
            ),
            partition=shard, ordinal=shard,
        )
        for shard in range(options.shards)
    ]
