"""output: where a command writes. Results go to stdout, everything said to a person beside them to stderr.

With `--json` stdout carries one JSON object a line and nothing else. Colours and progress bars appear on
terminals only; rich sees to that, and to `NO_COLOR`.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console
    from rich.progress import Progress


_STEERS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters but tab and line end: a name of a file, a column or a feed may hold escape sequences."""


def out() -> Console:
    """Return the console on stdout.

    Text is taken as it is: no markup, no emoji codes, no guessing at highlights.
    """
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False, soft_wrap=True)


def err() -> Console:
    """Return the console on stderr, for what is said to a person."""
    from rich.console import Console

    return Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)


def json_line(value: Mapping[str, object]) -> None:
    """Write one object as one line on stdout, at once: a reader on a pipe sees it now."""
    body_line(orjson.dumps(value))


def body_line(value: bytes) -> None:
    """Write one line of bytes on stdout, at once."""
    sys.stdout.flush()
    sys.stdout.buffer.write(value + b"\n")
    sys.stdout.buffer.flush()


def plain(text: str) -> str:
    r"""Return text that may hold a stranger's words without what would steer the terminal.

    >>> plain("A\x1b[2J title") == "A\ufffd[2J title"
    True
    """
    return _STEERS.sub("\ufffd", text)


def say(message: str) -> None:
    """Tell a person something, on stderr, whole."""
    sys.stderr.write(f"{plain(message)}\n")
    sys.stderr.flush()


@contextmanager
def progress(*, quiet: bool = False, counted: bool = True) -> Iterator[Progress]:
    """Yield a progress display on stderr; it shows nothing when stderr is no terminal or `quiet`.

    With `counted` it shows how much is done; how much there is nobody knows before all is read.
    """
    from rich import progress as bars

    console = err()
    count = [bars.TextColumn("{task.completed:,.0f}")] if counted else []
    columns = (bars.TextColumn("{task.description}"), bars.BarColumn(), *count, bars.TimeElapsedColumn())
    with bars.Progress(
        *columns, console=console, transient=True, disable=quiet or not console.is_terminal
    ) as shown:
        yield shown
