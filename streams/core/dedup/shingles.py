r"""Shingles: a text as 64-bit hashes of its runs of words, the same on every machine.

Words are runs of `\w` after NFKC, their case folded. A word's hash is 8 bytes of BLAKE2b (RFC 7693); a
shingle's is a polynomial of its words' hashes modulo 2⁶⁴, then mixed by the finaliser of SplitMix64 (Steele,
Lea, Flood 2014), so that it is uniform, which MinHash and FracMinHash both need. A text shorter than one
shingle is one shingle; a text without words is none.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Hashes: TypeAlias = NDArray[np.uint64]
"""Sorted, distinct."""

_WORD: Final = re.compile(r"\w+")
_STEP: Final = 0x9E3779B97F4A7C15
"""Odd: 2⁶⁴ over the golden ratio. Its powers weigh the places of a shingle."""


@lru_cache(maxsize=1 << 17)
def word_hash(word: str) -> int:
    """Return 64 bits of BLAKE2b of a word, case folded."""
    folded = word.casefold().encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(folded, digest_size=8).digest(), "little")


def words(text: str) -> list[str]:
    """Return the words of a text as written, in order.

    >>> words("Peskov: ‘No comment’.")
    ['Peskov', 'No', 'comment']
    """
    return _WORD.findall(text if text.isascii() else unicodedata.normalize("NFKC", text))


def mixed(numbers: Hashes) -> Hashes:
    """Return the numbers through SplitMix64's finaliser: a permutation of 64-bit numbers."""
    z = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def runs(found: list[str], size: int) -> Hashes:
    """Return the hashes of all runs of `size` words, in order of the text; empty without words."""
    if not found:
        return np.empty(0, dtype=np.uint64)
    size = min(size, len(found))
    hashes = np.fromiter(map(word_hash, found), dtype=np.uint64, count=len(found))
    total = np.zeros(len(found) - size + 1, dtype=np.uint64)
    for place in range(size):
        total = total * np.uint64(_STEP) + hashes[place : place + len(total)]
    return mixed(total)
