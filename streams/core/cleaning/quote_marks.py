"""Quote marks: the marks in a text, each with what it is by nature and what its neighbours make of it.

Doubled marks (``, '', ‘‘, ’’) count as one. Guillemets are read in either direction («…», »…«). A straight
mark behind a figure where nothing is quoted (6'2", 12") is a measure, which whoever pairs the marks decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENS: Final = 1
CLOSES: Final = -1
EITHER: Final = 0


class Mark(NamedTuple):
    """One mark: `start:end` in the text, its form, its nature, and what stands beside it makes of it."""

    start: int
    end: int
    form: str
    nature: int
    beside: int

    @property
    def way(self) -> int:
        """What it does, taken alone: by its neighbours, else by nature."""
        return self.beside or self.nature


# fmt: off
_NATURE: Final = {
    "“": OPENS, "„": OPENS, "‟": OPENS, "``": OPENS, "‘‘": OPENS,
    "”": CLOSES, "''": CLOSES, "’’": CLOSES, "«": OPENS, "»": CLOSES, '"': EITHER, "＂": EITHER,
}
# fmt: on
_MARK: Final = re.compile("``|''|‘‘|’’|[“”„‟«»\"＂]")
GUILLEMETS: Final = frozenset("«»")
_BEFORE_OPENING: Final = "([{—–-‘'/"


_SURE: Final = re.compile('[`"“”„‟«»＂‘‹]|’’')
_APOSTROPHE: Final = re.compile(r"(?<!\w)'")


def holds_marks(text: str, start: int, end: int) -> bool:
    """Return whether a quotation can stand in `text[start:end]`: apostrophes alone are none."""
    return bool(
        _SURE.search(text, start, end)
        or (text.find("'", start, end) >= 0 and _APOSTROPHE.search(text, start, end))
    )


def marks_in(text: str, start: int, end: int) -> Iterator[Mark]:
    """Yield the marks in `text[start:end]`, in order; neighbours outside of it count as blank."""
    for match in _MARK.finditer(text, start, end):
        form = match[0]
        nature = _NATURE[form]
        yield Mark(match.start(), match.end(), form, nature, _beside(text, match.span(), (start, end)))


def _beside(text: str, mark: tuple[int, int], span: tuple[int, int]) -> int:
    """Return `OPENS` between blank and word, `CLOSES` between word and blank or stop, else `EITHER`."""
    before = text[mark[0] - 1] if mark[0] > span[0] else " "
    after = text[mark[1]] if mark[1] < span[1] else " "
    opens = (before.isspace() or before in _BEFORE_OPENING) and not after.isspace()
    closes = not before.isspace() and not after.isalnum()
    if opens == closes:
        return EITHER
    return OPENS if opens else CLOSES
