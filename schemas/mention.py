"""Mention: a span that names something, and the thing it names."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.base import Instant, Value
from schemas.office import Office
from schemas.span import Span


class MentionKind(StrEnum):
    """What kind of thing a mention names."""

    PERSON = "PERSON"
    ORG = "ORG"
    GPE = "GPE"
    LOC = "LOC"
    FAC = "FAC"
    NORP = "NORP"
    EVENT = "EVENT"
    POSITION = "POSITION"
    OUTLET = "OUTLET"
    WIRE = "WIRE"
    DATE = "DATE"


class RoleCheck(StrEnum):
    """What the registry of offices says of a role on the day."""

    CONSISTENT = "consistent"
    CONTRADICTED = "contradicted"
    UNKNOWN = "unknown"


class Candidate(Value):
    """A thing that a name may mean."""

    qid: str | None = Field(description="Wikidata id; null when the registry has none.")
    label: str = Field(description="Its usual name.")
    score: float = Field(ge=0, le=1, description="How well it fits, 0 to 1.")


class Role(Value):
    """The office a person is said to hold."""

    text: str = Field(description="The role as written.")
    span: Span | None = Field(default=None, description="Where it is written; null when it was carried over.")
    position_id: str | None = Field(
        default=None, description="Position in the registry; null when not resolved."
    )
    office: Office | None = Field(
        default=None,
        description="Kind of office, the same in any country; null when it is one held before or not yet.",
    )
    deputy: bool = Field(default=False, description="True for a deputy; `office` is whose deputy it is.")
    organization: str | None = Field(default=None, description="Organization as resolved; null when unknown.")
    country: str | None = Field(default=None, description="ISO 3166-1 alpha-2 code; null when unknown.")
    valid_on: Instant | None = Field(
        default=None, description="The day the role was checked for; null when unchecked."
    )
    check: RoleCheck = Field(default=RoleCheck.UNKNOWN, description="What the registry says.")
    evidence: str | None = Field(
        default=None, description="The tenure that the check rests on, in words; null when there is none."
    )


class Mention(Span):
    """A named thing in the text."""

    kind: MentionKind = Field(description="What kind of thing it is.")
    entity_id: str | None = Field(
        default=None, description="The same for all mentions of one thing in one article; null when alone."
    )
    qid: str | None = Field(
        default=None, description="Wikidata id; null when not resolved: see `nil_reason`."
    )
    link_method: str | None = Field(default=None, description="How `qid` was found; null without one.")
    confidence: float = Field(ge=0, le=1, description="How sure the mention is, 0 to 1.")
    nil_reason: str | None = Field(default=None, description="Why `qid` is null; null when it is not.")
    candidates: tuple[Candidate, ...] = Field(
        default=(), description="What else the name may mean, best first; empty when nothing competes."
    )
    metonym_for: str | None = Field(
        default=None,
        description="The body that a place or building stands for; null when it is meant itself.",
    )
    role: Role | None = Field(
        default=None, description="The office the person is said to hold; null when none is said."
    )
