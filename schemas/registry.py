"""Which model a type and version mean, and the way from an old version to the newest.

`MODELS` is filled by hand: one line a released version. An old version's model stays for ever; `UPCASTS`
turns its decoded JSON into the next version's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.clean_article import CleanArticle
from schemas.cluster import Assignment, ClusterEvent
from schemas.enriched_article import DedupAnswer, EnrichedArticle
from schemas.raw_article import RawArticle
from schemas.refusal import Refusal
from schemas.shard_matches import ShardMatches
from schemas.sketch import ArticleSketch
from schemas.tagged_article import TaggedArticle

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.base import Event

_ALL: tuple[type[Event], ...] = (
    RawArticle,
    CleanArticle,
    TaggedArticle,
    ArticleSketch,
    ShardMatches,
    DedupAnswer,
    EnrichedArticle,
    Assignment,
    ClusterEvent,
    Refusal,
)

MODELS: dict[tuple[str, int], type[Event]] = {(model.ce_type, model.version_number): model for model in _ALL}
"""(type, version) → model, every version ever released."""

UPCASTS: dict[tuple[str, int], Callable[[dict[str, object]], dict[str, object]]] = {}
"""(type, version) → the function that makes version + 1 of its JSON. Empty until a version 2 exists."""


def type_name(model: type[Event]) -> str:
    """Return the CloudEvents type of a model, e.g. `news.article.clean.v1`."""
    return f"{model.ce_type}.v{model.version_number}"
