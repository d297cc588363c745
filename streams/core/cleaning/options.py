"""What clean is told: the bounds and the path that settings set."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ExtractionPath(StrEnum):
    """How the text of a page is taken out of it."""

    QUALITY = "quality"
    FAST = "fast"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class CleaningOptions:
    """Bounds and path of cleaning; the defaults are those of `streams.settings.CleaningSettings`."""

    max_content_bytes: int = 900_000
    """Larger content, as UTF-8, is a dead letter LIMIT."""
    min_chars: int = 40
    """An article with fewer code points of text is refused too_short."""
    max_nodes: int = 60_000
    """An HTML page with more nodes is refused too_complex."""
    max_depth: int = 400
    """HTML nested deeper is refused too_complex."""
    path: ExtractionPath = ExtractionPath.QUALITY
    """Several extractors and a choice, one fast pass, or fast where it is sure of itself."""
