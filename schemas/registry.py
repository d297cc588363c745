"""Which model a type and version mean, and the way from an old version to the newest.

`MODELS` is filled by hand: one line a released version. An old version's model stays for ever; `UPCASTS`
turns its decoded JSON into the next version's, one step at a time. To change a released schema, copy its
model to a `…V1` class, raise `version_number` in the new one and write the step (CONTRIBUTING.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from schemas.alert import Alert
from schemas.base import Event
from schemas.clean_article import CleanArticle
from schemas.cluster import Assignment, ClusterEvent
from schemas.delivery import Delivery
from schemas.enriched_article import DedupAnswer, EnrichedArticle
from schemas.found_statement import FoundStatement
from schemas.raw_article import RawArticle
from schemas.redrive import Redrive
from schemas.refusal import Refusal
from schemas.replay_job import ReplayJob
from schemas.rule import Rule
from schemas.shard_matches import ShardMatches
from schemas.sketch import ArticleSketch
from schemas.statement_event import StatementEvent
from schemas.tagged_article import TaggedArticle
from schemas.takedown import Takedown
from schemas.view import View

Body: TypeAlias = dict[str, object]
"""A decoded JSON body."""

_ALL: Final[tuple[type[Event], ...]] = (
    RawArticle,
    CleanArticle,
    TaggedArticle,
    ArticleSketch,
    ShardMatches,
    DedupAnswer,
    EnrichedArticle,
    Assignment,
    ClusterEvent,
    FoundStatement,
    StatementEvent,
    Refusal,
    Alert,
    View,
    Delivery,
    Takedown,
    ReplayJob,
    Rule,
    Redrive,
)

MODELS: Final[dict[tuple[str, int], type[Event]]] = {
    (model.ce_type, model.version_number): model for model in _ALL
}
"""(type, version) → model, every version ever released."""

UPCASTS: Final[dict[tuple[str, int], Callable[[Body], Body]]] = {}
"""(type, version) → the function that makes version + 1 of its JSON. Empty until a version 2 exists."""


def type_name(model: type[Event]) -> str:
    """Return the CloudEvents type of a model, e.g. `news.article.clean.v1`."""
    return f"{model.ce_type}.v{model.version_number}"


def newest(models: Mapping[tuple[str, int], type[Event]] = MODELS) -> dict[str, type[Event]]:
    """Return type without version → its newest model."""
    return {name: models[name, version] for name, version in sorted(models)}


def upcast(
    body: Body,
    ce_type: str,
    version: int,
    to: int,
    steps: Mapping[tuple[str, int], Callable[[Body], Body]] = UPCASTS,
) -> Body:
    """Return the JSON of `version` as version `to` has it; the same object when they are equal.

    Raises KeyError when a step is missing: the contract tests see to it that none is.

    >>> upcast({"a": 1}, "x", 1, 2, {("x", 1): lambda old: {"b": old["a"]}})
    {'b': 1}
    """
    for step in range(version, to):
        body = steps[ce_type, step](body)
    return body
