"""errors: what is wrong with an archive, and what to do about it."""

from __future__ import annotations

from streams.core.outcome import CommuniqueError, Usage


class ArchiveError(CommuniqueError):
    """The archive is not what its manifest says, or cannot be written."""


class ArchiveBusy(CommuniqueError):
    """Another process writes this archive."""


class OtherTopic(Usage):
    """The topic on the bus is not the one that this archive has: never mixed."""
