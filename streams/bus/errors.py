"""What can go wrong on the bus, for both backends."""

from __future__ import annotations

from streams.core.outcome import CommuniqueError


class BusError(CommuniqueError):
    """The bus refused or lost a request. The message says what to do."""


class Fenced(BusError):
    """Another member owns the group now: whoever gets this must stop and write nothing more."""


class TooLarge(BusError):
    """A record is over its topic's `max.message.bytes`."""


class UnknownTopic(BusError):
    """The topic does not exist: `communique topics apply` creates it."""
