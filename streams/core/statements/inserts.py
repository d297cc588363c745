"""Inserts: what an editor puts in brackets inside another's words (an organization banned in Russia).

An insert in the middle stays inside the content and is listed; one at the end is cut off.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from streams.core.packs import read
from streams.core.statements.quotes import without_stop
from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterable

_BRACKETS: Final = re.compile(r"[(\[][^()\[\]\n]{2,160}[)\]]")


@cache
def _marks(language: str) -> re.Pattern[str]:
    words = cast("dict[str, list[str]]", read(language, "cues")["inserts"])["words"]
    return re.compile(rf"\b(?:{'|'.join(re.escape(word) for word in words)})\b", re.IGNORECASE)


def without_inserts(
    text: str, content: Iterable[Bounds], language: str
) -> tuple[tuple[Bounds, ...], tuple[Bounds, ...]]:
    """Return the content without inserts at its ends, and the inserts in or right after it."""
    kept: list[Bounds] = []
    inserts: list[Bounds] = []
    for start, end in content:
        if "(" not in text[start : end + 2] and "[" not in text[start : end + 2]:
            kept.append(Bounds(start, end))
            continue
        stop = end
        for match in _BRACKETS.finditer(text, start, min(len(text), end + 170)):
            if match.start() > end + 2:
                break
            if _marks(language).search(match[0]):
                inserts.append(Bounds(match.start(), match.end()))
                if match.end() >= end - 2:
                    stop = min(stop, match.start())
        kept.append(without_stop(text, start, stop))
    return tuple(each for each in kept if each.start < each.end), tuple(inserts)
