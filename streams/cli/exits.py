"""exits: what a command's exit code says, and which error gives which code."""

from __future__ import annotations

from typing import Final

from streams.bus.errors import BusError, TooLarge, UnknownTopic
from streams.core.outcome import CommuniqueError, Permanent, Usage

__all__ = ["DOES_NOT_HOLD", "DONE", "INTERRUPTED", "TRY_AGAIN", "WRONG_USAGE", "Usage", "code_of"]

DONE: Final = 0
DOES_NOT_HOLD: Final = 1
"""What was checked does not hold, or some of the input was bad."""
WRONG_USAGE: Final = 2
"""A flag, a setting or a file is wrong: the same call can never work."""
TRY_AGAIN: Final = 75
"""The bus or a stage said no for now (EX_TEMPFAIL of sysexits.h)."""
INTERRUPTED: Final = 130
"""Ctrl-C before the work was done (128 + SIGINT, as shells have it)."""


def code_of(error: CommuniqueError) -> int:
    """Return the exit code of an error that reached the top."""
    from streams.bus.admin import TopicMismatch
    from streams.settings import SettingsError  # pydantic: 0.2 s that only an error pays

    match error:
        case Usage() | UnknownTopic() | TopicMismatch() | SettingsError():
            return WRONG_USAGE
        case TooLarge() | Permanent():
            return DOES_NOT_HOLD
        case BusError():
            return TRY_AGAIN
        case _:
            return DOES_NOT_HOLD
