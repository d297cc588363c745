"""phrase: a text made short enough for a line: whole words, cut where a phrase ends, no negation lost.

In order: a text that fits stays as it is; a topic in front is shortened where what is said of it fits; else
the end is cut off, before a word that begins a phrase where there is one, and the first negation that would
go with it is kept behind a `…`. Texts are in capitals, clean, and bounded by the caller.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, cast

from streams.core.packs import PACKS, either, read

ELLIPSIS: Final = "…"
_GIVEN_UP: Final = 0.35
"""Share of the room that may stay empty for the sake of a better place to cut."""
_NEGATED_WORDS: Final = 4
_SENTENCE_END: Final = (".", "!", "?", ";")


@dataclass(frozen=True, slots=True)
class LineWords:
    """A pack's part `alert_lines`, in capitals."""

    months: tuple[str, ...]
    plain: frozenset[str]
    denies: str
    declines: str
    negation: str
    negators: frozenset[str]
    negated_ending: str
    topical: re.Pattern[str]
    before: frozenset[str]
    dangling: frozenset[str]
    particles: frozenset[str]
    after_names: frozenset[str]

    def negates(self, word: str) -> bool:
        """Tell whether a word in capitals turns others round.

        >>> [line_words("en").negates(word) for word in ("NOT,", "WON’T", "NOTE")]
        [True, True, False]
        """
        bare = word.replace("’", "'").strip(".,;:!?\"'()")
        return bare in self.negators or bare.endswith(self.negated_ending)


@cache
def line_words(language: str) -> LineWords:
    """Return the words of a language; the English ones for a language that has no pack."""
    pack = read(language if language in PACKS else "en", "alert_lines")
    one = cast("dict[str, str]", pack)
    several = cast("dict[str, list[str]]", pack)

    def listed(name: str) -> frozenset[str]:
        return frozenset(one[name].upper().split())

    return LineWords(
        tuple(month.upper() for month in several["months"]),
        frozenset(word.replace("_", " ").lower() for word in one["plain"].split()),
        one["denies"].upper(), one["declines"].upper(), one["not"].upper(), listed("negators"),
        one["negated_ending"].upper(), re.compile(rf"{either(t.upper() for t in several['topical'])} "),
        listed("before"), listed("dangling"), listed("particles"), listed("after_names"),
    )


def shortened(text: str, room: int, words: LineWords) -> str:
    """Return a text of at most `room` code points, words of `text` in its order; `…` where some are left out.

    >>> shortened("THE TALKS WILL NOT BE HELD IN GENEVA", 24, line_words("en"))
    'THE TALKS WILL NOT…'
    """
    if len(text) <= room:
        return text
    return _with_topic(text, room, words) or _without_end(text, room, words)


def _with_topic(text: str, room: int, words: LineWords) -> str | None:
    """Return what is said of a topic in front, with as much of that as fits; None: there is none."""
    opening = words.topical.match(text)
    topic, comma, said = text.partition(", ")
    short = f"{ELLIPSIS} {said}"
    if opening is None or not comma or len(short) > room or any(map(words.negates, topic.split())):
        return None
    left, spoken_of = room - len(short) - 3, topic[opening.end() :]
    kept = _cut(spoken_of, left, words) if _fitting(spoken_of.split(" "), left) else ""
    return f"{ELLIPSIS} {kept} {short}" if kept else short


def _without_end(text: str, room: int, words: LineWords) -> str:
    kept = _cut(text, room - 1, words)
    lost = _lost_negation(text, kept, words)
    if lost:
        tail = _cut(lost, max(1, room // 2), words, least=2)
        head = _cut(text, room - len(tail) - 4, words)
        return f"{head} {ELLIPSIS} {tail}{ELLIPSIS}"[:room]
    return f"{kept or text[: room - 1]}{ELLIPSIS}"[:room]


def _lost_negation(text: str, kept: str, words: LineWords) -> str:
    """Return the first negation behind what is kept, within its sentence, with what it turns; "" for none."""
    rest = text[len(kept) :].split() if not kept.endswith(_SENTENCE_END) else []
    for place, word in enumerate(rest):
        if words.negates(word):
            return " ".join(rest[place : place + _NEGATED_WORDS])
        if word.endswith(_SENTENCE_END):
            return ""
    return ""


def _cut(text: str, room: int, words: LineWords, least: int = 1) -> str:
    """Return the beginning of a text, whole words where one fits, at least `least` of them if they do."""
    every = text.split(" ")
    fitting = _fitting(every, room)
    if not fitting:
        return text[: max(0, room)]
    for count in range(len(fitting), least, -1):
        part = " ".join(fitting[:count])
        if len(part) < room * (1 - _GIVEN_UP):
            break
        if part.endswith((",", *_SENTENCE_END)) or not words.before.isdisjoint(every[count : count + 1]):
            return _ended(fitting[:count], least, words)
    return _ended(fitting, least, words)


def _fitting(every: list[str], room: int) -> list[str]:
    fitting: list[str] = []
    used = -1
    for word in every:
        used += len(word) + 1
        if used > room:
            break
        fitting.append(word)
    return fitting


def _ended(kept: list[str], least: int, words: LineWords) -> str:
    """Return words without those at the end that promise more; a negation stays."""
    count = len(kept)
    while count > least and kept[count - 1] in words.dangling and not words.negates(kept[count - 1]):
        count -= 1
    return " ".join(kept[:count]).rstrip(",;:")
