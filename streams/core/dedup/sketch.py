"""sketch: a tagged article → what each shard of the index needs of it. The article waits in the state.

MinHash (Broder 1997; rensa's, in Rust) in bands: two texts meet where all rows of one band agree. Bands are
dealt to shards by band number, so that every pair that meets anywhere meets in some shard, however many there
are. The fingerprint for the exact check goes to every shard.

Guarantee: the tagged article is in the state before its sketches leave (they are sent after the step's state
is written), so whoever gets an answer finds it. A repeat stores and sends the same again.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass

import numpy as np
from rensa import RMinHash

from schemas.envelope import Envelope
from schemas.sketch import ArticleSketch
from schemas.tagged_article import TaggedArticle
from streams.core.dedup.fingerprint import GRAM_WORDS, Grams, fingerprint, pack, printed
from streams.core.dedup.shingles import Hashes, mixed, runs, words
from streams.core.outcome import Output, Placed

SEED = 0x5EED
"""Of rensa's permutations. Another seed is another index: never change it without rebuilding the table."""


@dataclass(frozen=True, slots=True)
class SketchOptions:
    """See `streams.settings.DedupSettings`."""

    shards: int
    bands: int = 64
    rows: int = 2
    max_fingerprint: int = 4096


def band_keys(hashes: Hashes, bands: int, rows: int) -> Grams:
    """Return a key for each band; empty for a text without words.

    Keys are of 32 bits: of a million articles one in 70 shares one by chance, and is compared for nothing.
    """
    if not len(hashes):
        return np.empty(0, dtype=np.uint32)
    digest = RMinHash.digest_matrix_from_flat_token_hashes(hashes, [0, len(hashes)], bands * rows, SEED)
    values = np.array(digest.to_rows()[0], dtype=np.uint64).reshape(bands, rows)
    keys = mixed(np.arange(1, bands + 1, dtype=np.uint64))
    for row in range(rows):
        keys = mixed(keys ^ values[:, row])
    return keys.astype(np.uint32)


def sketch(
    article: TaggedArticle, envelope: Envelope, awaiting: MutableMapping[str, TaggedArticle],
    options: SketchOptions,
) -> list[Output]:
    """Keep the article by its origin and return one sketch for each shard, in order of the shards."""
    awaiting[envelope.origin] = article
    found = words(article.text)
    hashes = runs(found, GRAM_WORDS)
    keys = band_keys(hashes, options.bands, options.rows)
    text_print = printed(fingerprint(found, hashes, article.headline, options.max_fingerprint))
    return [
        Placed(
            ArticleSketch(
                article_id=article.article_id, version=article.version, event_time=article.event_time,
                undated=article.published is None or article.published.suspect,
                shard=shard, shards=options.shards, bands=pack(keys[shard :: options.shards]),
                text_print=text_print,
            ),
            partition=shard, ordinal=shard,
        )
        for shard in range(options.shards)
    ]
