"""Acts: what words do when their cue only says that they are said (we will come; they must go)."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from schemas.statement import SpeechAct
from streams.core.packs import read

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOOKED_AT: Final = 200
_HEAD: Final = re.compile(
    r"[^,;:]*?([a-z-]+)(?= (?:of|for|to|on|in|that|with|over|about|against)\b|[,;:.]|$)"
)


class _Acts(NamedTuple):
    patterns: tuple[tuple[SpeechAct, re.Pattern[str]], ...]
    nouns: Mapping[str, SpeechAct]


@cache
def _acts(language: str) -> _Acts:
    pack = cast("dict[str, dict[str, list[str]]]", read(language, "cues"))
    return _Acts(
        tuple((SpeechAct(act), re.compile("|".join(rows))) for act, rows in pack["acts"].items()),
        {noun: SpeechAct(act) for act, nouns in pack["noun_acts"].items() for noun in nouns},
    )


def act_of(content: str, *, clause: bool, language: str) -> SpeechAct | None:
    """Return what `content` does: a clause by its words, a noun phrase by its head; None: it is only said."""
    acts, said = _acts(language), content[:_LOOKED_AT].lower()
    if not clause:
        head = _HEAD.match(said)
        return acts.nouns.get(head[1]) if head else None
    return next((act for act, pattern in acts.patterns if pattern.search(said)), None)
