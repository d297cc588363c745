"""Draft: a report with what its article adds, before a statement is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.mention import Role
    from schemas.statement import Official, SaidOn
    from streams.core.statements.chain import Step
    from streams.core.statements.meant import Meant
    from streams.core.statements.report import Report


@dataclass(slots=True)
class Draft:
    """A report with what its article adds. `steps`: the hops after the speaker."""

    report: Report
    meant: Meant
    said_on: SaidOn
    official: Official
    role: Role | None
    steps: tuple[Step, ...]
    rules: tuple[str, ...]
