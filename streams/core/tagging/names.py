"""Names: what a language pack says about names, compiled once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from streams.core.packs import read

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Names:
    """One pack's names. `lead` and `tail` match what is cut off a mention.

    The sets hold names in lower case, codes as they are.
    """

    lead: re.Pattern[str]
    tail: re.Pattern[str]
    honorifics: frozenset[str]
    codes: frozenset[str]
    ambiguous: frozenset[str]
    wires: frozenset[str]
    credit: re.Pattern[str]


@cache
def names_of(language: str) -> Names:
    """Return the names of a language's pack. KeyError: it has none."""
    pack = cast("dict[str, list[str]]", read(language, "tagging"))
    return Names(
        lead=re.compile(rf"(?:(?:{_either(pack['articles'])})\s+)+", re.IGNORECASE),
        tail=re.compile(rf"(?:{_either(pack['possessives'])})?\s*$"),
        honorifics=frozenset(pack["honorifics"]),
        codes=frozenset(pack["territory_codes"]),
        ambiguous=frozenset(pack["ambiguous_territories"]),
        wires=frozenset(name.lower() for name in pack["wires"]),
        credit=re.compile(rf"(?:{_either(pack['credit_prefixes'])})\s*:\s*", re.IGNORECASE),
    )


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
