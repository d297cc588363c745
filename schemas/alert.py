"""Alert: one thing said that a rule asked for, with why it fired and where it stands."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from schemas.base import Event, Instant, Value
from schemas.ids import digest
from schemas.quiet_hours import QuietHours
from schemas.span import Span
from schemas.statement import Attribution, Hop, SaidOn, SpeechAct

MAX_LINE_CHARS = 100


class AlertKind(StrEnum):
    """What an alert tells."""

    NEW = "new"
    UPDATE = "update"
    CONTRADICTION = "contradiction"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    DIGEST = "digest"


class Severity(StrEnum):
    """How much it matters to whoever wrote the rule."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class AlertRule(Value):
    """The rule that fired, as it was then."""

    name: str = Field(description="The rule's name.")
    version: str = Field(description="Hash of the rule's text, or the number its writer gave it.")
    severity: Severity = Field(default=Severity.INFO, description="info, warning or critical.")
    group: dict[str, str] = Field(
        default_factory=dict,
        description="What the rule's group_by names, with this statement's values; alerts of one rule with "
        "the same values leave in one notification. Empty: all of the rule's.",
    )
    wait_seconds: float | None = Field(
        default=None, ge=0, description="How long a group waits for more; null: as the channel has it."
    )
    expires_after_seconds: float | None = Field(
        default=None, gt=0,
        description="Not worth delivering later than this after it was raised; null: the outbox's limit.",
    )
    quiet_hours: tuple[QuietHours, ...] = Field(
        default=(), description="When it waits: not told before these hours end."
    )


class AlertReason(Value):
    """One condition of the rule, and what fulfilled it."""

    condition: str = Field(description="As the rule has it: office = spokesperson.")
    matched: str = Field(description="What of the statement or its article matched.")


class AlertEvidence(Value):
    """A statement that the alert rests on, or that is shown beside it."""

    statement_id: str = Field(description="The statement.")
    proposition_id: str | None = Field(default=None, description="Its proposition; null when not judged.")
    article_id: str = Field(description="The article that reports it.")
    url: str | None = Field(default=None, description="The article's address; null when it has none.")
    outlet: str | None = Field(default=None, description="The outlet's name; null when unknown.")
    headline: str | None = Field(default=None, description="The article's headline; null without one.")
    speaker: str | None = Field(default=None, description="The speaker's fullest name; null when unknown.")
    speaker_qid: str | None = Field(default=None, description="Wikidata id; null when not resolved.")
    role: str | None = Field(default=None, description="The office as the text has it; null when not said.")
    speech_act: SpeechAct | None = Field(default=None, description="assert, deny, …; null when not known.")
    attribution: Attribution = Field(description="explicit, inferred or ambiguous.")
    spans: tuple[Span, ...] = Field(description="What is said, located in the article.")
    chain: tuple[Hop, ...] = Field(default=(), description="The way the words took, speaker first.")
    said_on: SaidOn | None = Field(default=None, description="When it was said; null when not known.")


class Alert(Event):
    """One new thing said, for one rule. Keyed by its id: the same rule and thing said give the same id."""

    ce_type: ClassVar[str] = "news.alert"

    alert_id: str = Field(description="Hash of rule, proposition, kind and revision (`alert_id`).")
    kind: AlertKind = Field(description="new, update, contradiction, correction, withdrawal or digest.")
    revision: int = Field(ge=1, description="Of this kind, for this rule and proposition; counts up.")
    rule: AlertRule = Field(description="The rule that fired.")
    line: str = Field(
        min_length=1, max_length=MAX_LINE_CHARS,
        description="One sourced line of at most 100 code points, in the wire's manner.",
    )
    why: tuple[AlertReason, ...] = Field(description="Each condition with what matched.")
    evidence: tuple[AlertEvidence, ...] = Field(description="The statements it rests on, the line's first.")
    shown_apart: tuple[AlertEvidence, ...] = Field(
        default=(), description="Inferred and ambiguous ones of the same article: never the trigger."
    )
    channels: tuple[str, ...] = Field(default=(), description="Where it goes, by name; empty: `log`.")
    event_time: Instant = Field(description="Event time of the statement, UTC.")
    fresh_until: Instant | None = Field(
        default=None,
        description="Latest day it can have been said and the rule's freshness bound, UTC; null: never "
        "fresh. The second guard reads it: what is not fresh is not sent.",
    )
    corrects: str | None = Field(
        default=None, description="The alert that this one corrects or withdraws; null for the other kinds."
    )


def alert_id(rule: str, proposition_id: str, kind: AlertKind, revision: int) -> str:
    """Return the id of an alert: the same for the same rule (by name), thing said, kind and revision."""
    return digest("alert", rule, proposition_id, kind.value, str(revision))
