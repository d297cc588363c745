"""What the statements stage remembers: the values of its tables. Not events: nobody outside it reads them.

Facts that came in, and notes of what was told; places are worked out from them (docs/adr/0014).
"""

from __future__ import annotations

from pydantic import Field

from schemas.base import Instant, Value
from schemas.envelope import Provenance
from schemas.found_statement import ArticleRef, FoundStatement, Named
from schemas.statement import Statement


class SaidStatement(Value):
    """A statement of one version of an article."""

    statement: Statement = Field(description="As tagged.")
    placement: str = Field(description="What it is kept under.")
    names: tuple[Named, ...] = Field(default=(), description="What its content names.")
    addressed: tuple[Named, ...] = Field(default=(), description="What its addressee and target name.")


class SaidVersion(Value):
    """What one pipeline reads in one version of an article, keyed `article_id/version/pipeline`."""

    pipeline: str = Field(default="", description="Version of the code that tagged it.")
    article: ArticleRef = Field(description="The article in this version.")
    event_time: Instant = Field(description="Least event time that it came in with, UTC.")
    language: str = Field(description="ISO 639-1 code.")
    statements: tuple[SaidStatement, ...] = Field(default=(), description="Its statements, in order.")
    arrivals: tuple[Provenance, ...] = Field(description="The earliest raw record of each lane.")
    alike: tuple[str, ...] = Field(default=(), description="Articles that share its text, by id.")
    cluster_id: str | None = Field(default=None, description="Its cluster as of then; null when not known.")


class JudgedStatement(Value):
    """A statement of a speaker, and what was told of it, keyed `placement/statement_id`."""

    found: FoundStatement = Field(description="The statement as its article has it.")
    provenance: Provenance = Field(description="Where it came from.")
    revision: int = Field(default=0, ge=0, description="The number of the last event; 0 before one.")
    told: str = Field(default="", description="Hash of the last event; empty before one.")
    proposition_id: str | None = Field(default=None, description="As last told; null before.")
    former: tuple[str, ...] = Field(default=(), description="Propositions told before, oldest first.")
    stirred: tuple[str, ...] = Field(
        default=(), description="Statements whose place its arrivals changed: a repeat sends them again."
    )
