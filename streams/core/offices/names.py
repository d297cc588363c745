"""Names in normal form: how the names of people and bodies are compared.

Without case, accents, full stops and apostrophes; hyphens are blanks: "Kim Jong-un" and "KIM JONG UN"
are one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_OUT: Final = re.compile(r"[\W_]+")
_SILENT: Final = re.compile(r"[.'’ʼ`´]")
_LETTERS: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "æ": "ae", "œ": "oe"}
)


@lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """Return a name in normal form.

    >>> normal("Recep Tayyip Erdoğan"), normal("J.D. Vance")
    ('recep tayyip erdogan', 'jd vance')
    """
    if not name.isascii():
        name = unicodedata.normalize("NFKD", name)
        plain = "".join(each for each in name if not unicodedata.combining(each))
        name = plain.casefold().translate(_LETTERS)
    return _OUT.sub(" ", _SILENT.sub("", name).casefold()).strip()


def keys_of(name: str, aliases: tuple[str, ...] = ()) -> set[str]:
    """Return the normal forms that a person is found by.

    The name, aliases of two words or more, and of each its first word or initial with the last word.
    """
    found = {normal(name)}
    for words in (normal(each).split() for each in (name, *aliases)):
        if len(words) > 1:
            found |= {" ".join(words), f"{words[0]} {words[-1]}", f"{words[0][0]} {words[-1]}"}
    return found - {""}


def lookup_keys(name: str) -> list[str]:
    """Return the normal forms to look for, best first: the whole name, then first and last word."""
    words = normal(name).split()
    if not words:
        return []
    whole = " ".join(words)
    return [whole] if len(words) < 3 else [whole, f"{words[0]} {words[-1]}"]


def alike(one: str, other: str) -> bool:
    """Say whether two names may be one person's, spelled differently: a word of theirs begins alike.

    Words of fewer than four letters are not looked at, of longer ones the first four letters.

    >>> alike("Wladimir Putin", "Vladimir Putin"), alike("Dmitry Peskov", "Vladimir Putin")
    (True, False)
    """
    heads = (_heads(normal(each).split()) for each in (one, other))
    return bool(next(heads) & next(heads))


def _heads(words: list[str]) -> set[str]:
    return {word[:4] for word in words[1:] or words if len(word) >= 4}
