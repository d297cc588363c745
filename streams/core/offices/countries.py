"""Countries: the ISO code that a name or demonym stands for, by rigour's list of territories."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rigour.territories import lookup_territory

from streams.core.offices.lexicon import lexicon

if TYPE_CHECKING:
    from rigour.territories.territory import Territory


class Country(NamedTuple):
    """What a name stands for. `code`: ISO 3166-1 alpha-2, None when the name is ambiguous.

    `inside`: it is a part of the country (Texas, Scotland), not the country.
    """

    code: str | None
    inside: bool = False


@lru_cache(maxsize=8192)
def country_of(name: str, language: str = "en") -> Country | None:
    """Return the country of a name or demonym; None when it is none.

    >>> country_of("Iranian"), country_of("Texas").inside, country_of("Georgia").code
    (Country(code='IR', inside=False), True, None)
    """
    words = lexicon(language)
    plain = name.lower()
    if plain in words.ambiguous:
        return Country(None)
    if len(name) <= 3 and name not in words.codes:
        return None
    for form in (name, name.removesuffix("s")):
        found = lookup_territory(form) if len(form) > 1 else None
        if found and _is_name(form, found):
            return Country(found.code[:2].upper(), len(found.code) > 2)
    return None


def _is_name(form: str, found: Territory) -> bool:
    """Say whether the territory is meant, not a place inside it, nor one that is no country's part."""
    if found.code[:2] in ("eu", "un", "zz") or (len(found.code) > 2 and found.code[2] != "-"):
        return False
    return form.casefold() not in (place.casefold() for place in found.places)
