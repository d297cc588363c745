"""Phrases: which of many words and phrases stand in a text, in one pass over its words.

Whole words, without case; of the words of a phrase each may have another form (`inflection`); a trailing `*`
makes a word the start of one. Two to five capitals (US, NATO) are an abbreviation, found in capitals only,
with or without full stops: "us" is no country. No phrase goes over a comma, a colon, a bracket or a quotation
mark. What it costs is linear in the text: each word is looked up once, and a phrase has at most `MOST_WORDS`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from streams.core.alerting.inflection import forms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_WORDS: Final = 8
MOST_WORD_CHARS: Final = 64
"""Longer words of a text are looked at by so many of their first letters; a rule has none."""
LEAST_PREFIX_CHARS: Final = 3
MOST_TEXT_CHARS: Final = 50_000
"""A text is looked at so far: no statement is longer but one that means harm."""
_WORD: Final = re.compile(r"(?:[A-Z]\.){2,}|[^\W_]+(?:['’](?:s\b|t\b)|['’](?!\w))?")
_ABBREVIATION: Final = re.compile(r"(?:[A-Z]\.){2,5}|[A-Z]{2,5}(?!['’])")
_PARTS: Final = re.compile(r"[\n,;:!?()\[\]\"“”«»]")


def words_of(text: str) -> list[re.Match[str]]:
    """Return the words of a text, as they stand."""
    return list(_WORD.finditer(text[:MOST_TEXT_CHARS]))


def plain(word: str) -> str:
    """Return a word as words are compared: NFKC, no case, straight apostrophes.

    >>> plain("Café’s"), plain("U.S.")
    ("café's", 'us')
    """
    if _ABBREVIATION.fullmatch(word):
        return word.replace(".", "").casefold()
    known = word if word.isascii() else normalize("NFKC", word).replace("’", "'")
    return known[:MOST_WORD_CHARS].casefold()


def split_phrase(phrase: str) -> tuple[str, ...]:
    """Return the words of a rule's phrase, in the form that they are compared in; a start keeps its `*`.

    >>> split_phrase("Cease-fire  talk*"), split_phrase("U.S. aid")
    (('cease', 'fire', 'talk*'), ('US', 'aid'))
    """
    found = []
    for match in _WORD.finditer(phrase):
        word, starred = match.group(), phrase[match.end() : match.end() + 1] == "*"
        short = not starred and _ABBREVIATION.fullmatch(word)
        found.append(word.replace(".", "") if short else plain(word) + ("*" if starred else ""))
    return tuple(found)


@dataclass(slots=True, eq=False)
class _Node:
    """Where a phrase may go on: by its next word, by the start of its next word; and what ends here.

    `words` by each form of a word, `own` by the word as the rule has it.
    """

    words: dict[str, list[_Node]] = field(default_factory=dict)
    own: dict[str, _Node] = field(default_factory=dict)
    starts: dict[str, _Node] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()
    ends: list[str] = field(default_factory=list)

    def after(self, word: str, short: str | None) -> Iterator[_Node]:
        """Yield the nodes that a text's word leads to; `short`: as an abbreviation, None when it is none."""
        yield from self.words.get(word, ())
        if short is not None:
            yield from self.words.get(short, ())
        for length in self.lengths:
            found = self.starts.get(word[:length]) if len(word) >= length else None
            if found is not None:
                yield found


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases as rules have them, compiled."""

    root: _Node

    @classmethod
    def over(cls, phrases: Iterable[str]) -> Phrases:
        """Compile phrases; those without a word are never found."""
        root = _Node()
        for phrase in dict.fromkeys(phrases):
            node = root
            words = split_phrase(phrase)[:MOST_WORDS]
            for word in words:
                node = _grown(node, word)
            if words:
                node.ends.append(phrase)
        return cls(root)

    def found(self, text: str) -> Mapping[str, str]:
        """Return the phrases that stand in a text, each with the words that it was first found in."""
        if not self.root.words and not self.root.starts:
            return {}
        found: dict[str, str] = {}
        open_nodes: list[tuple[_Node, int]] = []
        end = 0
        for match in words_of(text):
            if open_nodes and _PARTS.search(text, end, match.start()):
                open_nodes = []
            whole, end = match.group(), match.end()
            word = plain(whole)
            short = word.upper() if _ABBREVIATION.fullmatch(whole) else None
            going = [(node, start) for known, start in open_nodes for node in known.after(word, short)]
            going += [(node, match.start()) for node in self.root.after(word, short)]
            for node, start in going:
                for phrase in node.ends:
                    found.setdefault(phrase, text[start:end])
            open_nodes = [each for each in going if each[0].words or each[0].starts]
        return found


def _grown(node: _Node, word: str) -> _Node:
    """Return the node behind a rule's word, made when it is not there yet."""
    if word.endswith("*"):
        start = word[:-1]
        if start not in node.starts:
            node.starts[start] = _Node()
            node.lengths = tuple(sorted({*node.lengths, len(start)}))
        return node.starts[start]
    if word not in node.own:
        grown = node.own[word] = _Node()
        for form in {word} if word.isupper() else forms(word):
            node.words.setdefault(form, []).append(grown)
    return node.own[word]
