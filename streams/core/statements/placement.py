"""Placement: by whom a statement is kept, and its id.

`statement_id` = hash(article, placement, normalised content). The placement is the speaker's Wikidata id,
else his name in normal form, else the article, which also keeps what is ambiguous; each of the best rendering
of the utterance: so judge sees all of a speaker's words in one place, and a headline that names the body goes
with the person. Nothing else of the article goes into the id: an edit elsewhere leaves it. Where one speaker
says the same words twice in one article, the second has an ordinal; best renderings come first.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from schemas.ids import digest
from schemas.statement import Attribution

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schemas.statement import Speaker, Statement

_NO_WORD: Final = re.compile(r"[\W_]+")


def normalised(text: str) -> str:
    """Return the words of a text in one form: NFKC, no case, no marks.

    >>> normalised("The “U.S.” said:  No.")
    'the u s said no'
    """
    return _NO_WORD.sub(" ", normalize("NFKC", text).casefold()).strip()


def placement(speaker: Speaker | None, article_id: str) -> str:
    """Return what a speaker's statements are kept under."""
    if speaker is None:
        return article_id
    return speaker.qid or normalised(speaker.name) or article_id


def placements(statements: Iterable[Statement], article_id: str) -> dict[str, str]:
    """Return the placement of each statement of an article, by its id: that of its best rendering."""
    listed = list(statements)
    by_id = {each.statement_id: each for each in listed}
    best = {each.statement_id: by_id.get(each.rendition_of or "", each) for each in listed}
    return {key: placement(placed_by(each), article_id) for key, each in best.items()}


def placed_by(statement: Statement) -> Speaker | None:
    """Return the speaker that a statement is kept under; None when it is ambiguous whose words they are."""
    return None if statement.attribution is Attribution.AMBIGUOUS else statement.speaker


def ids_of(
    article_id: str,
    contents: Sequence[Sequence[str]],
    speakers: Sequence[Speaker | None],
    best: Sequence[int],
) -> list[str]:
    """Return the ids of an article's statements; `best`: the number of each one's best rendering."""
    seen: Counter[tuple[str, str]] = Counter()
    ids: list[str] = [""] * len(contents)
    order = sorted(range(len(contents)), key=lambda number: (best[number] != number, number))
    for number in order:
        key = placement(speakers[best[number]], article_id), normalised(" ".join(contents[number]))
        parts = (*key, str(seen[key])) if seen[key] else key
        ids[number] = digest("statement", article_id, *parts)
        seen[key] += 1
    return ids
