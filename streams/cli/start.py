"""start: what every command does first: settings, logging, a loop, and the topics that must be there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from streams.cli import exits
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


def settings() -> Settings:
    """Return the settings of this call. Raises `Usage` for a setting that is unknown or out of bounds."""
    try:
        found = Settings()
    except ValidationError as error:
        lines = [f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors()]
        raise exits.Usage("settings: " + "; ".join(lines)) from error
    return found


def run(work: Coroutine[object, object, T]) -> T:
    """Run `work` on an event loop of its own; Ctrl-C cancels it and raises KeyboardInterrupt once it has cleaned up."""
    return asyncio.run(work)
