"""metrics: every name that Prometheus sees, on one page; counters work whether or not anybody serves them.

A stage's process counts what passes through it with `of(stage, agent)`; the supervisor (`communique run`)
sets the lag, which it reads from the bus and not from the stage, so that it is right while the stage is
down, and the restarts. `serve` opens `/metrics` on loopback: the supervisor on `observe.metrics_port`, each
worker on a next one. Nothing here holds a text, an id or an address: labels are closed sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from streams.core.outcome import Usage

REGISTRY: Final = CollectorRegistry()
"""Our own registry: nothing that another library counts gets in."""

_LATENCY_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
_STEP_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

RECORDS: Final = Counter(
    "communique_records", "Records an agent took in hand.", ("stage", "agent"), registry=REGISTRY
)
OUTPUTS: Final = Counter(
    "communique_outputs",
    "Events an agent sent, by CloudEvents type.",
    ("stage", "agent", "type"),
    registry=REGISTRY,
)
REFUSALS: Final = Counter(
    "communique_refusals",
    "Articles that ended early, by reason.",
    ("stage", "agent", "reason"),
    registry=REGISTRY,
)
DEAD_LETTERS: Final = Counter(
    "communique_dead_letters",
    "Records buried, by code.",
    ("stage", "agent", "topic", "code"),
    registry=REGISTRY,
)
RETRIES: Final = Counter(
    "communique_retries", "Steps tried again, by why.", ("stage", "agent", "why"), registry=REGISTRY
)
STEP_SECONDS: Final = Histogram(
    "communique_step_seconds",
    "How long a step took.",
    ("stage", "agent"),
    buckets=_STEP_SECONDS,
    registry=REGISTRY,
)
HOP_SECONDS: Final = Histogram(
    "communique_hop_seconds",
    "From the raw record's timestamp to the moment this hop was done with it.",
    ("stage", "agent"),
    buckets=_LATENCY_SECONDS,
    registry=REGISTRY,
)
COMMITS: Final = Counter(
    "communique_commits", "Commits of offsets, by result.", ("stage", "result"), registry=REGISTRY
)
LAG_RECORDS: Final = Gauge(
    "communique_lag_records",
    "Records a stage has not committed, from the bus.",
    ("stage", "topic"),
    registry=REGISTRY,
)
LAG_SECONDS: Final = Gauge(
    "communique_lag_seconds",
    "Age of the oldest record a stage has not committed, from the bus.",
    ("stage", "topic"),
    registry=REGISTRY,
)
EXPIRED_UNREAD: Final = Counter(
    "communique_expired_unread_records",
    "Records that retention deleted before their reader came to them, at its start or on its way; by group, "
    "or by the client id of a reader that has none.",
    ("group", "topic"),
    registry=REGISTRY,
)
RESTARTS: Final = Counter(
    "communique_restarts",
    "Workers started again, by the exit code before.",
    ("stage", "code"),
    registry=REGISTRY,
)
READY: Final = Gauge(
    "communique_ready", "1 while a worker is ready.", ("stage", "ordinal"), registry=REGISTRY
)

ALERTS: Final = Counter(
    "communique_alerts", "Alerts sent, by kind; one that a repeated record sends again counts again.",
    ("kind",),
    registry=REGISTRY,
)
DELIVERIES: Final = Counter(
    "communique_deliveries",
    "Attempts at notifications, by channel and outcome.",
    ("channel", "outcome"),
    registry=REGISTRY,
)
DELIVERY_SECONDS: Final = Histogram(
    "communique_delivery_seconds",
    "From an alert's arrival in the outbox to its delivery, grouping included.",
    ("channel",),
    buckets=_LATENCY_SECONDS,
    registry=REGISTRY,
)
OUTBOX: Final = Gauge(
    "communique_outbox",
    "What the outbox holds: alerts waiting in groups, notifications ready or to be tried again.",
    ("channel", "state"),
    registry=REGISTRY,
)


FEED_VISITS: Final = Counter(
    "communique_feed_visits",
    "Visits to feeds, by outcome: read, unchanged, failed, resting, gone.",
    ("outcome",),
    registry=REGISTRY,
)
FEED_ENTRIES: Final = Counter(
    "communique_feed_entries",
    "Entries of feeds: new, changed, known, sent, skipped, blank, too_large, restless.",
    ("outcome",),
    registry=REGISTRY,
)
FEED_PAGES: Final = Counter(
    "communique_feed_pages", "Entries' pages, fetched or none.", ("outcome",), registry=REGISTRY
)
FEED_QUEUE: Final = Gauge(
    "communique_feed_queue", "Entries whose page is to be fetched or that the bus has not acknowledged.",
    registry=REGISTRY,
)
FEEDS: Final = Gauge("communique_feeds", "Feeds of the list, by state.", ("state",), registry=REGISTRY)

SERVE_REQUESTS: Final = Counter(
    "communique_serve_requests",
    "Requests to POST /articles, by outcome: accepted, repeated (its key had an answer), or why it was "
    "refused: unauthorized, full, too_fast, no_length, too_large, unsupported, slow, key_reused, in_hand, "
    "invalid, unacknowledged; failed: there was no answer.",
    ("outcome",),
    registry=REGISTRY,
)
SERVE_ARTICLES: Final = Counter(
    "communique_serve_articles", "Posted articles that the bus acknowledged, by producer of the tokens file.",
    ("producer",),
    registry=REGISTRY,
)
SERVE_ACK_SECONDS: Final = Histogram(
    "communique_serve_ack_seconds",
    "From sending the articles of a request to the bus's last acknowledgement.",
    buckets=_LATENCY_SECONDS,
    registry=REGISTRY,
)

ARCHIVE_RECORDS: Final = Counter(
    "communique_archive_records", "Raw records that the archive has in finished files.", registry=REGISTRY
)
ARCHIVE_UNREAD: Final = Gauge(
    "communique_archive_unread_records", "Raw records that the archive has not read yet, from the bus.",
    registry=REGISTRY,
)
ARCHIVE_EXPIRED: Final = Counter(
    "communique_archive_expired_records", "Offsets that retention took before the archive came to them.",
    registry=REGISTRY,
)


@dataclass(frozen=True, slots=True)
class Meters:
    """The counters of one agent, labels bound once: a call costs under a microsecond."""

    stage: str
    agent: str
    records: Counter
    step_seconds: Histogram
    hop_seconds: Histogram

    def sent(self, type_name: str) -> None:
        """Count an event of this CloudEvents type."""
        OUTPUTS.labels(self.stage, self.agent, type_name).inc()

    def refused(self, reason: str) -> None:
        """Count a refusal; `reason` is a value of `RefusalReason`."""
        REFUSALS.labels(self.stage, self.agent, reason).inc()

    def buried(self, topic: str, code: str) -> None:
        """Count a dead letter of `topic`; `code` is SCHEMA, LIMIT, TRANSIENT, BUG or KILLED."""
        DEAD_LETTERS.labels(self.stage, self.agent, topic, code).inc()

    def retried(self, why: str) -> None:
        """Count a step tried again; `why` is `transient` or `bug`."""
        RETRIES.labels(self.stage, self.agent, why).inc()


@cache
def of(stage: str, agent: str) -> Meters:
    """Return the counters of one agent of one stage; the same object every time."""
    return Meters(
        stage,
        agent,
        RECORDS.labels(stage, agent),
        STEP_SECONDS.labels(stage, agent),
        HOP_SECONDS.labels(stage, agent),
    )


def committed(stage: str, result: str) -> None:
    """Count a commit; `result` is `done`, `refused` (a rebalance: the events come again) or `fatal`."""
    COMMITS.labels(stage, result).inc()


def serve(host: str, port: int) -> int | None:
    """Open `/metrics` on `host`:`port` in a thread and return the port; None, and nothing opened, for port 0.

    Raises `Usage` when the port cannot be had.
    """
    if not port:
        return None
    try:
        server, _thread = start_http_server(port, host, registry=REGISTRY)
    except OSError as error:
        told = f"no metrics on {host}:{port}: {error.strerror}"
        raise Usage(f"{told}; set another port, or 0 for none") from None
    return int(server.server_port)
