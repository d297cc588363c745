"""starter: the rules that a new bus starts with. Names of ministries and banks are words: a pack has them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from streams.core.alerting.rules import parse
from streams.core.packs import PACKS

if TYPE_CHECKING:
    from schemas.rule import Rule

FILE: Final = "starter.toml"


def text() -> str:
    """Return the file as it is shipped."""
    return files(PACKS["en"]).joinpath(FILE).read_text(encoding="utf-8")


@cache
def starter_rules() -> tuple[Rule, ...]:
    """Return the rules of the file."""
    return parse(text(), FILE).rules
