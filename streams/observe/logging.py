"""logging: one stream of lines on stderr, as text or as JSON, for our own events and for the libraries'.

`configure` is called once by each process's entry point. Whoever logs asks `get(name)` and gives fields by
name; no field holds text of an article. Faust and aiokafka log through the standard library: their records
take the same way out.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, TextIO

import structlog

if TYPE_CHECKING:
    from structlog.types import Processor

    from streams.settings import ObserveSettings

QUIET = ("aiokafka", "asyncio", "faust", "kafka", "mode")
"""Libraries whose chatter below WARNING says nothing to an operator; DEBUG lets them speak."""
UNTIMELY = ("mode.timers",)
"""Warns of every late timer; a stage whose model works for a second has late timers."""


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderer(*, as_json: bool) -> list[Processor]:
    """Tracebacks come without local variables: those may hold an article's text."""
    if as_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, exception_formatter=plain)]


def _not_chatter(record: logging.LogRecord) -> bool:
    """Tell an operator's line from a library's chatter.

    Mode's services log as the module that subclasses them.
    """
    if record.levelno >= logging.WARNING:
        return record.name not in UNTIMELY or record.levelno >= logging.ERROR
    return record.name.split(".")[0] not in QUIET and not str(record.msg).startswith("[^")


def configure(options: ObserveSettings, stream: TextIO | None = None, **bound: str | int) -> None:
    """Send all logging to `stream` (stderr), each line with the fields `bound` (stage, ordinal)."""
    shared = _shared()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_renderer(as_json=options.log_json),
        ],
    )
    out = logging.StreamHandler(stream or sys.stderr)
    out.setFormatter(formatter)
    if options.log_level != "DEBUG":
        out.addFilter(_not_chatter)
    root = logging.getLogger()
    root.handlers[:] = [out]
    root.setLevel(options.log_level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**bound)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a room, e.g. `get("guard").warning("buried", code="SCHEMA", at="t-0-1")`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
