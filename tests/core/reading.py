"""Builders for the tests of clean and tag: own texts, one fixed moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from schemas.clean_article import CleanArticle
from schemas.envelope import Envelope
from schemas.raw_article import RawArticle
from streams.core.cleaning.clean import clean
from streams.core.cleaning.options import CleaningOptions
from streams.core.outcome import Refused

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
ENVELOPE = Envelope(id="x", type="news.article.raw.v1", source="/test", time=NOW, origin="raw-0-0", origin_time=NOW)
EVERYTHING = CleaningOptions(min_chars=0)

BODY = (
    "The river rose by two metres in a single night, the water board said.\n\n"
    "Nobody was hurt, but the ferry stayed at its pier until noon."
)
"""A body of two paragraphs that no rule takes for anything else."""


def outcome(content: str, options: CleaningOptions = EVERYTHING, **fields: Any) -> CleanArticle | Refused:
    return clean(RawArticle(content=content, **fields), ENVELOPE, options)


def article(content: str, options: CleaningOptions = EVERYTHING, **fields: Any) -> CleanArticle:
    found = outcome(content, options, **fields)
    assert isinstance(found, CleanArticle), found
    return found


def page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


PARAGRAPHS = "".join(
    f"<p>{line} It went on for most of the week, and the people of the lower town watched it with patience.</p>"
    for line in (
        "The river rose by two metres in a single night, the water board said.",
        "The ferry stayed at its pier until noon, and so did the barges that carry sand.",
        "Engineers opened the sluice at the old mill, which had been shut for eleven years.",
    )
)
