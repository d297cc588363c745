"""Report: one attribution as the sentence gives it, before anybody asks who is meant.

The value between the two halves of the room: the sentence's grammar makes it (cue, content, source, what else
hangs on the cue), the article's context turns it into a `Statement` (speaker, chain, day, office).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from schemas.span import SpanField
    from schemas.statement import SpeechAct, StatementMode


class Bounds(NamedTuple):
    """A stretch of a field: code points, half open."""

    start: int
    end: int


class CueKind(StrEnum):
    """What kind of words report. The language pack says which belong to which."""

    SAY = "say"
    """A verb of saying (said, stressed), or its noun or participle (his remark that …)."""
    ACCORDING = "according"
    """A preposition that attributes (according to, in the words of)."""
    BELIEVE = "believe"
    """A verb of thinking, wanting, feeling: what the source holds, reported as such."""
    ACT = "act"
    """An act done by words that an office can do (issued an order, signed a decree)."""
    DECLINE = "decline"
    """A refusal to say (declined to comment)."""
    COLON = "colon"
    """A colon or a dash after the source, in headlines, transcripts and lists."""
    NONE = "none"
    """No words report: a quotation that stands alone, a sentence that goes on."""


@dataclass(frozen=True, slots=True)
class CueFound:
    """The words that report: the verb with its particle or object (pointed out, issued an order)."""

    bounds: Bounds
    lemma: str
    kind: CueKind
    factive: bool
    act: SpeechAct
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """One attribution. All bounds are in `field`; None: the sentence does not say.

    `source` is the noun phrase as written, determiner included, without a title that stands bare before a
    name; a pronoun is a source too. `source_head` is the name in it, else its head noun. `content` is what is
    said, without quotation marks, "that" and final stop, in order, in several pieces when interrupted.
    `sentence` is where the cue stands (for a report without a cue, its content's sentence). `when` is a
    phrase that dates the saying itself, not what is said. `rules` name what decided, in order.
    """

    field: SpanField
    mode: StatementMode
    content: tuple[Bounds, ...]
    sentence: Bounds
    cue: CueFound | None
    source: Bounds | None
    source_head: Bounds | None = None
    collective: bool = False
    recurring: bool = False
    target: Bounds | None = None
    addressee: Bounds | None = None
    venue: Bounds | None = None
    when: Bounds | None = None
    inserts: tuple[Bounds, ...] = ()
    quote_defects: tuple[str, ...] = ()
    confidence: float = 0.9
    rules: tuple[str, ...] = ()
