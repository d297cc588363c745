"""The bus on one page: every topic and every table, as data.

The README's table, `communique topics`, AsyncAPI, the guard (which event goes where) and the tests read this
page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from schemas.alert import Alert
from schemas.alerts_state import RaisedProposition
from schemas.base import Event, Value
from schemas.clean_article import CleanArticle
from schemas.cluster import Assignment, ClusterEvent
from schemas.dedup_state import ArticleNode, ArticleTexts, IndexEntry, OriginMark
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
from schemas.statements_state import JudgedStatement, SaidVersion
from schemas.tagged_article import TaggedArticle
from schemas.takedown import Takedown
from schemas.view import View

MAX_RECORD_BYTES: Final = 8 * 1024 * 1024
"""`max.message.bytes` of every topic and changelog: a tagged article of 900 kB fits."""

MAX_DEAD_LETTER_BYTES: Final = MAX_RECORD_BYTES + 64 * 1024
"""`max.message.bytes` of every dead letter topic: a record of the greatest size and its error headers fit."""

DAY_MS: Final = 86_400_000
RAW_RETENTION_DAYS: Final = 30
"""Fates (enriched, refusals, dead letters) are kept longer than raw, so that an audit never misses one."""


class Width(StrEnum):
    """How many partitions: a setting of the bus (`topics.partitions`, `.shards`, `.statements`), or one."""

    ARTICLES = "articles"
    SHARDS = "shards"
    STATEMENTS = "statements"
    ONE = "one"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic. `retention_days` None keeps for ever; `compacted` keeps the latest record of each key."""

    name: str
    model: type[Event]
    width: Width
    about: str
    key: tuple[str, ...] = ("article_id",)
    """Fields of the event; the first that is not null is the record's key."""
    retention_days: int | None = RAW_RETENTION_DAYS
    compacted: bool = False
    append_time: bool = False
    """Records get the bus's time, whatever their producer says (docs/adr/0008)."""
    written_by: str = ""
    read_by: str = ""

    @property
    def dead_letters(self) -> str:
        """Return the name of the topic that takes what could not be processed."""
        return f"{self.name}.dlt"


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table: its changelog is `<group>-<name>-changelog`, compacted, as wide as the topic that drives it.

    `schema_version` is stamped on every value; a reader upcasts an older one or rebuilds.
    """

    name: str
    stage: str
    width: Width
    value: type[Value]
    about: str
    schema_version: int = 1


RAW = TopicSpec("news.articles.raw.v1", RawArticle, Width.ARTICLES, "articles as they came in",
                key=("url", "source_id"), append_time=True,
                written_by="ingest, any producer", read_by="clean")
CLEAN = TopicSpec("news.articles.clean.v1", CleanArticle, Width.ARTICLES, "readable text and metadata",
                  written_by="clean", read_by="tag")
TAGGED = TopicSpec("news.articles.tagged.v1", TaggedArticle, Width.ARTICLES, "with mentions and statements",
                   written_by="tag", read_by="sketch")
SKETCHES = TopicSpec("news.dedup.sketches.v1", ArticleSketch, Width.SHARDS, "one message a shard",
                     written_by="sketch", read_by="match")
MATCHES = TopicSpec("news.dedup.matches.v1", ShardMatches, Width.ONE, "each shard's answer",
                    written_by="match", read_by="cluster")
ANSWERS = TopicSpec("news.dedup.answers.v1", DedupAnswer, Width.ARTICLES, "one per origin, as of",
                    written_by="cluster", read_by="enrich")
ASSIGNMENTS = TopicSpec("news.dedup.assignments.v1", Assignment, Width.ONE,
                        "truth at rest: an article's cluster", retention_days=None, compacted=True,
                        written_by="cluster")
CLUSTERS = TopicSpec("news.clusters.v1", ClusterEvent, Width.ONE, "truth at rest: a cluster's articles",
                     key=("cluster_id",), retention_days=None, compacted=True, written_by="cluster")
ENRICHED = TopicSpec("news.articles.enriched.v1", EnrichedArticle, Width.ARTICLES,
                     "the product: one event per raw record", retention_days=2 * RAW_RETENTION_DAYS,
                     written_by="enrich", read_by="split")
FOUND = TopicSpec("news.statements.found.v1", FoundStatement, Width.STATEMENTS,
                  "an article's statements, placed by speaker", key=("statement_id",),
                  written_by="split", read_by="judge")
STATEMENTS = TopicSpec("news.statements.v1", StatementEvent, Width.STATEMENTS,
                       "the product: who said what, and is it new", key=("statement_id",),
                       retention_days=None, compacted=True, written_by="judge", read_by="alert")
RULES = TopicSpec("news.rules.v1", Rule, Width.ONE, "what alerts are raised for, by name",
                  key=("name",), retention_days=None, compacted=True, written_by="rules apply")
ALERTS = TopicSpec("news.alerts.v1", Alert, Width.STATEMENTS, "new things said that a rule asked for",
                   key=("alert_id",), retention_days=2 * RAW_RETENTION_DAYS,
                   written_by="alert", read_by="deliver")
DELIVERIES = TopicSpec("news.deliveries.v1", Delivery, Width.STATEMENTS, "what became of each notification",
                       key=("idempotency_key",), retention_days=2 * RAW_RETENTION_DAYS, written_by="deliver")
REFUSALS = TopicSpec("news.refusals.v1", Refusal, Width.ONE, "why an article ended early",
                     key=("article_id", "source_id"), retention_days=2 * RAW_RETENTION_DAYS,
                     written_by="every stage")
REPLAY_JOBS = TopicSpec("news.replay.jobs.v1", ReplayJob, Width.ONE, "replays, planned, running and over",
                        key=("job_id",), retention_days=None, compacted=True, written_by="replay")
REDRIVES = TopicSpec("news.redrives.v1", Redrive, Width.ONE,
                     "what was done about dead letters, and how it ended", key=("letter_id",),
                     retention_days=3 * RAW_RETENTION_DAYS, written_by="dlt")
VIEWS = TopicSpec("news.views.v1", View, Width.ONE, "which run is production, since which raw record",
                  key=("name",), retention_days=None, compacted=True, written_by="replay")

TAKEDOWNS = TopicSpec("news.takedowns.v1", Takedown, Width.ONE, "articles taken back: ids, no text",
                      retention_days=None, compacted=True, written_by="forget")

TOPICS: Final[tuple[TopicSpec, ...]] = (
    RAW, CLEAN, TAGGED, SKETCHES, MATCHES, ANSWERS, ASSIGNMENTS, CLUSTERS, ENRICHED, FOUND, STATEMENTS,
    VIEWS, REFUSALS, ALERTS, DELIVERIES, REPLAY_JOBS, RULES, REDRIVES, TAKEDOWNS,
)
BY_MODEL: Final[dict[type[Event], TopicSpec]] = {spec.model: spec for spec in TOPICS}
BY_NAME: Final[dict[str, TopicSpec]] = {spec.name: spec for spec in TOPICS}

SHADOWED: Final[tuple[TopicSpec, ...]] = (
    RAW, CLEAN, TAGGED, SKETCHES, MATCHES, ANSWERS, ASSIGNMENTS, CLUSTERS, ENRICHED, FOUND, STATEMENTS,
    REFUSALS,
)
"""The topics that a replay has of its own: raw, and all that is made of it. Alerts are never made twice."""

_SHADOW: Final = "replay."


def shadow(name: str, job: str | None) -> str:
    """Return what a topic (or dead letter topic) is called in a replay; its own name for None.

    >>> shadow("news.clusters.v1", "raw-3f2a9c")
    'replay.raw-3f2a9c.news.clusters.v1'
    """
    return name if job is None else f"{_SHADOW}{job}.{name}"


def job_of(name: str) -> str | None:
    """Return the replay that a topic belongs to, None for one that belongs to none.

    >>> job_of("replay.raw-3f2a9c.news.clusters.v1"), job_of("news.clusters.v1")
    ('raw-3f2a9c', None)
    """
    return name.split(".", 2)[1] if name.startswith(_SHADOW) and name.count(".") > 1 else None


def unshadowed(name: str) -> str:
    """Return the name of the topic that one stands beside in a replay; its own when it is no replay's.

    >>> unshadowed("replay.raw-3f2a9c.news.clusters.v1")
    'news.clusters.v1'
    """
    return name if job_of(name) is None else name.split(".", 2)[2]


SHORT_NAMES: Final[dict[str, str]] = {
    "raw": RAW.name, "clean": CLEAN.name, "tagged": TAGGED.name, "enriched": ENRICHED.name,
    "clusters": CLUSTERS.name, "assignments": ASSIGNMENTS.name, "refusals": REFUSALS.name,
    "found": FOUND.name, "statements": STATEMENTS.name,
    "alerts": ALERTS.name, "deliveries": DELIVERIES.name, "replays": REPLAY_JOBS.name,
    "rules": RULES.name, "redrives": REDRIVES.name, "takedowns": TAKEDOWNS.name,
    "views": VIEWS.name, "sketches": SKETCHES.name, "matches": MATCHES.name, "answers": ANSWERS.name,
}
"""The names that `communique consume NAME` takes."""

AWAITING = TableSpec("awaiting-by-origin", "dedup", Width.ARTICLES, TaggedArticle,
                     "tagged articles that wait for their matches, by origin")
INDEX = TableSpec("sketches-by-version", "dedup", Width.SHARDS, IndexEntry,
                  "the near-duplicate index of one shard, by article and version")
ANSWERED = TableSpec("answers-by-origin", "dedup", Width.ONE, OriginMark,
                     "shards heard for each origin, then the answer given, kept as long as raw")
NODES = TableSpec("nodes-by-article", "dedup", Width.ONE, ArticleNode,
                  "the match graph: versions and matches of each article")
TEXTS = TableSpec("texts-by-article", "dedup", Width.ARTICLES, ArticleTexts,
                  "the last wordings of each article, kept for some days: what a new version changes")
SAID = TableSpec("statements-by-article", "statements", Width.ARTICLES, SaidVersion,
                 "what each version of an article says, by article and version")
JUDGED = TableSpec("propositions-by-speaker", "statements", Width.STATEMENTS, JudgedStatement,
                   "the statements that novelty is judged by, by speaker and statement")
RAISED = TableSpec("raised-by-proposition", "alert", Width.STATEMENTS, RaisedProposition,
                   "what was raised about each proposition, by proposition and rule")

TABLES: Final[tuple[TableSpec, ...]] = (AWAITING, INDEX, ANSWERED, NODES, TEXTS, SAID, JUDGED, RAISED)
