"""Rule: what somebody wants to be told of, as it was checked when it was written."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Final

from pydantic import Field

from schemas.alert import Severity
from schemas.base import Event, Instant
from schemas.office import Office
from schemas.quiet_hours import QuietHours
from schemas.statement import SpeechAct, StatementMode
from schemas.statement_event import NoveltyKind

FRESHNESS_HOURS: Final = 72.0


class SpeakerKind(StrEnum):
    """What kind of speaker a statement has."""

    PERSON = "person"
    ORGANISATION = "organisation"
    COUNTRY = "country"
    OFFICE = "office"


class GroupBy(StrEnum):
    """What alerts of one rule are grouped by: one notification for what is the same in all of these."""

    SPEAKER = "speaker"
    OFFICE = "office"
    ORGANISATION = "organisation"
    COUNTRY = "country"
    SPEECH_ACT = "speech_act"
    PROPOSITION = "proposition"
    ARTICLE = "article"
    CLUSTER = "cluster"
    OUTLET = "outlet"
    LANGUAGE = "language"


class Rule(Event):
    """A rule. Every condition that it has must hold; of the values of one condition, one suffices.

    An empty list asks for nothing. Keyed by name, on a compacted topic: the latest is the rule.
    """

    ce_type: ClassVar[str] = "news.rule"

    name: str = Field(description="The rule's name.")
    version: str = Field(description="Hash of the rule, unless its writer numbers it.")
    about: str | None = Field(default=None, description="What it is for, in words; null when not said.")
    enabled: bool = Field(default=True, description="False: kept, raises nothing.")
    speaker: tuple[str, ...] = Field(
        default=(), description="Names (full, or the last words of one) or Wikidata ids of speakers."
    )
    office: tuple[Office, ...] = Field(default=(), description="Kinds of office that the speaker holds.")
    organisation: tuple[str, ...] = Field(
        default=(), description="Names or ids of the speaker's organisation, or of one that speaks."
    )
    country: tuple[str, ...] = Field(
        default=(), description="Names, ISO 3166-1 alpha-2 codes or Wikidata ids of the speaker's country."
    )
    kind: tuple[SpeakerKind, ...] = Field(default=(), description="person, organisation, country, office.")
    official: bool | None = Field(
        default=True, description="Whether it must be said officially, must not be, or (null) either."
    )
    speech_act: tuple[SpeechAct, ...] = Field(default=(), description="assert, deny, demand, …")
    mode: tuple[StatementMode, ...] = Field(default=(), description="direct, indirect, headline, …")
    words: tuple[str, ...] = Field(
        default=(),
        description="Words or phrases of the topic, in the statement or its article's headline; `start*`: "
        "any word that starts so. One of `words` and `entities` suffices.",
    )
    entities: tuple[str, ...] = Field(
        default=(), description="Names or Wikidata ids of what the statement or the headline names."
    )
    without_words: tuple[str, ...] = Field(
        default=(), description="Words or phrases that the statement must not have."
    )
    language: tuple[str, ...] = Field(default=(), description="ISO 639-1 codes of the article's language.")
    outlet: tuple[str, ...] = Field(default=(), description="Names, domains or Wikidata ids of the outlet.")
    wire: tuple[str, ...] = Field(default=(), description="Names of an agency that the words came through.")
    min_confidence: float = Field(default=0, ge=0, le=1, description="Least confidence, 0 to 1.")
    min_independent_origins: int = Field(default=1, ge=0, description="Least number of independent origins.")
    novelty: tuple[NoveltyKind, ...] = Field(
        default=(NoveltyKind.NEW,), description="What it must be beside live statements: new, update, …"
    )
    freshness_hours: float = Field(
        default=FRESHNESS_HOURS, gt=0, description="It must have been said within so many hours before now."
    )
    severity: Severity = Field(default=Severity.INFO, description="info, warning or critical.")
    group_by: tuple[GroupBy, ...] = Field(
        default=(), description="What alerts are grouped by; empty: all of the rule in one group."
    )
    wait_seconds: float | None = Field(
        default=None, ge=0, description="How long a group waits for more; null: as the channel has it."
    )
    channels: tuple[str, ...] = Field(default=(), description="Where alerts go, by name; empty: `log`.")
    quiet_hours: tuple[QuietHours, ...] = Field(
        default=(), description="When alerts wait, not told before these hours end."
    )
    digest_hours: float | None = Field(
        default=None, gt=0, description="One digest of so many hours instead of single alerts; null: none."
    )
    expires: Instant | None = Field(
        default=None, description="From this moment on the rule raises nothing, UTC; null: for ever."
    )
    expires_after_seconds: float | None = Field(
        default=None, gt=0,
        description="Its alerts are not worth delivering later than this; null: the outbox's limit.",
    )
