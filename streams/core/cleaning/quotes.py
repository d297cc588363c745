"""Quotes: defects of the quotation marks, paragraph by paragraph, recorded as what should be read there.

The text stays as it is. `quotations` says what is broken; here it becomes `repairs`, with the marks of the
language's pack. A language without a pack has no repairs.
"""

from __future__ import annotations

from typing import NamedTuple, cast

from schemas.clean_article import Repair
from streams.core.cleaning.quotations import read_quotations
from streams.core.packs import PACKS, read


class Marks(NamedTuple):
    """The marks of a language: one opens, one closes, a neutral one does either."""

    opening: str
    closing: str
    neutral: str


def marks_of(language: str) -> Marks | None:
    """Return the marks of a language, None without a pack."""
    return (
        Marks(**cast("dict[str, str]", read(language, "cleaning")["quotes"])) if language in PACKS else None
    )


def quote_repairs(text: str, marks: Marks) -> tuple[Repair, ...]:
    """Return the defects in `text`, in order of `at`.

    >>> [(r.kind, r.at) for r in quote_repairs("It is short,” he said.", Marks("“", "”", '"'))]
    [('opening_quote_missing', 0)]
    """
    defects = [defect for found in read_quotations(text) for defect in found.defects]
    return tuple(
        Repair(
            kind=defect.kind,
            at=defect.at,
            before=defect.before,
            after=marks.opening if defect.kind.startswith("opening") else marks.closing,
        )
        for defect in sorted(defects, key=lambda defect: defect.at)
    )
