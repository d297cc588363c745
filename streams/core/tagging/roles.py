"""Roles: what a text says of the office of a person it names.

Not yet the whole grammar: a first version with titles before a name, after it in commas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.core.offices.model import Office

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.tagging.mentions import Found


@dataclass(frozen=True, slots=True)
class RoleSaid:
    """A role as a text says it. `start`, `end`: the words `text` in the field, code points, half open.

    `person`: the start of the mention it is said of; None when the phrase stands alone. `of_person`: the
    name of the one who is served ("Putin's spokesman"), as written. `preference`: 0 for the reading that the
    parse prefers, 1 for another reading of the same words. `doubtful`: the words allow several readings.
    """

    text: str
    start: int
    end: int
    office: Office
    rank: str | None = None
    organization: str | None = None
    body: str | None = None
    country: str | None = None
    person: int | None = None
    of_person: str | None = None
    former: bool = False
    acting: bool = False
    deputy: bool = False
    elect: bool = False
    rule: str = ""
    preference: int = 0
    doubtful: bool = False


def roles_in(text: str, mentions: Sequence[Found], language: str = "en") -> list[RoleSaid]:
    """Return the roles said of the PERSON mentions of a field, in order of the page."""
    del text, mentions, language
    return []


def role_of(phrase: str, language: str = "en") -> RoleSaid | None:
    """Return the role that a noun phrase without a name says ("the Russian foreign minister").

    None: it is none.
    """
    del phrase, language
    return None
