"""burial: a record that cannot be processed, as a dead letter.

Key, value and headers byte for byte, then headers that say what went wrong.

The headers follow KIP-1034's `__streams.errors.{exception,message,stacktrace,topic,partition,offset}`, with
ours beside them: `code, stage, version, attempts, first_failure, timestamp, fingerprint`. The dead letter's
id is its record's topic-partition-offset. No header holds text of an article: of an exception that we did not
write, only class and place are told.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from schemas.base import rfc3339
from streams import __version__
from streams.bus.emission import Outgoing, size_of
from streams.bus.envelope import timestamp
from streams.core.outcome import CommuniqueError
from streams.topics import MAX_DEAD_LETTER_BYTES

if TYPE_CHECKING:
    from datetime import datetime

    from streams.bus.interface import Headers, Record

PREFIX: Final = "__streams.errors."
MAX_MESSAGE_CHARS: Final = 500
NOT_TOLD: Final = "(not told: it may quote the article)"
MAX_KEY_BYTES: Final = 64 * 1024
FRAMES: Final = 12
"""Frames of a stack trace that are kept, innermost last."""


@dataclass(frozen=True, slots=True)
class Death:
    """Why a record is buried. `code` is SCHEMA, LIMIT, TRANSIENT, BUG or KILLED; `first_failure` is UTC."""

    code: str
    exception: str
    message: str
    stacktrace: str
    attempts: int
    first_failure: datetime

    @property
    def fingerprint(self) -> str:
        """Return 16 hex digits that are the same for failures of one kind at one place."""
        place = self.stacktrace.rpartition("\n")[2]
        return blake2b(f"{self.code}|{self.exception}|{place}".encode(), digest_size=8).hexdigest()


def death_of(error: BaseException, code: str, *, attempts: int, first_failure: datetime) -> Death:
    """Return what is told of an exception: our own messages as they are, of others only their class."""
    own = isinstance(error, CommuniqueError)
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    message = " ".join(str(error).split())[:MAX_MESSAGE_CHARS] if own else NOT_TOLD
    return Death(code, name, message, trace(error), attempts, first_failure)


def trace(error: BaseException) -> str:
    """Return where an exception was raised, a frame a line, `file:line function`.

    No source text, no values.
    """
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return "\n".join(f"{'/'.join(PurePath(f.filename).parts[-3:])}:{f.lineno} {f.name}" for f in frames)


def headers_of(record: Record, death: Death, stage: str) -> Headers:
    """Return the error headers of a dead letter."""
    told = {
        "exception": death.exception,
        "message": death.message,
        "stacktrace": death.stacktrace,
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "code": death.code,
        "stage": stage,
        "version": __version__,
        "attempts": str(death.attempts),
        "first_failure": rfc3339(death.first_failure),
        "timestamp": rfc3339(timestamp(record)),
        "fingerprint": death.fingerprint,
    }
    return tuple((PREFIX + name, text.encode("utf-8", "replace")) for name, text in told.items())


def dead_letter(record: Record, death: Death, stage: str, topic: str) -> Outgoing:
    """Return the dead letter: on `topic`, in the same partition number as the record.

    A record that no topic takes (its producer compressed it below the limit) is told of without its value and
    headers, with `cut` and its size: it still lies where the error headers say.
    """
    errors = headers_of(record, death, stage)
    letter = Outgoing(
        topic, record.key, record.value, (*record.headers, *errors), record.partition, kind="dead_letter")
    if (size := size_of(letter)) <= MAX_DEAD_LETTER_BYTES:
        return letter
    cut = (PREFIX + "cut", str(size).encode())
    key = record.key if len(record.key or b"") <= MAX_KEY_BYTES else None
    return Outgoing(topic, key, b"", (*errors, cut), record.partition, kind="dead_letter")


def buried_headers(letter: Headers) -> Headers:
    """Return the headers of the record inside a letter: all that stand before the error headers.

    What a producer called by such a name itself stands before them too, and stays.
    """
    first = f"{PREFIX}exception"
    places = [place for place, (name, _) in enumerate(letter) if name == first]
    return letter[: places[-1]] if places else letter
