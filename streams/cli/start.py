"""start: what every command does first: settings, a loop, and the topics that must be there."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, TypeVar

from streams.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from streams.bus.interface import Bus

T = TypeVar("T")


def settings() -> Settings:
    """Return the settings of this call. Raises `SettingsError` for one that is unknown or out of bounds."""
    return load_settings()


def run(work: Coroutine[object, object, T]) -> T:
    """Run `work` on a loop of its own.

    Ctrl-C cancels it and raises KeyboardInterrupt once it has cleaned up.
    """
    return asyncio.run(work)


def run_while_wanted(work: Coroutine[object, object, None]) -> None:
    """Run `work` until Ctrl-C or until the reader of its output goes away (`| head`).

    Neither is a failure.
    """
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        return
    except BrokenPipeError:
        # What is still buffered goes nowhere, or the interpreter would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def durable(settings: Settings) -> Settings:
    """Return settings under which the embedded log acknowledges only what survives a power cut."""
    return settings.model_copy(update={"log": settings.log.model_copy(update={"synchronous": "FULL"})})


async def ensure_topics(bus: Bus, settings: Settings) -> None:
    """Make sure of the topics: created on the embedded log; on Kafka raises `TopicMismatch` if not right."""
    from streams.bus.admin import at_start

    await at_start(bus, settings.topics)


async def ensure_rules(bus: Bus, settings: Settings) -> None:
    """Put the starter rules on a bus that never had a rule, unless `alerting.starter_rules` is false."""
    from datetime import UTC, datetime

    from streams.bus import ruleset
    from streams.core.alerting.starter import starter_rules

    if settings.alerting.starter_rules and not await ruleset.ever_written(bus):
        await ruleset.apply(bus, settings, starter_rules(), datetime.now(UTC))
