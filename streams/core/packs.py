"""Packs: what differs by language, as data in one folder a language. `PACKS` says which there are.

A pack is read once, on first use. Text in a language without a pack is cleaned and tagged with what holds for
every language; it is never refused for that.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

PACKS: Final[dict[str, str]] = {"en": "streams.core.english"}
"""ISO 639-1 code → the package that holds the pack."""


@cache
def read(code: str, part: str) -> dict[str, object]:
    """Return the part (`cleaning`, `tagging`) of a language's pack as TOML tables.

    KeyError: there is no such pack.
    """
    return tomllib.loads(files(PACKS[code]).joinpath(f"{part}.toml").read_text(encoding="utf-8"))


def either(words: Iterable[str]) -> str:
    """Return the source of a group that matches any of the words as they stand, the longest first."""
    return rf"(?:{'|'.join(re.escape(word) for word in sorted(words, key=lambda w: (-len(w), w)))})"
