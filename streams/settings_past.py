"""The groups of settings for the past: what is kept for good, and what is taken back.

Each field has its unit in its name and its reason in its description; docs/settings.md is made from them.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from streams.settings_base import Group


class ArchiveSettings(Group):
    """Where raw articles are kept for good (docs/archive.md)."""

    folder: Path | None = Field(
        default=None, description="Folder of the archive; null: `archive` in the state folder."
    )
    flush_seconds: float = Field(
        default=300, gt=0, description="What came in is in a finished file after so long at the latest."
    )
    file_bytes: int = Field(
        default=128 * 1024 * 1024,
        ge=1,
        description="A file is finished once it has taken in so many bytes of records, before compression.",
    )
