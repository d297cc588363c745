"""The groups of settings for the past: loaded, kept for good, taken back, and run again.

Each field has its unit in its name and its reason in its description; docs/settings.md is made from them.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic import Field

from streams.settings_base import Group


class ArchiveSettings(Group):
    """Where raw articles are kept for good (docs/archive.md)."""

    folder: Path | None = Field(
        default=None, description="Folder of the archive; null: `archive` in the state folder."
    )
    flush_seconds: float = Field(
        default=300, gt=0, description="What came in is in a finished file after so long at the latest."
    )
    file_bytes: int = Field(
        default=128 * 1024 * 1024,
        ge=1,
        description="A file is finished once it has taken in so many bytes of records, before compression.",
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Port of /metrics of `archive run`; 0: none."
    )


class ServeSettings(Group):
    """Articles over HTTP (docs/ingest.md)."""

    host: str = Field(
        default="127.0.0.1", description="Address to listen on; beyond loopback only behind TLS."
    )
    port: int = Field(default=8600, ge=0, le=65535, description="Port to listen on; 0: any free one.")
    tokens_file: Path | None = Field(
        default=None, description="TOML file of producers and their tokens; null: serve does not start."
    )
    articles_per_second: float = Field(
        default=50, gt=0, description="What a producer may send on average, when its own entry says nothing."
    )
    batch_articles: int = Field(default=1000, ge=1, description="Most articles of one request.")
    batch_bytes: int = Field(default=16 * 1024 * 1024, ge=1024, description="Most bytes of one request.")
    in_hand_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1024,
        description="Most bytes of all requests in hand; past it: 503, try again.",
    )
    max_connections: int = Field(default=256, ge=1, description="Connections at once; more are closed.")
    header_seconds: float = Field(
        default=10, gt=0, description="A connection that sent no whole request head for so long is closed."
    )
    body_seconds: float = Field(default=30, gt=0, description="A body that takes longer: 408.")
    ack_seconds: float = Field(
        default=10, gt=0, description="The bus acknowledges within this time, or the answer is 503."
    )
    keys_bytes: int = Field(
        default=32 * 1024 * 1024, ge=4096,
        description="Answers remembered by Idempotency-Key, in bytes; the oldest half is forgotten at once.",
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Port of /metrics of `serve`; 0: none."
    )


class ReplaySettings(Group):
    """Replays (docs/replay.md)."""

    context_hours: float | None = Field(
        default=None, ge=0,
        description="How long before its first record a replay of a part starts to read; null: as long as "
        "near-duplicates and statements are compared over.",
    )
    max_records_per_second: float | None = Field(
        default=None, gt=0,
        description="A replay reads raw no faster, to leave room for the live flow; null: as fast as its "
        "stages take it.",
    )
    unbounded: bool = Field(
        default=True,
        description="A replay forgets nothing (dedup.lateness_hours, novelty.lateness_days and "
        "novelty.versions_days are null), so that order and pace decide nothing; false: as the live flow, "
        "where more articles are read than memory holds.",
    )
    max_ahead_records: int = Field(
        default=5_000, ge=1,
        description="Raw records that a replay copies ahead of what its stages have read.",
    )
    expected_records_per_second: int = Field(
        default=20, gt=0,
        description="What a plan counts on before a replay was run here (one worker a stage, 2 cores, news "
        "pages).",
    )


class TakedownSettings(Group):
    """What happens when an article that was taken back comes again (docs/takedown.md)."""

    refuse_again: bool = Field(
        default=True, description="It is refused `taken_down`; false: it is taken in as if it were new."
    )


class BackfillSettings(Group):
    """How `ingest --backfill` makes way for the live flow (docs/adr/0026)."""

    per_second: float | None = Field(
        default=None, gt=0, description="Most articles a second; null: as fast as the live flow allows."
    )
    waiting_seconds: float = Field(
        default=2.5, gt=0, description="No stage may have more uncommitted than it gets done within this."
    )
    live_slower_share: float = Field(
        default=0.15, gt=0,
        description="Live articles that take longer than in the pauses by more than this share of it make "
        "the backfill slow down.",
    )
    calm_seconds: float = Field(
        default=15, gt=0, description="A pause, in which is seen how long live articles take alone."
    )
    calm_every_seconds: float = Field(default=180, gt=0, description="From one pause to the next.")


class FeedsSettings(Group):
    """How feeds are visited (docs/feeds.md)."""

    user_agent: str = Field(
        default="communique/0 (news feed reader)",
        description="How we name ourselves to servers; put an address in it that reaches you.",
        pattern=r"^[ -~]{1,200}$",
    )
    least_seconds: float = Field(default=300, gt=0, description="A feed is visited no more often than this.")
    most_seconds: float = Field(
        default=14_400, gt=0, description="A feed is visited no less often, whatever it asks for."
    )
    gap_seconds: float = Field(
        default=2, ge=0, description="Between two requests to one host; longer where its robots.txt asks."
    )
    concurrency: int = Field(default=16, ge=1, le=256, description="Hosts that are asked at a time.")
    timeout_seconds: float = Field(
        default=30, gt=0, description="One request, redirects and name look-ups included."
    )
    read_seconds: float = Field(
        default=30, gt=0, description="Taking a feed apart; what takes longer is no feed."
    )
    max_bytes: int = Field(
        default=20_000_000, ge=1000, description="A feed or sitemap, as sent and as unpacked."
    )
    max_sitemaps: int = Field(
        default=50, ge=1, description="Sitemaps of one index that are read at a visit, the newest first."
    )
    max_versions: int = Field(
        default=50, ge=1, description="Wordings of one entry that are taken; then it is restless and left."
    )
    keep_days: float = Field(
        default=180, ge=7,
        description="An entry that its feed has not had for so long is new again; what a document has that "
        "was not read for so long is history.",
    )
    allow_http: bool = Field(default=False, description="Allow http://: nobody checks who answers.")
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description='Networks opened besides public addresses: ["10.1.2.0/24"].'
    )
    allow_ports: frozenset[int] = Field(default=frozenset(), description="Ports besides 443 (http: 80).")
    ca_file: Path | None = Field(
        default=None, description="Certificates to trust instead of the system's; null: the system's."
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Port of /metrics of `feeds run`; 0: none."
    )
