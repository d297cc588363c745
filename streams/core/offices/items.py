"""Items: a stretch of text as titles, bodies, countries and the small words between them.

One pass from left to right, longest phrase first. What the text's mentions cover is taken as they say: a
person, or a body that no pack knows. Linear: a word that begins no phrase of the pack is looked up once, a
capital one as a country's name of up to five.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.offices.countries import Country, country_of
from streams.core.offices.lexicon import Body, Lexicon, Sense, Title, Word, lexicon

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_TOKEN: Final = re.compile(r"(?:[^\W\d_]\.){2,}|['’]s\b|[^\W_]+|[^\w\s]|_")
_LONGEST_COUNTRY: Final = 5
_SMALL_CHARS: Final = 3
"""Small words inside a country's name (of, the, and, d')."""


_NONE: Final[tuple[Sense, ...]] = ()


class Item(NamedTuple):
    """One phrase: code points, half open; `senses`: what it may mean, best first."""

    word: Word
    start: int
    end: int
    senses: tuple[Title | Body | None, ...] = ()
    country: Country | None = None

    @property
    def title(self) -> Title | None:
        """The title it is, None when it is none."""
        return self.senses[0] if self.senses and isinstance(self.senses[0], Title) else None

    @property
    def body(self) -> Body | None:
        """The body or portfolio it is, None when it is none."""
        return self.senses[0] if self.senses and isinstance(self.senses[0], Body) else None


class _Token(NamedTuple):
    start: int
    end: int
    text: str
    key: str


def items_of(
    text: str, start: int, end: int, known: Mapping[int, Item] | None = None, language: str = "en"
) -> list[Item]:
    """Return the items of `text[start:end]`. `known`: items that are settled, by their start."""
    words, known = lexicon(language), known or {}
    tokens = _tokens(text, start, end, known, words)
    found, at = [], 0
    while at < len(tokens):
        settled = known.get(tokens[at].start)
        item, width = (settled, 1) if settled else _longest(text, tokens, at, words, language)
        found.append(item)
        at += width
    return [_meant(item, found[n - 1] if n else None, found[n + 1 : n + 2]) for n, item in enumerate(found)]


def _meant(item: Item, before: Item | None, after: Sequence[Item]) -> Item:
    """Return an item that is a title or a portfolio as what its neighbours make it: "minister of justice"."""
    bodies = tuple(sense for sense in item.senses if isinstance(sense, Body))
    if item.word is not Word.TITLE or not bodies:
        return item
    of = before is not None and before.word is Word.OF
    served = any(each.title and each.title.portfolio for each in after)
    return item._replace(word=Word.PORTFOLIO, senses=bodies) if of or served else item


def _tokens(
    text: str, start: int, end: int, known: Mapping[int, Item], words: Lexicon
) -> list[_Token]:
    """Return words and marks, without hyphens inside words and the full stops of abbreviations."""
    found: list[_Token] = []
    skip = start
    for match in _TOKEN.finditer(text, start, end):
        at, stop = match.span()
        if at < skip:
            continue
        if at in known:
            skip = known[at].end
            found.append(_Token(at, skip, "", ""))
        elif _silent(text, at, match[0], found, words):
            if match[0] == ".":
                found[-1] = found[-1]._replace(end=stop)
        else:
            found.append(_Token(at, stop, match[0], match[0].lower().replace(".", "") or match[0]))
    return found


def _silent(text: str, at: int, mark: str, before: Sequence[_Token], words: Lexicon) -> bool:
    glued = bool(before) and before[-1].end == at
    if mark in "-‑":
        return glued and text[at + 1 : at + 2].isalnum()
    return mark == "." and glued and before[-1].key in words.abbreviations


def _longest(
    text: str, tokens: Sequence[_Token], at: int, words: Lexicon, language: str
) -> tuple[Item, int]:
    """Return the item that begins at a token and how many tokens it takes."""
    first = tokens[at]
    width, senses = 0, _NONE
    for n, key in _keys(tokens, at, words.reach.get(first.key, 0)):
        if key in words.phrases:
            width, senses = n, words.phrases[key]
    if first.text[:1].isupper():
        for n in _country_words(tokens, at):
            if n <= width:
                break
            place = country_of(text[first.start : tokens[at + n - 1].end], language)
            if place:
                return Item(Word.COUNTRY, first.start, tokens[at + n - 1].end, (), place), n
    if width:
        return _item(first.start, tokens[at + width - 1].end, senses), width
    if first.key in words.home:
        return Item(Word.COUNTRY, first.start, first.end, (), Country(None)), 1
    return Item(Word.COMMA if first.text == "," else Word.OTHER, first.start, first.end), 1


def _country_words(tokens: Sequence[_Token], at: int) -> list[int]:
    """Return how many tokens a country's name that begins here may have, most first: it ends in a capital."""
    found = [1]
    for n in range(1, min(_LONGEST_COUNTRY, len(tokens) - at)):
        text = tokens[at + n].text
        if text[:1].isupper():
            found.append(n + 1)
        elif len(text) > _SMALL_CHARS or not (text.isalpha() or _inside(tokens, at + n)):
            break
    return found[::-1]


def _inside(tokens: Sequence[_Token], at: int) -> bool:
    """Say whether a mark stands inside a word: "Côte d'Ivoire"."""
    if at + 1 >= len(tokens) or tokens[at].text not in "'’":
        return False
    return tokens[at - 1].end == tokens[at].start and tokens[at].end == tokens[at + 1].start


def _keys(tokens: Sequence[_Token], at: int, most: int) -> Iterator[tuple[int, str]]:
    """Yield what begins at a token, up to so many words, with the number of words."""
    key = ""
    for n, token in enumerate(tokens[at : at + most], 1):
        if not token.key:
            return
        key = f"{key} {token.key}" if key else token.key
        yield n, key.replace(" 's", " s").replace(" ’s", " s")


def _item(start: int, end: int, senses: tuple[Sense, ...]) -> Item:
    return Item(senses[0][0], start, end, tuple(sense for _, sense in senses))
