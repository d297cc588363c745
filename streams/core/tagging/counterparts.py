"""Counterparts: "met his Moldovan counterpart X": X holds, there, the office of the one named before."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from schemas.mention import MentionKind
from streams.core.offices.countries import country_of
from streams.core.packs import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.core.tagging.mentions import Found
    from streams.core.tagging.roles import RoleSaid

_WINDOW_CHARS: Final = 60
_FARTHEST: Final = 300
"""Code points between an office and the counterpart of who holds it: a sentence."""


def counterparts(
    text: str, mentions: Sequence[Found], said: Sequence[RoleSaid], language: str
) -> Iterator[RoleSaid]:
    """Yield the roles of counterparts, from the roles that are said before them; mentions in order."""
    roles = {each.person: each for each in said if not each.former and each.preference == 0}
    last: RoleSaid | None = None
    for mention in mentions:
        if mention.kind is not MentionKind.PERSON:
            continue
        own = roles.get(mention.start)
        found = _pattern(language).search(text, max(0, mention.start - _WINDOW_CHARS), mention.start)
        if own is not None:
            last = own
        elif found and last is not None and _same_sentence(text, last.end, found.start()):
            country = country_of(found["country"])
            if country is not None and country.code is not None:
                start, end = found.span("role")
                words = text[start:end]
                yield replace(
                    last, text=words, start=start, end=end, organization=None, country=country.code,
                    person=mention.start, of_person=None, rule="counterpart",
                )  # fmt: skip


def _same_sentence(text: str, start: int, end: int) -> bool:
    return 0 <= end - start <= _FARTHEST and ". " not in text[start:end] and "\n" not in text[start:end]


@cache
def _pattern(language: str) -> re.Pattern[str]:
    """Return what stands before a counterpart's name, at the end of a window."""
    words = cast("dict[str, list[str]]", read(language, "titles")["words"])
    owners, nouns = ("|".join(map(re.escape, words[key])) for key in ("articles", "counterparts"))
    country = r"[^\W\d_a-z][\w.’'-]{0,30}(?: [^\W\d_a-z][\w.’'-]{0,30}){0,2}"
    return re.compile(rf"\b(?:{owners}) (?P<role>(?P<country>{country}) (?:{nouns})),? $")
