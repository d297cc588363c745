"""Statement: what a speaker is reported to have said, located, attributed, chained and dated."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.base import Instant, Precision, Value
from schemas.mention import Mention, Role
from schemas.span import Span


class StatementMode(StrEnum):
    """How the words are reported."""

    DIRECT = "direct"
    INDIRECT = "indirect"
    MIXED = "mixed"
    PARTIAL_DIRECT = "partial_direct"
    HEADLINE = "headline"
    BELIEF = "belief"
    OFFICIAL_ACT = "official_act"
    CONTINUATION = "continuation"


class SpeechAct(StrEnum):
    """What the speaker does by saying it."""

    ASSERT = "assert"
    COMMIT = "commit"
    DEMAND = "demand"
    THREATEN = "threaten"
    DENY = "deny"
    PRAISE = "praise"
    ORDER = "order"
    APPEAL = "appeal"
    DECLINE = "decline"


class Attribution(StrEnum):
    """How sure it is who said it. `ambiguous` never alerts."""

    EXPLICIT = "explicit"
    INFERRED = "inferred"
    AMBIGUOUS = "ambiguous"


class Cue(Span):
    """The words that report."""

    lemma: str = Field(description="Lemma of the reporting verb or noun.")
    factive: bool = Field(description="True when the cue presents the content as true (pointed out).")
    negated: bool = Field(default=False, description="True when the cue itself is negated (did not say).")


class Speaker(Value):
    """Who is reported to have said it."""

    mention: Mention | None = Field(
        default=None, description="The speaker as named at this place; null when inferred."
    )
    name: str = Field(description="The fullest name of the speaker in this article.")
    entity_id: str | None = Field(default=None, description="The article's entity; null when alone.")
    qid: str | None = Field(default=None, description="Wikidata id; null when not resolved.")
    kind: str = Field(description="person, organisation, country, office.")
    role: Role | None = Field(
        default=None, description="The office the speaker is said to hold; null when none is said."
    )
    collective: bool = Field(default=False, description="True when several speak as one (Iran and Russia).")


class Hop(Value):
    """One step of the way the words took."""

    hop: int = Field(ge=0, description="0 is the speaker; the outlet comes last.")
    actor: str = Field(description="Name of the person, wire or outlet.")
    relation: str = Field(description="said, reports, publishes, …")
    date: Instant | None = Field(default=None, description="Day of this hop, UTC; null when unknown.")
    evidence: Span | None = Field(
        default=None, description="Where the text says so; null when it is metadata."
    )


class SaidOn(Value):
    """When it was said."""

    value: Instant | None = Field(
        default=None,
        description="The day, UTC, or the first of the month or year; without `not_before` the day an agency "
        "reported it, the latest it can be. Null when unknown.",
    )
    precision: Precision | None = Field(default=None, description="How exact `value` is; null without one.")
    basis: str = Field(
        description="Where the date comes from: `text:` or `inherited:` with the rule (and "
        "`,year_inferred`), `wire`, `dateline`, `published`, `recurring`; `none` when there is none."
    )
    not_before: Instant | None = Field(default=None, description="Lower bound; null when there is none.")
    not_after: Instant | None = Field(
        default=None, description="Upper bound; null when there is none: never fresh."
    )


class Official(Value):
    """Whether the speaker spoke for an office held on the day."""

    is_official: bool = Field(description="True when the speaker spoke for an office held on that day.")
    evidence: str | None = Field(default=None, description="Why it is, or why not; null when nobody judged.")


class Statement(Value):
    """What a speaker is reported to have said."""

    statement_id: str = Field(description="Hash of article, placement and normalised content.")
    mode: StatementMode = Field(description="How the words are reported: direct, indirect, …")
    speech_act: SpeechAct = Field(description="What the speaker does by saying it: assert, deny, …")
    content: tuple[Span, ...] = Field(description="What is said; several spans when interrupted.")
    cue: Cue | None = Field(default=None, description="The reporting words; null for a continuation.")
    speaker: Speaker | None = Field(default=None, description="Who said it; null when it cannot be told.")
    addressee: Span | None = Field(default=None, description="To whom; null when not said.")
    target: Span | None = Field(
        default=None, description="What the content is said of (called TARGET a success); null when none."
    )
    venue: Span | None = Field(default=None, description="Where, at what occasion; null when not said.")
    recurring: bool = Field(
        default=False,
        description="True for a position held repeatedly, with no occasion of its own: never new.",
    )
    chain: tuple[Hop, ...] = Field(default=(), description="The way the words took, speaker first.")
    said_on: SaidOn = Field(description="When it was said, with bounds.")
    reported_on: Instant | None = Field(
        default=None, description="Day of this report, UTC; null when unknown."
    )
    attribution: Attribution = Field(description="How sure it is who said it.")
    quote_defects: tuple[str, ...] = Field(
        default=(), description="Defects of the quotation marks found here."
    )
    inserts: tuple[Span, ...] = Field(
        default=(), description="Editor's insertions inside the content: not the speaker's words."
    )
    rendition_of: str | None = Field(
        default=None,
        description="The best rendering of the same utterance in this article; null when this is it.",
    )
    official: Official = Field(description="Whether it counts as official.")
    confidence: float = Field(ge=0, le=1, description="How sure, 0 to 1.")
    rules: tuple[str, ...] = Field(
        default=(),
        description="The rules that decided, in order: cue, content, speaker, chain, date, office.",
    )
