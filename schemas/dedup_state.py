"""What dedup remembers: the values of its tables. Not events: nobody outside the stage reads them.

Every value is a fact that came in, never something worked out from others' facts: a crash may keep any prefix
of a table's writes, so a value has to be right by itself (docs/adr/0006).
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import ConfigDict, Field

from schemas.base import Instant, Value
from schemas.cluster import ClusterChange
from schemas.enriched_article import DedupAnswer
from schemas.shard_matches import PairMatch
from schemas.sketch import TextPrint


class SightingKind(StrEnum):
    """What the time of a sighting is."""

    PUBLISHED = "published"
    UNDATED = "undated"
    ARRIVED = "arrived"


class Sighting(Value):
    """A version came in on a lane of the bus, and a time that it is near to."""

    lane: str = Field(
        description="Delivery mode, with the job where there is one: `live`, `backfill/2024-05`."
    )
    time: Instant = Field(description="The moment, UTC.")
    kind: SightingKind = Field(
        description="published: its event time. undated: the raw record's time, for want of a date: it may "
        "have been published any time before. arrived: the raw record's time of a version with a date."
    )


class IndexEntry(Value):
    """One version of one article in a shard of the near-duplicate index, keyed `article_id/version`."""

    article_id: str = Field(description="The article.")
    version: str = Field(description="Its version.")
    event_time: Instant = Field(description="Least event time that it came in with, UTC.")
    sightings: tuple[Sighting, ...] = Field(description="Arrivals that still count, by time.")
    bands: str = Field(description="The bands that this shard indexes: 32-bit keys in base64.")
    parts: int = Field(default=1, ge=1, description="How often `bands` has them all; see ArticleSketch.")
    text_print: TextPrint = Field(description="What is compared.")


class OriginMark(Value):
    """Where one origin stands in cluster: the shards heard, then the answer given. Kept as long as raw is."""

    heard: tuple[int, ...] = Field(default=(), description="Shards that answered, in order of their number.")
    failed: tuple[int, ...] = Field(default=(), description="Shards among `heard` that could not look.")
    last: int | None = Field(
        default=None, description="The shard that completed them: its repeats are answered; null before."
    )
    answer: DedupAnswer | None = Field(
        default=None, description="The answer given; null while shards are awaited."
    )


class VersionSeen(Value):
    """One version of an article."""

    version: str = Field(description="The version.")
    event_time: Instant = Field(description="Least event time that it came in with, UTC.")
    version_time: Instant | None = Field(
        default=None, description="Least time of its modification that it came in with; null: not known."
    )


class Edge(Value):
    """A match that a shard reported for one version of this article."""

    version: str = Field(description="This article's version.")
    other: PairMatch = Field(description="The article it is like.")


class StirredCluster(Value):
    """A cluster that this article's arrival changed, and how."""

    canonical_id: str = Field(description="Its canonical article at the time.")
    kind: ClusterChange = Field(description="What happened to it.")
    from_: tuple[str, ...] = Field(
        default=(), alias="from", description="Cluster ids it was merged or renamed from."
    )

    model_config = ConfigDict(populate_by_name=True)


class Arrival(Value):
    """One origin of an article, as far as its facts are in the node."""

    origin: str = Field(description="Raw record, topic-partition-offset.")
    shards: tuple[int, ...] = Field(
        default=(), description="Shards whose answer for this origin is in the node."
    )
    revision: int | None = Field(
        default=None, description="The number it was answered with; null while shards are awaited."
    )


class ArticleNode(Value):
    """One article of the match graph, as its own arrivals told it. Keyed by article id."""

    versions: tuple[VersionSeen, ...] = Field(
        default=(), description="Versions that came in, by modified or event time, then id."
    )
    edges: tuple[Edge, ...] = Field(
        default=(), description="Matches reported for it, by version, other article, other version."
    )
    revisions: int = Field(default=0, ge=0, description="Origins answered for this article.")
    arrivals: tuple[Arrival, ...] = Field(default=(), description="The last origins, oldest first.")
    stirred: tuple[str, ...] = Field(
        default=(), description="Articles whose place its arrivals changed: a repeat sends them again."
    )
    stirred_clusters: tuple[StirredCluster, ...] = Field(
        default=(), description="Clusters that its arrivals changed, by canonical."
    )


class VersionText(Value):
    """One wording of an article."""

    version: str = Field(description="The version.")
    version_time: Instant = Field(description="When it was modified, else published, UTC.")
    text: str = Field(description="The body.")


class ArticleTexts(Value):
    """The last wordings of an article, keyed by article id."""

    texts: tuple[VersionText, ...] = Field(description="At most three, by modified or event time, then id.")
    lane: str = Field(description="Delivery mode, with the job where there is one, of the last arrival.")
    arrived: Instant = Field(description="The raw record's time of the last arrival, UTC.")
