"""Lexicon: a language pack's titles of office, compiled once: phrase → what it may mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from streams.core.offices.model import Office
from streams.core.packs import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

class Word(Enum):
    """What a word does inside a role."""

    TITLE = "title"
    BODY = "body"
    PORTFOLIO = "portfolio"
    COUNTRY = "country"
    PERSON = "person"
    ARTICLE = "articles"
    POSSESSIVE = "possessives"
    OF = "of"
    AND = "and"
    NOISE = "noise"
    FORMER = "former"
    ACTING = "acting"
    DEPUTY = "deputy"
    ELECT = "elect"
    NOT = "not"
    WHO = "who"
    HEADS = "heads"
    IS = "is"
    WAS = "was"
    AS = "as"
    COMMA = ","
    OTHER = ""


@dataclass(frozen=True, slots=True)
class Title:
    """A title. `body`: where its holder works, None: the words beside it say. Flags: see the pack."""

    rank: str
    office: Office
    body: str | None = None
    country: str | None = None
    also: frozenset[Office] = frozenset()
    only: frozenset[str] = frozenset()
    heads: bool = False
    portfolio: bool = False
    single: bool = False
    weak: bool = False
    serves: bool = False
    deputy: bool = False
    accredited: bool = False
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """A body, or a portfolio and its ministry. `office`, `rank`: what its head holds."""

    id: str | None
    office: Office | None = None
    rank: str | None = None
    country: str | None = None
    label: str | None = None
    intl: bool = False


Sense: TypeAlias = "tuple[Word, Title | Body | None]"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases in lower case, words parted by a blank, without full stops."""

    phrases: Mapping[str, tuple[Sense, ...]]
    reach: Mapping[str, int]
    """First word of a phrase → words of the longest phrase that begins with it."""
    ends: frozenset[str]
    """Last words of what may end a role."""
    ranks: Mapping[str, Title]
    home: frozenset[str]
    abbreviations: frozenset[str]
    indefinite: frozenset[str]
    serving: frozenset[str]
    parties: frozenset[str]
    codes: frozenset[str]
    ambiguous: frozenset[str]


@cache
def lexicon(language: str) -> Lexicon:
    """Return a language's lexicon. KeyError: it has no pack."""
    pack = read(language, "titles")
    names = cast("dict[str, list[str]]", read(language, "tagging"))
    words = cast("dict[str, list[str]]", pack["words"])
    phrases: dict[str, tuple[Sense, ...]] = {}
    for phrase, sense in _senses(pack):
        phrases[phrase] = (*phrases.get(phrase, ()), sense)
    titles = [title for senses in phrases.values() for _, title in senses if isinstance(title, Title)]
    return Lexicon(
        phrases=phrases,
        reach=_reach(phrases),
        ends=frozenset(
            phrase.rpartition(" ")[2] for phrase, senses in phrases.items() if senses[0][0] in _ENDING
        ),
        ranks={title.rank: title for title in reversed(titles)},
        home=frozenset(words["home"]),
        abbreviations=frozenset(words["abbreviations"]),
        indefinite=frozenset(words["indefinite"]),
        serving=frozenset(words["serving"]),
        parties=frozenset(words["party_state"]),
        codes=frozenset(names["territory_codes"]),
        ambiguous=frozenset(names["ambiguous_territories"]),
    )


_ENDING: Final = (Word.TITLE, Word.BODY, Word.PORTFOLIO, Word.NOISE, Word.ELECT)


def _reach(phrases: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for phrase in phrases:
        first = phrase.partition(" ")[0]
        found[first] = max(found.get(first, 0), phrase.count(" ") + 1)
    return found


def _senses(pack: Mapping[str, object]) -> Iterator[tuple[str, Sense]]:
    for table in cast("list[dict[str, object]]", pack["title"]):
        yield from ((phrase, (Word.TITLE, _title(table))) for phrase in _words(table))
    for table in cast("list[dict[str, object]]", pack["body"]):
        yield from ((phrase, (Word.BODY, _body(table))) for phrase in _words(table))
    made = cast("dict[str, list[str]]", pack["ministry"])["made"]
    for table in cast("list[dict[str, object]]", pack["portfolio"]):
        office, rank = Office(cast("str", table["office"])), cast("str", table["rank"])
        body = Body(cast("str | None", table.get("body")), office, rank)
        for phrase in _words(table):
            yield phrase, (Word.PORTFOLIO, body)
            yield from ((form.format(phrase), (Word.BODY, body)) for form in made)
    for name in ("words", "flags"):
        for kind, phrases in cast("dict[str, list[str]]", pack[name]).items():
            if kind in _SMALL:
                yield from ((phrase, (Word(kind), None)) for phrase in phrases)


_SMALL: Final = {
    word.value for word in Word
} - {"title", "body", "portfolio", "country", "person", ",", ""}


def _words(table: Mapping[str, object]) -> list[str]:
    return cast("list[str]", table["words"])


def _title(table: Mapping[str, object]) -> Title:
    flags = ("heads", "portfolio", "single", "weak", "serves", "deputy", "accredited", "minor")
    return Title(
        cast("str", table["rank"]),
        Office(cast("str", table["office"])),
        cast("str | None", table.get("body")),
        cast("str | None", table.get("country")),
        frozenset(map(Office, cast("list[str]", table.get("also", [])))),
        frozenset(cast("list[str]", table.get("only", []))),
        **{flag: bool(table.get(flag)) for flag in flags},
    )


def _body(table: Mapping[str, object]) -> Body:
    office = cast("str | None", table.get("office"))
    return Body(
        cast("str", table["id"]),
        Office(office) if office else None,
        cast("str | None", table.get("rank")),
        cast("str | None", table.get("country")),
        cast("str | None", table.get("label")),
        bool(table.get("intl")),
    )
