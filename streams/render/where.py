"""where: conditions on an event, `field=value` or `field!=value`, as `communique consume --where` takes them.

A field is a path through nested objects, `dedup.role`; in a list any item may fit, `mentions.text=Geneva`.
`ce_…` is a header. Values are compared as text; `null`, `true` and `false` are JSON's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streams.bus.scan import header
from streams.core.outcome import Usage
from streams.render.lines import body_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.bus.interface import Record

_CONDITION: Final = re.compile(r"([\w.-]+)(!?=)(.*)", re.DOTALL)
_WORDS: Final = {"null": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: `field` is a path, `wanted` a text, `fits` whether it must be found or must not."""

    field: str
    wanted: str
    fits: bool = True

    def holds(self, record: Record) -> bool:
        """Return whether the record meets it."""
        return any(_same(value, self.wanted) for value in self._values(record)) is self.fits

    def _values(self, record: Record) -> Iterator[object]:
        if self.field.startswith("ce_"):
            return iter([header(record, self.field)])
        return _at(body_of(record), self.field.split("."))


def parse(text: str) -> Condition:
    """Return the condition that `text` says. Raises `Usage`.

    >>> parse("dedup.role!=canonical")
    Condition(field='dedup.role', wanted='canonical', fits=False)
    """
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise Usage(f"--where {text}: write field=value or field!=value, e.g. --where dedup.role=canonical")
    return Condition(found[1], found[3], found[2] == "=")


def all_hold(conditions: Sequence[Condition], record: Record) -> bool:
    """Return whether a record meets all conditions."""
    return all(condition.holds(record) for condition in conditions)


def _at(value: object, path: list[str]) -> Iterator[object]:
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        yield from _at(value.get(path[0]), path[1:])
    else:
        yield None


def _same(value: object, wanted: str) -> bool:
    return value is _WORDS[wanted] if wanted in _WORDS else value is not None and str(value) == wanted
