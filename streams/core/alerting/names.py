"""Names: under which keys a person, body, country or thing is looked for, by its name or Wikidata id.

A key is a Wikidata id or a name in normal form. What the packs' gazetteers know by several names is found
under all of them. A person's last words stand for him (Peskov), two words or more of a body's name for it
(Foreign Ministry).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from rigour.territories import get_territories

from streams.core.offices.countries import country_of
from streams.core.offices.names import normal
from streams.core.packs import PACKS
from streams.core.tagging.gazetteer import gazetteer_of
from streams.core.tagging.territories import usual_id

if TYPE_CHECKING:
    from collections.abc import Mapping

_QID: Final = re.compile(r"Q[1-9]\d{0,15}", re.IGNORECASE)
_CODE: Final = re.compile(r"[A-Za-z]{2}")
MOST_NAME_CHARS: Final = 200
_MOST_WORDS: Final = 12
"""Words of a name that are looked at: none has more."""


def qid_of(text: str) -> str | None:
    """Return the Wikidata id that a text is, None when it is a name.

    >>> qid_of("q42"), qid_of("Q42 Ltd")
    ('Q42', None)
    """
    return text.upper() if _QID.fullmatch(text) else None


@lru_cache(maxsize=1 << 14)
def wanted(name: str) -> frozenset[str]:
    """Return the keys that a rule's name or id asks for.

    >>> sorted(wanted("UN"))
    ['Q1065', 'un', 'united nations']
    """
    qid = qid_of(name) or _ids().get(normal(name))
    own = {qid or normal(name)} | ({normal(name)} if not qid_of(name) else set())
    return frozenset(own | (_names().get(qid, set()) if qid else set())) - {""}


@lru_cache(maxsize=1 << 14)
def person_keys(name: str) -> tuple[str, ...]:
    """Return the keys of a person or thing that is called so: the name, its last words, first with last.

    >>> person_keys("Dmitry S. Peskov")
    ('dmitry s peskov', 's peskov', 'peskov', 'dmitry peskov')
    """
    words = normal(name[:MOST_NAME_CHARS]).split()[:_MOST_WORDS]
    tails = [" ".join(words[at:]) for at in range(len(words))]
    return tuple(dict.fromkeys([*tails, *([f"{words[0]} {words[-1]}"] if words else [])]))


@lru_cache(maxsize=1 << 14)
def body_keys(name: str) -> tuple[str, ...]:
    """Return the keys of a body that is called so: two words or more that stand together, or the last.

    >>> "foreign ministry" in body_keys("the Russian Foreign Ministry"), body_keys("NATO")
    (True, ('nato', 'Q7184'))
    """
    words = normal(name[:MOST_NAME_CHARS]).split()[:_MOST_WORDS]
    runs = [
        " ".join(words[start:end])
        for start in range(len(words))
        for end in range(len(words), start + 1, -1)
    ]
    found = list(dict.fromkeys([" ".join(words), *runs, *words[-1:]]))
    ids = [_ids()[each] for each in found if each in _ids() and each in (found[0], *words[-1:])]
    return tuple(each for each in (*found, *ids) if each)


@lru_cache(maxsize=1 << 13)
def country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a country by name, code or Wikidata id.

    None when it is none, or may be several (Georgia).

    >>> country_code("Russia"), country_code("ru"), country_code("Q159"), country_code("Georgia")
    ('RU', 'RU', 'RU', None)
    """
    if qid := qid_of(text):
        return _codes().get(qid)
    if _CODE.fullmatch(text) and text.upper() in _codes().values():
        return text.upper()
    found = country_of(text)
    return found.code if found else None


@lru_cache(maxsize=1 << 13)
def countries_in(name: str) -> frozenset[str]:
    """Return the codes of the countries that the words of a body's name say.

    >>> countries_in("Russian Foreign Ministry"), countries_in("Bank of England")
    (frozenset({'RU'}), frozenset({'GB'}))
    """
    words = name[:MOST_NAME_CHARS].split()[:_MOST_WORDS]
    runs = (words[at : at + length] for length in (3, 2, 1) for at in range(len(words)))
    found = (country_of(" ".join(run)) for run in runs if run and run[0][:1].isupper())
    return frozenset(each.code for each in found if each and each.code)


def country_names() -> tuple[str, ...]:
    """Return the usual names of all countries, for hints."""
    return tuple(sorted(each.name for each in get_territories() if each.is_country))


@cache
def _codes() -> Mapping[str, str]:
    """Return the code of each country by its Wikidata ids."""
    found: dict[str, str] = {}
    for each in get_territories():
        if each.is_country and not each.is_historical and len(each.code) == 2 and each.code not in _NONE:
            found |= {qid: each.code.upper() for qid in {each.qid, usual_id(each.qid)} if qid}
    return found


_NONE: Final = ("eu", "un", "zz")


@cache
def _ids() -> Mapping[str, str]:
    """Return the Wikidata id of each name in normal form that the packs are sure of."""
    entries = (entry for code in PACKS for entry in gazetteer_of(code).by_name.values())
    return {normal(entry.name): entry.qid for entry in entries if entry.qid and not entry.senses}


@cache
def _names() -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, qid in _ids().items():
        found.setdefault(qid, set()).add(name)
    return found
