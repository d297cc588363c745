"""The one way a worker gives up: say why, end with code 75 ("try again"), commit nothing.

Used when going on could lose or falsify something: an output or a table's changelog that could not be
written, a process that slept past its session, work in hand that outlived its partitions. `os._exit` runs no
`finally`, so that no stream acknowledges a half-done event on the way out; the supervisor starts the worker
again and the events come again.

Source: BSD sysexits.h, EX_TEMPFAIL = 75.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn, Protocol

EX_TEMPFAIL = 75
"""The exit code: nothing is wrong with the input, start me again."""


class Die(Protocol):
    """Ends the process; a test injects one that raises instead."""

    def __call__(self, why: str) -> NoReturn: ...


LAST_WORDS: list[Callable[[], None]] = []
"""What is done before the end.

By whoever must know that no record in hand is to blame (`streams.bus.inhand`).
"""


def die(why: str, *, blame: bool = False) -> NoReturn:
    """Write one line to standard error and end the process with code 75 at once, from any thread.

    `blame`: the record in hand is the reason (a step that never returns), so `LAST_WORDS` are not said.
    """
    try:
        last_words(why, blame=blame)
    finally:
        os._exit(EX_TEMPFAIL)


def last_words(why: str, *, blame: bool = False) -> None:
    """Say why this process ends with code 75, and who is to blame, as `die` does."""
    for word in () if blame else LAST_WORDS:
        word()
    sys.stderr.write(f"fatal pid={os.getpid()} exit={EX_TEMPFAIL} why={' '.join(why.split())}\n")
    sys.stderr.flush()
    sys.stdout.flush()
