"""Runs: where a role begins and ends in the items beside a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.offices.lexicon import Word, lexicon
from streams.core.offices.phrase import INSIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.offices.items import Item

_MOST_UNKNOWN: Final = 8
MOST_ITEMS: Final = 24
"""Nothing that names an office has more words than this before its name."""


def run_back(items: Sequence[Item], *, served: bool = False) -> list[Item]:
    """Return the words of a role that end a stretch of items.

    A person only as one whose something it is, or with `served` as the last word.
    """
    run: list[Item] = []
    for item in reversed(items[-MOST_ITEMS:]):
        after = run[-1].word if run else None
        owner = after is Word.POSSESSIVE or (served and after is None)
        if item.word not in INSIDE or (item.word is Word.PERSON and not owner):
            break
        if item.word is Word.AND and any(each.title for each in run):
            break
        run.append(item)
    while run and run[-1].word in (Word.OF, Word.AND, Word.POSSESSIVE):
        run.pop()
    return run[::-1]


def opener(text: str, items: Sequence[Item]) -> tuple[int, str, Word | None]:
    """Return where a role may begin after a name, what opens it, and the verb before it."""
    at, opened = 0, ""
    if items and (items[0].word is Word.COMMA or text[items[0].start : items[0].end] in ("(", "-", "–", "—")):
        opened, at = text[items[0].start : items[0].end], 1
        if len(items) > 2 and text[items[1].start : items[1].end].isdigit() and items[2].word is Word.COMMA:
            at = 3
    if opened and at < len(items) and items[at].word is Word.WHO:
        at += 1
        how = items[at].word if at < len(items) else None
        return (at + 1, "who", how) if how in (Word.IS, Word.WAS, Word.HEADS) else (at, "", None)
    if at < len(items) and items[at].word is Word.AS:
        return at + 1, "as", Word.AS
    if not opened and items and items[0].word is Word.IS:
        return 1, "is", Word.IS
    return at, opened, None


def run_on(items: Sequence[Item]) -> list[Item]:
    """Return the words of a role that begin a stretch of items; a served person may end it."""
    run: list[Item] = []
    for at, item in enumerate(items[:MOST_ITEMS]):
        owner = at + 1 < len(items) and items[at + 1].word is Word.POSSESSIVE
        if item.word is Word.PERSON and not owner:
            if any(each.title for each in run) and any(each.word is Word.OF for each in run):
                run.append(item)
            break
        if item.word not in INSIDE or (item.word is Word.AND and any(each.title for each in run)):
            break
        run.append(item)
    return run


def unknown_body(text: str, run: Sequence[Item], rest: Sequence[Item]) -> list[Item]:
    """Return the words that name a body no pack knows: "speaker of the regional assembly,".

    Up to eight words after a title's "of", if a mark follows them; else none.
    """
    if not any(each.title for each in run) or not any(each.word is Word.OF for each in run):
        return []
    for n, item in enumerate(rest[: _MOST_UNKNOWN + 1]):
        if not text[item.start].isalnum():
            return list(rest[:n])
        if item.word in (Word.PERSON, Word.WHO):
            break
    return []


def closes(text: str, run: Sequence[Item], rest: Sequence[Item], opened: str, language: str) -> bool:
    """Say whether the role ends there: "X, the minister said" is no role of X, nor is "X, President Y"."""
    if rest and rest[0].word is Word.PERSON and run[-1].word is not Word.PERSON:
        return False
    if opened in ("as", "is", "who") or not rest:
        return True
    first = text[run[0].start : run[0].end].lower()
    mark = text[rest[0].start : rest[0].end]
    return not mark[:1].isalnum() or rest[0].word is Word.WHO or first in lexicon(language).indefinite
