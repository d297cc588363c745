"""Read: the reports in one field of an article.

Sentences that can hold something to attribute (a cue of the pack, a quotation, a colon) are parsed, the
others are not; each cue then finds its source and its content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.clean_article import Repair
    from schemas.mention import Mention
    from streams.core.statements.report import Report
    from streams.core.tagging.fields import Field
    from streams.core.tagging.parse import Parser


def reports_in(
    field: Field, mentions: Sequence[Mention], repairs: Sequence[Repair], parser: Parser, language: str
) -> list[Report]:
    """Return the reports in `field`, in order of their content.

    `mentions` are those of the field, in order; `repairs` those of `text`, empty for other fields.
    """
    del field, mentions, repairs, parser, language
    return []
