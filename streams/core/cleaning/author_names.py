"""Author names: the names in what a page gives as its author, without what stands around them.

Cut off are "By" and its kin, credentials and roles behind a comma, dates, what a name is followed by ("is
a …", "Follow", "5 min read"). No names are addresses, logins, handles, figures, and the pack's words for
nobody.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from streams.core.cleaning.header import folded
from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_CHARS: Final = 60
_MOST_WORDS: Final = 6
_SPLIT: Final = re.compile(r"\s*[;|/•·]\s*|\s&\s|\n")
_ADDRESS: Final = re.compile(r"https?:|www\.|@|\.(?:com|org|net)\b", re.IGNORECASE)
_NOT_A_NAME: Final = re.compile(r"[\d<>{}=_#@?!%$]")
_LETTER: Final = re.compile(r"[^\W\d_]")
_LOGIN: Final = re.compile(r"[a-z]+[._-][a-z._-]+")
_CREDENTIAL: Final = re.compile(
    r"(?:[A-Z][a-z]{0,2}\.?){1,4}(?:-[A-Z]{1,3})?|[A-Z]{2,6}(?:-[A-Z]{1,4})?|[JS]r\.?"
)
_ASIDE: Final = re.compile(r"\s*\([^()]*\)?$")
_EDGES: Final = " \t.:-–—()[]*\"'“”‘’,"


class _Words(NamedTuple):
    lead: re.Pattern[str]
    tail: re.Pattern[str]
    joint: re.Pattern[str]
    byline: re.Pattern[str]
    nobody: frozenset[str]
    roles: frozenset[str]
    particles: frozenset[str]


@cache
def _words() -> _Words:
    packs = [cast("dict[str, dict[str, str | list[str]]]", read(code, "pages"))["author"] for code in PACKS]

    def pattern(form: str, key: str) -> re.Pattern[str]:
        return re.compile(form.format("|".join(cast("str", pack[key]) for pack in packs)), re.IGNORECASE)

    def words(key: str) -> frozenset[str]:
        return frozenset(word for pack in packs for word in cast("list[str]", pack[key]))

    return _Words(
        pattern(r"(?:{})\b\s*:?\s*", "lead"), pattern(r"\s*(?:{}).*", "tail"),
        pattern(r"\s+(?:{})\s+", "joint"), pattern(r"(?:{})", "byline"),
        words("nobody"), words("roles"), words("particles"),
    )  # fmt: skip


def names_in(text: str) -> Iterator[str]:
    """Yield the names in what a page gives as its author.

    >>> list(names_in("By Ann Bee, MD and Cy Dee, Senior Editor"))
    ['Ann Bee', 'Cy Dee']
    """
    words = _words()
    if _ADDRESS.search(text):
        return
    for part in _SPLIT.split(words.joint.sub(";", text.strip())):
        for number, piece in enumerate(part.split(",")):
            name = _bare(piece)
            if name and not (number and _CREDENTIAL.fullmatch(name)):
                yield name


def _bare(piece: str) -> str | None:
    """Return a piece of a byline without lead and tail, None when no name is left."""
    words = _words()
    name = piece.strip(_EDGES)
    lead = words.lead.match(name)
    name = words.tail.sub("", name[lead.end() :] if lead else name)
    name = _ASIDE.sub("", name).strip(_EDGES)
    parts = name.split()
    if not parts or len(name) > _LONGEST_CHARS or len(parts) > _MOST_WORDS:
        return None
    if _NOT_A_NAME.search(name) or not _LETTER.search(name) or _LOGIN.fullmatch(name):
        return None
    lower = {part.lower().strip(".,:") for part in parts}
    return None if lower & words.roles or folded(name) in words.nobody else " ".join(parts)


def looks_like_a_person(name: str) -> bool:
    """Return whether a name has two to four words, each with a capital or a particle.

    >>> looks_like_a_person("Ann van der Bee"), looks_like_a_person("the team")
    (True, False)
    """
    parts = name.split()
    capitals = [part for part in parts if part.lower() not in _words().particles]
    return 2 <= len(capitals) <= 4 and all(_LETTER.search(part) and part[0].isupper() for part in capitals)


def byline_in(line: str) -> list[str]:
    """Return the names in a line that is a byline ("By Ann Bee"), empty when it is none."""
    found = _words().byline.match(line)
    names = list(names_in(found["names"])) if found else []
    return names if names and all(looks_like_a_person(name) for name in names) else []


def says_author(label: str) -> bool:
    """Return whether a label means that a name follows ("Written by")."""
    return _words().lead.fullmatch(label) is not None
