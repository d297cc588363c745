"""words: an English pack's knowledge of how one thing is said in several ways, read once, words in one form.

A word's form is its irregular base, else what is left when an ending is cut off, else itself; then the word
that stands for all of its meaning. Endings are cut roughly: it only has to be the same for the same word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, cast

from streams.core.packs import read

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_CHARS: Final = 4
"""Letters that stay when an ending is cut off."""
LONGEST_CHARS: Final = 9
"""Letters by which longer words are compared."""


@dataclass(frozen=True, slots=True)
class Words:
    """A pack's part `novelty`, with what `renditions` calls empty."""

    empty: frozenset[str]
    light: frozenset[str]
    meanings: Mapping[str, str]
    opposites: Mapping[str, str]
    negators: frozenset[str]
    clause: frozenset[str]
    phrases: Mapping[tuple[str, str], str]
    irregular: Mapping[str, str]
    suffixes: tuple[str, ...]
    doubled: str
    numbers: Mapping[str, int]
    multipliers: Mapping[str, int]
    units: Mapping[str, str]
    measures: frozenset[str]
    before_years: frozenset[str]
    months: frozenset[str]
    times: frozenset[str]
    relative: frozenset[str]
    names: Mapping[str, str]

    def plain(self, word: str) -> str:
        """Return a lower-case word without its ending.

        >>> words("en").plain("negotiations")
        'negoti'
        """
        if word in self.irregular:
            return self.irregular[word]
        if word.endswith(("'s", "’s")):
            word = word[:-2]
        for suffix in self.suffixes:
            if word.endswith(suffix) and len(word) - len(suffix) >= LEAST_CHARS - (suffix == "s"):
                word = word[: -len(suffix)]
                break
        if len(word) > LEAST_CHARS and word[-1] == word[-2] and word[-1] in self.doubled:
            word = word[:-1]
        return (word[:-1] if len(word) > LEAST_CHARS - 1 and word[-1] in "eyi" else word)[:LONGEST_CHARS]

    def meaning(self, plain: str) -> str:
        """Return what stands for all words that mean the same."""
        return self.meanings.get(plain, plain)


@cache
def words(language: str) -> Words:
    """Return the words of a language. KeyError: there is no such pack."""
    pack, empty = read(language, "novelty"), read(language, "renditions")
    texts, tables = cast("dict[str, str]", pack), cast("dict[str, dict[str, str]]", pack)
    numbers = cast("dict[str, dict[str, int]]", pack)
    listed = {key: frozenset(texts[key].split()) for key in (
        "light", "negators", "clause_words", "measures", "before_years", "months", "times", "relative")}
    bare = Words(
        frozenset(cast("str", empty["empty"]).split()), frozenset(), {}, {}, frozenset(),
        listed["clause_words"], {}, tables["irregular"],
        tuple(cast("list[str]", pack["suffixes"])), texts["doubled"],
        numbers["number_words"], numbers["multipliers"], tables["units"], frozenset(), listed["before_years"],
        listed["months"],
        listed["times"], listed["relative"], _names(cast("dict[str, list[str]]", pack["metonyms"])),
    )
    return _meaning(bare, cast("list[str]", pack["synonyms"]), tables, listed)


def _meaning(
    bare: Words, synonyms: list[str], tables: dict[str, dict[str, str]], listed: dict[str, frozenset[str]]
) -> Words:
    """Return the words with those of the pack that are compared by their plain form."""
    meanings: dict[str, str] = {}
    for line in synonyms:
        first, *others = (bare.plain(word) for word in line.split())
        meanings |= {other: first for other in others if other != first and other not in meanings}

    def form(word: str) -> str:
        plain = bare.plain(word)
        return meanings.get(plain, plain)

    fields = {name: getattr(bare, name) for name in Words.__dataclass_fields__} | {
        "meanings": meanings, "light": frozenset(map(form, listed["light"])),
        "opposites": {form(one): form(other) for one, other in tables["antonyms"].items()},
        "negators": listed["negators"] | frozenset(map(bare.plain, listed["negators"])),
        "measures": frozenset(map(form, listed["measures"])) | {"percent", "dollar", "euro", "pound"},
        "phrases": {_pair(bare, text): form(one) for text, one in tables["phrases"].items()},
    }
    return Words(**fields)


@lru_cache(maxsize=1 << 16)
def plain_form(word: str, language: str) -> str:
    """Return a lower-case word of a language without its ending, as `Words.plain` gives it; remembered."""
    return words(language).plain(word)


def _pair(bare: Words, text: str) -> tuple[str, str]:
    first, second = text.split()
    return bare.plain(first), second


def _names(metonyms: dict[str, list[str]]) -> dict[str, str]:
    return {name: qid for qid, names in metonyms.items() for name in names}
