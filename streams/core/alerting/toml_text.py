"""toml_text: a rule as the TOML that gives it back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from schemas.base import rfc3339
from schemas.rule import Rule
from streams.core.alerting.rule_table import version_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.quiet_hours import QuietHours


def toml_of(rule: Rule) -> str:
    """Return a rule as TOML: what is not as it is by itself. A version that is a hash is left out.

    >>> print(toml_of(Rule(name="a", version="1", words=("x",), official=None)), end="")
    [rules.a]
    version = "1"
    official = "any"
    words = ["x"]
    <BLANKLINE>
    """
    return "\n".join([f"[rules.{rule.name}]", *_lines(rule), *_quiet(rule), ""])


def _lines(rule: Rule) -> Iterator[str]:
    usual = Rule(name="", version="")
    for name in Rule.model_fields:
        value = getattr(rule, name)
        if name in ("name", "quiet_hours") or value == getattr(usual, name):
            continue
        if name == "version" and value == version_of(rule):
            continue
        if name == "expires":
            yield f"expires = {rfc3339(value)}"
        elif name == "official" and value is None:
            yield 'official = "any"'
        else:
            yield f"{name} = {json.dumps(value, ensure_ascii=False)}"


def _quiet(rule: Rule) -> Iterator[str]:
    for each in rule.quiet_hours:
        yield f"\n[[rules.{rule.name}.quiet_hours]]"
        yield from (f"{name} = {json.dumps(value)}" for name, value in _hours(each))


def _hours(hours: QuietHours) -> Iterator[tuple[str, object]]:
    for name in type(hours).model_fields:
        yield name, getattr(hours, name)
