"""The groups of settings behind the enriched article: what statements are compared with, how alerts leave.

Each field has its unit in its name and its reason in its description; docs/settings.md is made from them.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from streams.settings_base import Group


class NoveltySettings(Group):
    """What statements are compared with (docs/adr/0014)."""

    window_days: float = Field(
        default=30, gt=0, description="Statements of event times further apart are never compared."
    )
    lateness_days: float | None = Field(
        default=2,
        ge=0,
        description="How long past twice the window statements wait for late ones; null: for ever.",
    )
    versions_days: float | None = Field(
        default=60,
        gt=0,
        description="How long past an article's date a new version still withdraws what it no longer says; "
        "null: for ever.",
    )
    max_statements: int = Field(
        default=20_000,
        ge=100,
        description="Statements kept of one speaker; past it the oldest propositions are forgotten.",
    )
    max_origins: int = Field(
        default=50,
        ge=2,
        description="independent_origins counts up to this: each count is told to every statement.",
    )


class AlertingSettings(Group):
    """What alerts are raised for, and what is remembered of them (docs/rules.md, docs/adr/0018)."""

    starter_rules: bool = Field(
        default=True,
        description="Whether `run` puts the starter rules on a bus that never had a rule.",
    )
    kept_days: float | None = Field(
        default=60,
        gt=0,
        description="How long past its event time an alert is known: corrected, and not raised again. As "
        "long as novelty.versions_days; null: for ever.",
    )


class DeliverSettings(Group):
    """How alerts leave (docs/alerts.md). Channels are in a file of their own."""

    channels_file: Path | None = Field(
        default=None, description="TOML file of channels; null: one channel, `log`."
    )
    retry_hours: float = Field(
        default=72, gt=0, description="A notification that was not delivered for so long is dead."
    )
    keep_hours: float = Field(
        default=1440, gt=0, description="How long the outbox remembers alerts: no shorter than their topic."
    )
