"""Names: what a language pack says about names, compiled once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import cast

from streams.core.packs import either, read


@dataclass(frozen=True, slots=True)
class Names:
    """One pack's names. `lead` and `tail` match what is cut off a mention.

    `other_city` follows a city that is another of its name, `own_cities` are those that stand there;
    `number` leads a body, `title` a person; `list_cut` stands between two bodies, `loose_end` after any name.

    The sets hold names in lower case, codes as they are.
    """

    lead: re.Pattern[str]
    tail: re.Pattern[str]
    honorifics: frozenset[str]
    codes: frozenset[str]
    ambiguous: frozenset[str]
    credit: re.Pattern[str]
    number: re.Pattern[str]
    list_cut: re.Pattern[str]
    loose_start: re.Pattern[str]
    loose_end: re.Pattern[str]
    title: re.Pattern[str]
    demonym_endings: tuple[str, ...]
    other_city: re.Pattern[str]
    own_cities: frozenset[str]
    particles: frozenset[str]
    family_first: frozenset[str]


@cache
def names_of(language: str) -> Names:
    """Return the names of a language's pack. KeyError: it has none."""
    pack = cast("dict[str, list[str]]", read(language, "tagging"))
    other = cast("dict[str, list[str]]", read(language, "places")["other_city"])
    return Names(
        lead=re.compile(rf"(?:(?:{either(pack['articles'])})\s+)+", re.IGNORECASE),
        tail=re.compile(rf"(?:{either(pack['possessives'])})?\s*$"),
        honorifics=frozenset(pack["honorifics"]),
        codes=frozenset(pack["territory_codes"]),
        ambiguous=frozenset(pack["ambiguous_territories"]),
        credit=re.compile(rf"(?:{either(pack['credit_prefixes'])})\s*:\s*", re.IGNORECASE),
        demonym_endings=tuple(pack["demonym_endings"]),
        other_city=re.compile(rf", (?:{either(other['after'])})(?!\w)"),
        own_cities=frozenset(other["except"]),
        particles=frozenset(pack["particles"]),
        family_first=frozenset(pack["family_first"]),
        number=re.compile(r"\d{1,4}\s+(?=[^\W\d_a-z])"),
        list_cut=re.compile(r", (?=[^\W\d_a-z])|\s?/\s"),
        loose_start=re.compile(r"[\s\"“”'‘’(\[*•–—-]+"),
        loose_end=re.compile(r"[\s\"“”,;:(\[*–—-]+$"),
        title=re.compile(rf"(?:(?:{either(word.capitalize() for word in pack['honorifics'])})\.?\s+)+"),
    )
