"""gold_table: one table of a gold file: typed values, quoted strings located, errors that say where."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from streams.core.outcome import CommuniqueError

if TYPE_CHECKING:
    from collections.abc import Iterator


class GoldError(CommuniqueError):
    """A gold file that cannot be believed; the message says file, line of the table, and what is wrong."""


class Quoted(NamedTuple):
    """A located string: half-open code points of the raw text."""

    start: int
    end: int
    text: str

    def within(self, other: Quoted) -> bool:
        """Return whether it lies inside `other` or is the same."""
        return other.start <= self.start and self.end <= other.end


@dataclass(slots=True)
class Table:
    """One `[[kind]]` of a gold file, the `number`-th. Keys that are read are ticked off."""

    file: str
    source: str
    kind: str
    number: int
    values: dict[str, object]
    article_text: str
    read: set[str] = field(default_factory=set)

    def wrong(self, what: str) -> GoldError:
        """Return the error to raise: where and what."""
        heads = [m.start() for m in re.finditer(rf"(?m)^\[\[{self.kind}\]\]", self.source)]
        line = self.source.count("\n", 0, heads[self.number]) + 1 if self.number < len(heads) else 1
        name = self.values.get("id") or self.values.get("text") if self.kind != "article" else ""
        return GoldError(f"{self.file}:{line} {self.kind} {str(name or '')[:40]!r}: {what}")

    def nothing_left(self) -> None:
        """Raise when a key was not read: a misspelt one, or one that the format does not have."""
        left = self.values.keys() - self.read
        if left:
            raise self.wrong(f"unknown key {', '.join(sorted(left))}")

    def tables(self, key: str) -> Iterator[Table]:
        """Yield the tables `[[key]]`; none is fine."""
        self.read.add(key)
        found = self.values.get(key, [])
        if not isinstance(found, list):
            raise self.wrong(f"{key} must be written [[{key}]]")
        for number, values in enumerate(found):
            yield Table(self.file, self.source, key, number, values, self.article_text)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string; raises when it is missing and has no default."""
        self.read.add(key)
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(f"{key} must be a string")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings; () when missing."""
        self.read.add(key)
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(f"{key} must be a list of strings")
        return tuple(value)

    def flag(self, key: str) -> bool:
        """Return a boolean; False when missing."""
        self.read.add(key)
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(f"{key} must be true or false")
        return value

    def one_of(self, key: str, allowed: frozenset[str], default: str | None = None) -> str:
        """Return a string of a closed set."""
        value = self.text(key, default)
        if value not in allowed:
            raise self.wrong(f"{key} {value!r} is none of {', '.join(sorted(allowed))}")
        return str(value)

    def qid(self, key: str) -> str | None:
        """Return a Wikidata id; None when missing or empty."""
        value = self.text(key, "")
        if value and not re.fullmatch(r"Q[1-9]\d*", value):
            raise self.wrong(f"{key} {value!r} is no Wikidata id")
        return value or None

    def day(self, key: str) -> date | None:
        """Return a day; None when missing."""
        value = self.text(key, "")
        return self.as_day(value) if value else None

    def as_day(self, value: str) -> date:
        """Return the day that `value` (YYYY-MM-DD, or RFC 3339) names."""
        try:
            return datetime.fromisoformat(value).date()
        except ValueError as error:
            raise self.wrong(f"{value!r} is no date") from error

    def excerpt(self) -> Quoted | None:
        """Return where the table's strings are looked for first: `in`; None is the whole text."""
        wanted = self.text("in", "")
        if not wanted:
            return None
        places = _places(wanted, self.article_text, 0, len(self.article_text))
        if len(places) != 1:
            raise self.wrong(f"in {wanted!r} stands in {len(places)} places")
        return places[0]

    def quoted(self, key: str, where: Quoted | None) -> Quoted | None:
        """Return the place of the string under `key`; None when the key is missing."""
        wanted = self.text(key, "")
        return self.located(wanted, where) if wanted else None

    def located(self, wanted: str, where: Quoted | None) -> Quoted:
        """Return the one place of `wanted`: in the excerpt, or, when it is not in it, in the whole text."""
        inside = self._inside(wanted, where)
        places = inside or _places(wanted, self.article_text, 0, len(self.article_text))
        if len(places) != 1:
            part = " of the excerpt" if inside else ""
            raise self.wrong(f"{wanted!r} stands in {len(places)} places{part}")
        return places[0]

    def every(self, key: str, where: Quoted | None) -> list[Quoted]:
        """Return all places of the string under `key`, of the excerpt or the whole text; at least one."""
        wanted = self.text(key)
        whole = Quoted(0, len(self.article_text), "")
        places = self._inside(wanted, where or whole)
        if not places:
            raise self.wrong(f"{wanted!r} is nowhere")
        return places

    def _inside(self, wanted: str, where: Quoted | None) -> list[Quoted]:
        return _places(wanted, self.article_text, where.start, where.end) if where else []


def _places(wanted: str, text: str, start: int, end: int) -> list[Quoted]:
    """Return where `wanted` stands in `text[start:end]`, not inside a longer word."""
    left = r"(?<!\w)" if wanted[:1].isalnum() else ""
    right = r"(?!\w)" if wanted[-1:].isalnum() else ""
    pattern = re.compile(left + re.escape(wanted) + right)
    return [Quoted(m.start(), m.end(), m.group()) for m in pattern.finditer(text, start, end)]
