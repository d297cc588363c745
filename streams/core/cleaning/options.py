"""What clean is told: the bounds that settings set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CleaningOptions:
    """Bounds of cleaning; the defaults are those of `streams.settings.CleaningSettings`."""

    max_content_bytes: int = 900_000
    """Larger content, as UTF-8, is a dead letter LIMIT."""
    min_chars: int = 40
    """An article with fewer code points of text is refused too_short."""
    max_nodes: int = 60_000
    """An HTML page with more nodes is refused too_complex."""
    max_depth: int = 400
    """HTML nested deeper is refused too_complex."""
