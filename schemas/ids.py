"""Ids: hashes of canonical content, never random, never a clock.

An id is the first 128 bits of BLAKE2b (RFC 7693) over its parts, each with its length before it so that no
two lists of parts collide, as 32 lower-case hex digits. `kind` keeps ids of different things apart.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NewType

ArticleId = NewType("ArticleId", str)
VersionId = NewType("VersionId", str)
ClusterId = NewType("ClusterId", str)
StatementId = NewType("StatementId", str)
EntityId = NewType("EntityId", str)
CeId = NewType("CeId", str)
Origin = NewType("Origin", str)
"""`topic-partition-offset` of the raw record that everything downstream comes from."""


def digest(kind: str, *parts: str) -> str:
    """Return the id of `parts`, 32 hex digits. Lone surrogates are kept apart, never an error.

    >>> digest("article", "https://example.org/a") == digest("article", "https://example.org/a")
    True
    >>> digest("a", "bc") == digest("ab", "c")
    False
    """
    state = blake2b(digest_size=16)
    for part in (kind, *parts):
        raw = part.encode("utf-8", "surrogatepass")
        state.update(len(raw).to_bytes(8, "big"))
        state.update(raw)
    return state.hexdigest()


def ce_id(ce_type: str, origin: Origin | str, ordinal: int | str) -> CeId:
    """Return the id of the `ordinal`th event of `ce_type` from `origin`: the same at every redelivery."""
    return CeId(digest("ce", ce_type, origin, str(ordinal)))


def cluster_id(canonical: ArticleId | str) -> ClusterId:
    """Return the id of the cluster whose canonical article is `canonical`; an old id resolves through it."""
    return ClusterId(digest("cluster", canonical))
