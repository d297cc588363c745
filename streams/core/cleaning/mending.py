r"""Mending: text that was read in the wrong encoding, or escaped once too often, as it was meant.

Order of steps, on plain text before its lines are looked at, and on the text of a page:
1. mojibake: UTF-8 that was read as Windows-1252 or Latin-1 ("â€œ" for “, "Ã©" for é, "ï»¿" for a byte order
mark), where no language writes such a sequence: see `mojibake`;
2. HTML entities ("&quot;", "&#8217;", "&amp;amp;"), if what they stand for can be seen or is a blank;
3. invisible characters (`characters`) are left out;
4. again from 1, since each may uncover the others ("Ã¢â‚¬â„¢", "&amp;#8217;"), until nothing changes. A text
that is not done after six rounds was made to hurt and is left as it is, so that mending twice is mending
once. What stays as it is: NBSP and other blanks, ligatures, full-width forms, what is decomposed. They can be
read, and every span slices the raw text the better for it; rules look at them folded (`lines`).

The text knows its way back: `runs` are what is the same on both sides, and each gap between two of them is
one repair. Linear.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.clean_article import Repair
from streams.core.cleaning.characters import INVISIBLE
from streams.core.cleaning.mojibake import SUSPECT, meant
from streams.core.cleaning.offsets import Run, composed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Mend(NamedTuple):
    """One change: what it was (`mojibake`, `entity`), where it stands now, what stood there and what does."""

    kind: str
    at: int
    before: str
    after: str


class Mended(NamedTuple):
    """A text as it was meant, its runs in the raw text, and its changes."""

    text: str
    runs: tuple[Run, ...]
    mends: tuple[Mend, ...]

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """The changes as the event holds them."""
        return repairs_of(self.mends)


_MOST_ROUNDS: Final = 6
_REMEMBERED: Final = 1024
_ENTITY: Final = re.compile(r"&(?:amp;){0,8}(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_FIRST: Final = re.compile(f"[\u00c2-\u00df\u00e2-\u00f0]|{INVISIBLE.pattern}")
"""What an edit of no entity begins with: looked for first, at a fifth of the cost."""
_EDIT: Final = re.compile(f"{SUSPECT}|{_ENTITY.pattern}|{INVISIBLE.pattern}")


def mended(raw: str) -> Mended | None:
    """Return `raw` as it was meant, None when there is nothing to mend.

    >>> mended("It&#8217;s a cafÃ©").text
    'It’s a café'
    """
    text = raw
    if not (_FIRST.search(raw) or _ENTITY.search(raw)):
        return None
    runs: tuple[Run, ...] = (Run(0, 0, len(raw)),)
    for n in range(_MOST_ROUNDS):
        edits = tuple(_edits(text))
        if not edits:
            return Mended(text, runs, tuple(_mends(raw, text, runs))) if n else None
        text, step = _applied(text, edits)
        runs = composed(step, runs)
    return None


def repairs_of(mends: Iterable[Mend]) -> tuple[Repair, ...]:
    """Return changes as the event holds them."""
    return tuple(Repair(kind=kind, at=at, before=before, after=after) for kind, at, before, after in mends)


def moved(mends: Iterable[Mend], runs: Sequence[Run]) -> Iterator[Mend]:
    """Yield the changes of a text that stand in the text that `runs` takes from it, at their places there.

    `runs` map from that text to the mended one; both are in order.
    """
    left = iter(runs)
    run = next(left, None)
    for mend in mends:
        while run and run.raw + run.length < mend.at + len(mend.after):
            run = next(left, None)
        if run and run.raw <= mend.at:
            yield mend._replace(at=mend.at - run.raw + run.clean)


def mended_text(raw: str) -> str:
    """Return `raw` as it was meant, for a text whose offsets nobody asks for."""
    found = mended(raw)
    return found.text if found else raw


def _edits(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what is to be put in the place of which stretch, in order, apart."""
    for match in _EDIT.finditer(text):
        after = _after(text, match)
        if after is not None:
            yield match.start(), match.end(), after


def _after(text: str, match: re.Match[str]) -> str | None:
    before = match[0]
    if before[0] == "&":
        return _unescaped(before)
    return "" if INVISIBLE.match(before) else meant(text, match.start(), match.end())


@lru_cache(maxsize=_REMEMBERED)
def _unescaped(entity: str) -> str | None:
    """Return what an entity stands for, None when it is none, or stands for what cannot be seen."""
    name = entity.rsplit("&", 1)[-1].rsplit("amp;", 1)[-1] or "amp;"
    found = html.unescape(f"&{name}")
    fine = found != f"&{name}" and (found.isprintable() or found in "\u00a0\u2002\u2003\u2009\u00ad\u200b")
    return found if fine and found != "\ufffd" else None


def _applied(text: str, edits: Sequence[tuple[int, int, str]]) -> tuple[str, tuple[Run, ...]]:
    out: list[str] = []
    runs: list[Run] = []
    at = clean = 0
    for start, end, after in (*edits, (len(text), len(text), "")):
        runs.append(Run(clean, at, start - at))
        out += (text[at:start], after)
        clean += start - at + len(after)
        at = end
    return "".join(out), tuple(runs)


def _mends(raw: str, text: str, runs: Sequence[Run]) -> Iterator[Mend]:
    for run, following in pairwise(runs):
        before = raw[run.raw + run.length : following.raw]
        after = text[run.clean + run.length : following.clean]
        if INVISIBLE.sub("", before) != after:
            kind = "entity" if before.startswith("&") else "mojibake"
            yield Mend(kind, run.clean + run.length, before, after)
