"""Inflection: the forms of a word that a rule asks for, by a language pack.

A rule's word is spread into its forms once, when the rule is read; a text's words are then looked up as they
stand. So two words that only look alike when their endings are cut off (plan, plane) stay two words.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEAST_CHARS: Final = 3
"""A shorter word has one form: its endings would make another word of it (us, used)."""
_LEAVE: Final = "-"


class _Endings(NamedTuple):
    forms: Mapping[str, list[str]]
    singulars: Mapping[str, str]
    doubled: str
    vowels: str
    irregular: Mapping[str, frozenset[str]]


@lru_cache(maxsize=1 << 16)
def forms(word: str) -> frozenset[str]:
    """Return the forms of a word in lower case, itself included, in all languages that have a pack.

    >>> sorted(forms("plan"))
    ['plan', "plan's", 'planed', 'planing', 'planned', 'planning', 'plans', "plans'"]
    >>> "sanction" in forms("sanctions"), "plane" in forms("plan"), forms("us")
    (True, False, frozenset({'us'}))
    """
    if len(word) < _LEAST_CHARS or not word.isalpha():
        return frozenset({word})
    found = {word}
    for language in PACKS:
        endings = _endings(language)
        for base in {word, _singular(word, endings)}:
            found |= _spread(base, endings)
    return frozenset(found)


def _singular(word: str, endings: _Endings) -> str:
    end = _longest(word, endings.singulars)
    if end is None or endings.singulars[end] == _LEAVE or len(word) - len(end) < _LEAST_CHARS:
        return word
    return word[: len(word) - len(end)] + endings.singulars[end]


def _spread(base: str, endings: _Endings) -> set[str]:
    end = _longest(base, endings.forms) or ""
    stem = base[: len(base) - len(end)]
    found = {stem + each for each in endings.forms[end]} | {base} | endings.irregular.get(base, frozenset())
    if base[-1] in endings.doubled and base[-2] in endings.vowels and base[-3] not in endings.vowels:
        found |= {base + base[-1] + each for each in endings.forms[""] if len(each) > 1 and "'" not in each}
    return found


def _longest(word: str, ends: Mapping[str, object]) -> str | None:
    return max((end for end in ends if word.endswith(end)), key=len, default=None)


@cache
def _endings(language: str) -> _Endings:
    pack = cast("dict[str, dict[str, str]]", read(language, "alerting"))
    base_of = cast("dict[str, dict[str, str]]", read(language, "novelty"))["irregular"]
    irregular: dict[str, set[str]] = {}
    for form, base in base_of.items():
        irregular.setdefault(base, set()).add(form)
        irregular.setdefault(form, set()).add(base)
    return _Endings(
        cast("dict[str, list[str]]", pack["endings"]), pack["singulars"], pack["doubling"]["letters"],
        pack["doubling"]["vowels"], {base: frozenset(found) for base, found in irregular.items()})
