"""Fingerprint: a sample of a text's shingles that can be compared with any other's (FracMinHash).

At scale s the hashes below 2⁶⁴/s are kept: about one in s, and always the same ones, so that the shares of
two samples are estimates of the shares of the texts. Two fingerprints are compared at the greater of their
scales. At scale 1 it is exact. Source: Irber et al. 2022, "Lightweight compositional analysis of metagenomes
with FracMinHash and minimum metagenome covers".
"""

from __future__ import annotations

import base64

import numpy as np

from streams.core.dedup.shingles import Hashes


def limit(scale: int) -> np.uint64:
    """Return the greatest hash kept at a scale (a power of two)."""
    return np.uint64((1 << 64) // scale - 1)


def sample(hashes: Hashes, most: int) -> tuple[int, Hashes]:
    """Return the least power of two at which at most `most` hashes stay, and those. `hashes` are sorted."""
    scale = 1
    while (kept := int(np.searchsorted(hashes, limit(scale), side="right"))) > most:
        scale *= 2
    return scale, hashes[:kept]


def at_scale(hashes: Hashes, scale: int) -> Hashes:
    """Return those of the sorted hashes that stay at a scale."""
    return hashes if scale == 1 else hashes[: int(np.searchsorted(hashes, limit(scale), side="right"))]


def pack(hashes: Hashes) -> str:
    """Return sorted hashes as base64 of unsigned 64-bit little-endian."""
    return base64.b64encode(hashes.astype("<u8").tobytes()).decode("ascii")


def unpack(packed: str) -> Hashes:
    """Return the hashes of `pack`; raises ValueError for what it did not make."""
    return np.frombuffer(base64.b64decode(packed, validate=True), dtype="<u8").astype(np.uint64, copy=False)
