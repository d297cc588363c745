"""Fingerprint: what of a text is compared: its runs of three words in order, names, figures, title.

Kept as 32-bit hashes, so that an article of 400 words takes 2 kB. Two texts of 500 words share a hash by
chance once in 17,000 pairs, and one hash decides nothing.

- *grams*: the hash of each run of three words, in order of the text, so that runs can be followed. A text
  with more than `most` keeps about one in `scale` of them, always the same ones (FracMinHash: those under
  2³²/scale), and their order says nothing any more. Source: Irber et al. 2022, "Lightweight compositional
  analysis of metagenomes with FracMinHash and minimum metagenome covers".
- *names*: words with a capital letter that the text never writes without ("The" begins a sentence, "the"
  stands in another). In a script without capitals there are none, and what names would show is not shown.
- *figures*: words that begin with a digit.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schemas.sketch import TextPrint
from streams.core.dedup.shingles import Hashes, word_hash, words

Grams: TypeAlias = NDArray[np.uint32]

NO_GRAMS: Final[Grams] = np.empty(0, dtype=np.uint32)
_STORED: Final = np.dtype("<u4")
_LOW: Final = 0xFFFFFFFF

GRAM_WORDS: Final = 3
"""Words of a run. On neardup_dev MinHash over runs of three finds 458 of the pairs that are alike, over runs
of five 451, as on the synthetic set .856 to .848; two words find everything.
"""
MOST_FACTS: Final = 256
"""Names, figures and words of a title kept at most each: those with the least hashes, so always the same."""


_COARSEST: Final = 1 << 31
"""A text of one word over and over whose hash is 0 has no scale at which few stay."""


class Fingerprint(NamedTuple):
    """See the module. `words`: how many the text has; names, figures and title are sorted and distinct."""

    grams: Grams
    words: int
    scale: int
    names: Grams
    figures: Grams
    title: Grams


def fingerprint(found: list[str], hashes: Hashes, title: str | None, most: int) -> Fingerprint:
    """Return the fingerprint of a text with the words `found` and the `hashes` of its runs of three.

    `most`: grams kept at scale 1.
    """
    scale, grams = sample(hashes.astype(np.uint32), most)
    distinct = set(found)
    names = (word for word in distinct if word[0].isupper() and word.casefold() not in distinct)
    figures = (word for word in distinct if word[0].isdigit())
    return Fingerprint(grams, len(found), scale, facts(names), facts(figures), facts(words(title or "")))


def facts(found: Iterable[str]) -> Grams:
    """Return the hashes of some words, sorted and distinct, at most `MOST_FACTS`."""
    hashes = sorted({word_hash(word) & _LOW for word in found})[:MOST_FACTS]
    return np.array(hashes, dtype=np.uint32) if hashes else NO_GRAMS


def limit(scale: int) -> np.uint32:
    """Return the greatest hash kept at a scale (a power of two)."""
    return np.uint32((1 << 32) // scale - 1)


def sample(grams: Grams, most: int) -> tuple[int, Grams]:
    """Return the least power of two at which at most `most` grams stay, and those."""
    scale, kept = 1, grams
    while len(kept) > most and scale < _COARSEST:
        scale *= 2
        kept = kept[kept <= limit(scale)]
    return scale, kept[:most]


def at_scale(grams: Grams, scale: int) -> Grams:
    """Return those of the grams that stay at a scale."""
    return grams if scale == 1 else grams[grams <= limit(scale)]


def printed(found: Fingerprint) -> TextPrint:
    """Return a fingerprint as it is sent and stored."""
    return TextPrint(
        words=found.words, scale=found.scale, grams=pack(found.grams), names=pack(found.names),
        figures=pack(found.figures), title=pack(found.title),
    )


def read(text_print: TextPrint) -> Fingerprint:
    """Return the fingerprint of `printed`; raises ValueError for what it did not make."""
    kept = (text_print.names, text_print.figures, text_print.title)
    return Fingerprint(unpack(text_print.grams), text_print.words, text_print.scale, *map(unpack, kept))


def pack(hashes: Grams) -> str:
    """Return hashes as base64 of unsigned 32-bit little-endian."""
    return b2a_base64(hashes.astype("<u4", copy=False).tobytes(), newline=False).decode("ascii")


def unpack(packed: str) -> Grams:
    """Return the hashes of `pack`; raises ValueError for what it did not make."""
    if not packed:
        return NO_GRAMS
    return np.frombuffer(a2b_base64(packed, strict_mode=True), dtype=_STORED)
