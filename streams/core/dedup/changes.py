"""Changes: what a version of an article says that the one before it did not, by sentence.

Sentences are compared as their words, case and marks aside; one that was only moved is no change. A sentence
taken out and one put in with half of their words in common are one sentence changed: where only figures
differ between them, the figures are told. A new sentence that speaks of a correction is the note.

Linear in the texts; of more than `MOST` sentences put in or taken out the first are told and paired.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import Final

from schemas.enriched_article import Changes, FigureChange
from streams.core.dedup.shingles import words
from streams.core.packs import PACKS, read

MOST: Final = 64
LONGEST_WORDS: Final = 200
"""Of a longer sentence the first words are compared: 64 × 64 pairs of it stay under a second."""
SAME_SHARE: Final = 0.5
"""Share of the words of both, the lesser: what two sentences need to be one that was changed."""

_END: Final = re.compile(r"""[.!?…]["'”’»)\]]*\s+(?=["'“‘«(\[]?[^\W_a-z])|\n+""")
_FIGURE: Final = re.compile(r"\d")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, roughly: both versions are cut the same way.

    >>> sentences("It rose 3.5 percent. He said so.")
    ['It rose 3.5 percent.', 'He said so.']
    """
    found, start = [], 0
    for end in _END.finditer(text):
        found.append(text[start : end.end()].strip())
        start = end.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def changes(before: str, after: str, language: str = "en") -> Changes:
    """Return what the text `after` has and lacks, beside the text `before`."""
    old, new = sentences(before), sentences(after)
    removed, added = _missing(old, new), _missing(new, old)
    return Changes(
        added=tuple(added[:MOST]),
        removed=tuple(removed[:MOST]),
        figures=tuple(_figures(removed[:MOST], added[:MOST], language)),
        correction_note=_note(added, language),
    )


def _missing(mine: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Return the sentences of one version that the other has not, or not so often."""
    left = Counter(map(_folded, theirs))
    missing = []
    for sentence in mine:
        left[_folded(sentence)] -= 1
        if left[_folded(sentence)] < 0:
            missing.append(sentence)
    return missing


def _folded(sentence: str) -> tuple[str, ...]:
    return tuple(word.casefold() for word in words(sentence))


def _figures(removed: Sequence[str], added: Sequence[str], language: str) -> Iterator[FigureChange]:
    left = {number: _folded(sentence)[:LONGEST_WORDS] for number, sentence in enumerate(removed)}
    for sentence in added:
        mine = _folded(sentence)[:LONGEST_WORDS]
        number = max(left, key=lambda n: _common(left[n], mine), default=None)
        if number is not None and _common(left[number], mine) >= SAME_SHARE:
            yield from _swapped(removed[number], sentence, language)
            del left[number]


def _common(one: Sequence[str], other: Sequence[str]) -> float:
    return len(set(one) & set(other)) / max(len(set(one)), len(set(other)), 1)


def _swapped(before: str, after: str, language: str) -> Iterator[FigureChange]:
    old, new = (sentence.split()[:LONGEST_WORDS] for sentence in (before, after))
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone = [word for word in old[a:b] if _is_figure(word, language)]
        come = [word for word in new[c:d] if _is_figure(word, language)]
        if kind == "replace" and len(gone) == len(come):
            for one, other in zip(gone, come, strict=True):
                if _bare(one) != _bare(other):
                    yield FigureChange(before=_bare(one), after=_bare(other), sentence=after)


def _bare(word: str) -> str:
    return word.strip(".,;:!?()[]\"'“”‘’«»").casefold()


def _is_figure(word: str, language: str) -> bool:
    return bool(_FIGURE.search(word)) or _bare(word) in _listed(language, "numbers", "words")


def _note(added: Sequence[str], language: str) -> str | None:
    phrases = _listed(language, "correction", "phrases")
    found = (sentence for sentence in added if any(each in sentence.casefold() for each in phrases))
    return next(found, None)


@cache
def _listed(language: str, part: str, name: str) -> frozenset[str]:
    """Return a list of the language's pack; empty for a language without one."""
    if language not in PACKS:
        return frozenset()
    table = read(language, "changes")[part]
    listed = table.get(name) if isinstance(table, dict) else None
    return frozenset(map(str, listed)) if isinstance(listed, list) else frozenset()
