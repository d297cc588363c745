"""The groups of settings: one a part of the product. `streams.settings` puts them together.

Each field has its unit in its name and its reason in its description; docs/settings.md is made from them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field

from streams.settings_base import Group


class TopicSettings(Group):
    """How wide the bus is."""

    partitions: int = Field(
        default=6,
        ge=1,
        le=1024,
        description="Partitions of every topic keyed by article: the most workers a stage can use.",
    )
    shards: int = Field(default=2, ge=1, le=64, description="Shards of the near-duplicate index.")
    statements: int = Field(
        default=4, ge=1, le=1024, description="Partitions of the statements topics; a speaker is in one."
    )
    replication: int = Field(
        default=1, ge=1, le=9, description="Replicas of each Kafka topic; 3 on a real cluster."
    )
    min_insync_replicas: int = Field(
        default=1, ge=1, le=9, description="min.insync.replicas; 2 with replication 3."
    )


class KafkaSettings(Group):
    """The Kafka client: a member that falls silent fences itself before the broker throws it out."""

    session_timeout_seconds: float = Field(
        default=45, gt=0, description="A silent member is thrown out after this; it fences itself before."
    )
    heartbeat_interval_seconds: float = Field(default=3, gt=0, description="At most a third of the session.")
    rebalance_timeout_seconds: float = Field(
        default=60, gt=0, description="How long a rebalance may wait for a member."
    )
    request_timeout_seconds: float = Field(default=90, gt=0, description="At least the session.")
    fetch_max_wait_ms: int = Field(
        default=500, ge=1,
        description="How long the broker holds a fetch when nothing comes; what comes is answered at once.",
    )
    compression: str = Field(default="zstd", description="none, gzip, lz4, snappy or zstd.")
    batch_size_bytes: int = Field(
        default=262_144, ge=1, description="256 kB: measured 2.4 times the throughput of 16 kB."
    )
    linger_ms: int = Field(
        default=0, ge=0,
        description="How long a batch waits to fill. 5 costs 5 ms a hop, 35 of an article's 70; under load "
        "batches fill while the one before is on its way.",
    )
    security_protocol: str = Field(
        default="PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."
    )
    ca_file: Path | None = Field(
        default=None, description="Certificates of the authority that signed the brokers'."
    )
    certificate_file: Path | None = Field(default=None, description="Client certificate, PEM.")
    key_file: Path | None = Field(default=None, description="Client key, PEM.")
    sasl_mechanism: str = Field(default="PLAIN", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.")
    sasl_username: str | None = Field(default=None, description="User name for SASL.")
    sasl_password_file: Path | None = Field(default=None, description="File that holds the SASL password.")


class LogSettings(Group):
    """The embedded log."""

    synchronous: str = Field(
        default="NORMAL",
        pattern="^(NORMAL|FULL)$",
        description="FULL survives power loss, NORMAL a kill -9. Ingest always uses FULL.",
    )
    session_timeout_seconds: float = Field(
        default=10,
        gt=0,
        description="A member silent for longer is replaced and fenced; a dead process at once.",
    )


class StreamSettings(Group):
    """How a stage reads and commits."""

    commit_interval_seconds: float = Field(
        default=0.5, gt=0, description="Events since the last commit come again after a crash."
    )
    chunk_records: int = Field(
        default=64, ge=1, le=1000, description="Most records that an agent is handed at once."
    )
    buffer_events: int = Field(default=16, ge=1, description="Chunks that may wait in an agent's queue.")
    drain_timeout_seconds: float = Field(
        default=3, gt=0, description="How long a rebalance waits for work in hand before it exits 75."
    )


class TableSettings(Group):
    """Where tables live."""

    store: str = Field(
        default="memory",
        pattern="^(memory|rocksdict)$",
        description="memory, or rocksdict for state larger than memory.",
    )
    cache_bytes: int = Field(
        default=16 * 1024 * 1024,
        ge=1024,
        description="rocksdict: block cache a partition (Faust's default is 2 GiB).",
    )


class GuardSettings(Group):
    """What happens to records that fail (docs/failures.md)."""

    transient_seconds: float = Field(
        default=15,
        ge=0,
        description="A transient failure is retried in place for this long, with full jitter.",
    )
    killer_deaths: int = Field(
        default=2,
        ge=1,
        description="A record in hand at this many deaths is tried once more, alone, in a child.",
    )
    child_timeout_seconds: float = Field(default=60, gt=0, description="How long that child may take.")
    max_json_depth: int = Field(default=64, ge=2, description="Deeper JSON is a dead letter SCHEMA.")
    max_json_fields: int = Field(
        default=100_000, ge=1, description="More members and items in one body is a dead letter LIMIT."
    )


class CleaningSettings(Group):
    """What clean accepts."""

    max_content_bytes: int = Field(
        default=900_000, ge=1, description="Larger content, as UTF-8, is a dead letter LIMIT."
    )
    min_chars: int = Field(
        default=40, ge=0, description="An article with fewer code points of text is refused too_short."
    )
    max_nodes: int = Field(
        default=60_000, ge=1, description="An HTML page with more nodes is refused too_complex."
    )
    max_depth: int = Field(default=400, ge=1, description="HTML nested deeper is refused too_complex.")
    path: Literal["quality", "fast", "auto"] = Field(
        default="quality",
        description="How the text of a page is taken out: by several extractors and a choice, "
        "by one fast pass that looks for authors and dates in the markup alone, or by one pass, and "
        "the others where that is not sure of itself.",
    )


class TaggingSettings(Group):
    """What tag does."""

    max_tokens_per_sentence: int = Field(
        default=200, ge=1, description="Longer sentences are cut for the parser."
    )
    batch_size: int = Field(default=16, ge=1, description="Texts that the model is given at once.")


class OfficesSettings(Group):
    """The registry of people and their offices, which roles are checked by (docs/offices.md)."""

    folder: Path | None = Field(
        default=None,
        description="Folder of what `offices import` compiled; null: `offices` in the state folder.",
    )


class DedupSettings(Group):
    """When two articles are alike. Every value was swept on neardup_dev."""

    window_hours: float = Field(default=72, gt=0, description="Event times further apart are never compared.")
    lateness_hours: float | None = Field(
        default=24,
        ge=0,
        description="How long past its window an index entry waits for late articles; null: for ever.",
    )
    bands: int = Field(default=64, ge=1, description="MinHash bands.")
    rows: int = Field(default=2, ge=1, description="MinHash values a band.")
    max_fingerprint: int = Field(
        default=4096,
        ge=64,
        description="Runs of three words kept of one article at most; more are sampled by FracMinHash.",
    )
    merge_share: float = Field(
        default=0.7, gt=0, le=1,
        description="near_duplicate: share of both articles' words in common runs of five words.",
    )
    contained_share: float = Field(
        default=0.7, gt=0, le=1, description="part_of: that share of one of the two articles."
    )
    rewrite_share: float = Field(
        default=0.4, gt=0, le=1,
        description="Rewrite: share of both articles' words in common runs of three words.",
    )
    rewrite_names_share: float = Field(
        default=0.8, gt=0, le=1, description="Rewrite: share of the fewer names that both articles have."
    )
    boilerplate: Path | None = Field(
        default=None,
        description="Table of boilerplate, by `communique boilerplate learn`; null: none is left out.",
    )
    texts_days: float = Field(
        default=7, ge=0,
        description="Days that an article's last texts are kept after it last arrived, to tell what a new "
        "version changes.",
    )
    rewrite_names: int = Field(default=16, ge=1, description="Rewrite: names in common at least.")


class RunSettings(Group):
    """The supervisor."""

    restart_seconds: float = Field(
        default=0.5,
        gt=0,
        description="First pause before a dead stage is started again; doubles up to restart_max_seconds.",
    )
    restart_max_seconds: float = Field(default=30, gt=0, description="Longest pause between restarts.")
    stall_seconds: float = Field(
        default=120, gt=0, description="Lag and no progress for this long: the worker exits 75."
    )
    stop_seconds: float = Field(
        default=20, gt=0, description="How long a stage may take to drain after SIGTERM before it is killed."
    )
    job: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]{1,40}$",
        description="The replay whose stages these are; null: the live flow. `replay run` sets it.",
    )
    now: AwareDatetime | None = Field(
        default=None, description="The moment that freshness is judged by, RFC 3339; null: the clock."
    )


class ObserveSettings(Group):
    """Metrics and logs."""

    metrics_host: str = Field(
        default="127.0.0.1", description="Where /metrics is served: on loopback unless you open it."
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="First metrics port; each worker takes the next. 0: no metrics server.",
    )
    log_level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR."
    )
    log_json: bool = Field(default=False, description="JSON lines instead of text.")
