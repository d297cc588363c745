"""Units: the sentences of a field with their quotations, and which of them the parser is to see.

Parsed are sentences with a word of the pack that reports; `_MOST_SENTENCES` and `_MOST_CHARS` of a text at
most, none longer than `_LONGEST_CHARS`: 25,000 words, five times a long read; 900 kB of two-word sentences
took 13 s.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.cleaning.quotations import quotations
from streams.core.statements.cues import worth_parsing
from streams.core.statements.quotes import Masked, masked
from streams.core.statements.report import Bounds
from streams.core.statements.sentences import Sentence, sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.clean_article import Repair
    from streams.core.cleaning.quotations import Quotation
    from streams.core.statements.cues import Cues

_WORD: Final = re.compile(r"(?<![^\W_])[a-z]+")
_OPENING: Final = re.compile(r"\W*(\w+)")
_HEADLINE_CHARS: Final = 250
_LONGEST_CHARS: Final = 1_200
_LONGEST_QUOTING: Final = 20_000
"""Code points of a sentence with its quotations: a longer one is none."""
_MOST_CHARS: Final = 150_000
_MOST_SENTENCES: Final = 1_500
_CLOSING: Final = frozenset("”\"»'’“")


class Unit(NamedTuple):
    """A sentence, its quotations, and how the parser sees it; `masked` None: it is not parsed.

    `goes_on`: its last quotation is open at the end of the paragraph and goes on in the next.
    """

    sentence: Sentence
    quotes: tuple[Quotation, ...]
    masked: Masked | None
    goes_on: bool = False


def units_of(text: str, repairs: Sequence[Repair], cues: Cues, language: str) -> Iterator[Unit]:
    """Yield the sentences of a field, in order."""
    quotes = quotations(text, repairs)
    number, left, free = 0, _MOST_CHARS, _MOST_SENTENCES
    for sentence in sentences(text, [Bounds(each.start, each.end) for each in quotes], language):
        while number < len(quotes) and quotes[number].end <= sentence.start:
            number += 1
        last = number
        while last < len(quotes) and quotes[last].start < sentence.end:
            last += 1
        inside = quotes[number:last]
        if sentence.end - sentence.start > _LONGEST_QUOTING:
            yield Unit(sentence, inside, None)
            continue
        seen = masked(text, sentence.start, sentence.end, inside, cues.verbs_of_quotes)
        wanted = free > 0 and len(seen.text) <= min(left, _LONGEST_CHARS)
        wanted = wanted and worth_parsing(cues, _words(seen.text, text))
        left -= len(seen.text) if wanted else 0
        free -= wanted
        yield Unit(sentence, inside, seen if wanted else None, bool(inside) and _open(text, inside[-1]))


def _words(sentence: str, field: str) -> set[str]:
    """Return the words in lower case, those that begin with a capital only at the sentence's beginning.

    (The United States is no cue; in a short field, a headline, every word may have its capital.)
    """
    if len(field) <= _HEADLINE_CHARS:
        sentence = sentence.lower()
    found = set(_WORD.findall(sentence))
    opening = _OPENING.match(sentence)
    if opening:
        found.add(opening[1].lower())
    return found


def _open(text: str, quote: Quotation) -> bool:
    return not quote.defects and text[quote.end - 1] not in _CLOSING
