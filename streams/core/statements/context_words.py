"""Context words: what a language pack says of people, bodies and media, compiled once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from streams.core.packs import either, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOST_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class PersonWords:
    """Words that stand for people. All in lower case; patterns are searched in lower case."""

    pronouns: Mapping[str, str]
    relative: frozenset[str]
    first_person: frozenset[str]
    answers: frozenset[str]
    nobody: frozenset[str]
    definite: frozenset[str]
    indefinite: frozenset[str]
    points_back: frozenset[str]
    belongs: re.Pattern[str]
    possessives: tuple[str, ...]
    former: re.Pattern[str]
    at_the_time: re.Pattern[str]
    documents: re.Pattern[str]
    several: re.Pattern[str]
    unnamed: frozenset[str]
    lesser: frozenset[str]
    authors: frozenset[str]
    anyone: re.Pattern[str]
    office: re.Pattern[str]
    office_names: tuple[str, ...]
    same: tuple[frozenset[str], ...]
    sex_words: Mapping[str, str]
    given: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BodyWords:
    """Words for bodies and offices; patterns are searched in lower case."""

    public: re.Pattern[str]
    private: re.Pattern[str]
    common: re.Pattern[str]
    spokespeople: re.Pattern[str]
    offices: re.Pattern[str]
    sought: re.Pattern[str]
    of_private: re.Pattern[str]


def phrases(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds any of the words, whole, the longest first."""
    return re.compile(rf"(?<!\w){either(words)}(?!\w)")


@cache
def person_words(language: str) -> PersonWords:
    """Return a pack's words for people."""
    pack, bodies = read(language, "persons"), cast("dict[str, list[str]]", read(language, "bodies"))
    words = cast("dict[str, list[str]]", pack["words"])
    same = tuple(frozenset(group) for group in cast("list[list[str]]", pack["same"]))
    offices = {word for group in same for word in group} | set(bodies["offices"])
    given = cast("dict[str, str]", pack["given"])
    female, male = frozenset(given["female"].split()), frozenset(given["male"].split())
    return PersonWords(
        pronouns=cast("dict[str, str]", pack["pronouns"]),
        **{
            key: frozenset(words[key])
            for key in (
                "relative",
                "first_person",
                "answers",
                "nobody",
                "definite",
                "indefinite",
                "points_back",
                "unnamed",
                "lesser",
                "authors",
            )
        },
        belongs=phrases(words["belongs"]),
        possessives=tuple(cast("list[str]", read(language, "tagging")["possessives"])),
        former=phrases(words["former"]),
        at_the_time=phrases(words["at_the_time"]),
        documents=phrases(words["documents"]),
        several=phrases(words["several"]),
        anyone=re.compile(rf"(?<!\w)(?:{cast('str', pack['aged'])}|{either(words['anyone'])})(?!\w)"),
        office=phrases(offices),
        office_names=tuple(sorted(offices)),
        same=same,
        sex_words={
            word: sex for sex, each in cast("dict[str, list[str]]", pack["sex"]).items() for word in each
        },
        given=dict.fromkeys(male - female, "male") | dict.fromkeys(female - male, "female"),
    )


@cache
def body_words(language: str) -> BodyWords:
    """Return a pack's words for bodies."""
    pack = cast("dict[str, list[str]]", read(language, "bodies"))
    return BodyWords(**{key: phrases(words) for key, words in pack.items()})
