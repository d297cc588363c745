"""logging: one stream of lines on stderr, as text or as JSON, for our own events and for the libraries'.

`configure` is called once by each process's entry point. Whoever logs asks `get(name)` and gives fields by
name; no field holds text of an article. Faust and aiokafka log through the standard library: their records
take the same way out. aiokafka says the same 170 times a second while the broker is away: each of its
messages comes out once in `HELD_SECONDS`, with how many were held back.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TextIO

import structlog

if TYPE_CHECKING:
    from structlog.types import Processor

    from streams.settings import ObserveSettings

QUIET = ("aiokafka", "asyncio", "faust", "kafka", "mode")
"""Libraries whose chatter below WARNING says nothing to an operator; DEBUG lets them speak."""
UNTIMELY = ("mode.timers",)
"""Warns of every late timer; a stage whose model works for a second has late timers."""
ROUTINE: Final = ("Heartbeat failed for group %s because it is rebalancing",)
"""Said as warnings by aiokafka of what happens whenever a worker comes or goes."""
RELENTLESS: Final = ("aiokafka",)
"""Libraries that repeat themselves with every attempt."""
HELD_SECONDS: Final = 30.0
"""A message of theirs comes out once in this time."""
_TEMPLATES: Final = 256
"""So many messages are remembered; a library that writes values into its templates has no end of them."""


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
    if record.msg in ROUTINE:
        return False
    if record.levelno >= logging.WARNING:
        return record.name not in UNTIMELY or record.levelno >= logging.ERROR
    return record.name.split(".")[0] not in QUIET and not str(record.msg).startswith("[^")


@dataclass(slots=True)
class _Said:
    """When a message came out last (seconds since 1970), and how many were held back since."""

    at: float
    held: int = 0


@dataclass(slots=True)
class OnceInAWhile:
    """A filter: of each message template of a relentless library, one record in `seconds` comes out.

    It says how many were held back since the one before. The time is the records' own.
    """

    seconds: float = HELD_SECONDS
    said: dict[tuple[str, str], _Said] = field(default_factory=dict)

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record comes out."""
        if record.name.split(".")[0] not in RELENTLESS:
            return True
        template = (record.name, str(record.msg))
        before = self.said.get(template)
        if before is not None and record.created - before.at < self.seconds:
            before.held += 1
            return False
        if before is None and len(self.said) >= _TEMPLATES:
            self.said.clear()
        self.said[template] = _Said(record.created)
        if before is not None and before.held:
            record.msg = f"{record.msg} ({before.held:,} more of these were held back)"
        return True


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
        out.addFilter(OnceInAWhile())
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
    """Return the logger of a room, e.g. `get("guard").warning("buried", code="SCHEMA", at="t-0-1")`.

    Where nobody called `configure`, in a command that only reads, it writes to stderr too: structlog's own
    default is stdout, where with `--json` nothing but results may be.
    """
    if not structlog.is_configured():
        structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
