"""Lines: the non-blank lines of a text, where they stand, and whether a blank line stands before them.

One pass.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.cleaning.characters import BLANK, INVISIBLE, LINE_END

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE: Final = re.compile(f"[^{LINE_END}]+")
_EXOTIC: Final = re.compile(r"[^\S ]")
_END: Final = re.compile(f"\r\n|[{LINE_END}]")


class Line(NamedTuple):
    """One line, stripped: `start:end` in the raw text; `gap`: a blank line, or nothing, stands before it."""

    start: int
    end: int
    gap: bool
    text: str
    """What rules look at: the raw slice without invisible characters, every blank a plain one."""


def lines_of(raw: str) -> list[Line]:
    r"""Return the lines of `raw` that hold something, in order.

    >>> [(line.text, line.gap) for line in lines_of("a\nb \r\n\r\n  c")]
    [('a', True), ('b', False), ('c', True)]
    """
    return list(_lines(raw))


def _lines(raw: str) -> Iterator[Line]:
    last, gap = 0, True
    for match in _LINE.finditer(raw):
        whole = match[0]
        gap = gap or len(_END.findall(raw, last, match.start())) > 1
        last = match.end()
        start = match.start() + len(whole) - len(whole.lstrip(BLANK))
        text = whole.strip(BLANK)
        seen = _EXOTIC.sub(" ", INVISIBLE.sub("", text).strip(BLANK))
        if not seen:
            gap = True
            continue
        yield Line(start, start + len(text), gap, seen)
        gap = False
