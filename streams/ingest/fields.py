"""fields: from somebody else's JSON to a RawArticle, by a map that the user writes in TOML or JSON.

Each line of a map says where one of our fields comes from:

    content = "text"                          # their field
    headline = "title"
    outlet = "site.name"                      # a field inside an object
    rights = { constant = "CC BY 4.0" }       # the same for every article

Their empty strings are unknown, so they become null; a string of authors is split at `;`, `,`, `|` and "
and "; a number becomes text where ours is text. Refused, as wrong usage: a field we do not have, a map
without `content`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from schemas.raw_article import RawArticle
from streams.core.outcome import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_BETWEEN_AUTHORS: Final = re.compile(r"\s*[;,|]\s*|\s+and\s+")


@dataclass(frozen=True, slots=True)
class FieldMap:
    """`taken`: our field → path in theirs; `constants`: our field → value.

    Empty: their fields are ours already.
    """

    taken: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, Json]

    def apply(self, record: dict[str, Json]) -> dict[str, Json]:
        """Return the fields of a RawArticle, not validated; null where the record has nothing."""
        if not self.taken and not self.constants:
            return record
        found = {ours: _plain(ours, _at(record, path)) for ours, path in self.taken.items()}
        return {ours: value for ours, value in (found | dict(self.constants)).items() if value is not None}


AS_IT_IS: Final = FieldMap({}, {})
"""The map for records that have our fields."""


def load(path: Path) -> FieldMap:
    """Read a map, TOML, or JSON when its name ends so.

    Raises `Usage`, also for a file that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        lines = orjson.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise Usage(f"the map {path} cannot be read: {error}") from error
    if not isinstance(lines, dict):
        raise Usage(f'the map {path} must be an object: {{"content": "text", "headline": "title"}}')
    return parse(lines, str(path))


def parse(lines: Mapping[str, Json], name: str) -> FieldMap:
    """Return the map that `lines` describe; `name` is for messages. Raises `Usage`.

    >>> parse({"content": "text", "outlet": {"constant": "Daily"}}, "m").apply({"text": "Hello."})
    {'content': 'Hello.', 'outlet': 'Daily'}
    """
    for ours in lines:
        if ours not in RawArticle.model_fields:
            raise Usage(_unknown(ours, lines[ours], name))
    if "content" not in lines:
        raise Usage(f'the map {name} must say where the text is: content = "their field"')
    return FieldMap(
        {ours: tuple(theirs.split(".")) for ours, theirs in lines.items() if isinstance(theirs, str)},
        {ours: _constant(theirs) for ours, theirs in lines.items() if not isinstance(theirs, str)},
    )


def _constant(value: Json) -> Json:
    return value.get("constant") if isinstance(value, dict) and set(value) == {"constant"} else value


def _unknown(ours: str, theirs: Json, name: str) -> str:
    known = list(RawArticle.model_fields)
    if isinstance(theirs, str) and theirs in known:
        return f'the map {name} has {ours} = "{theirs}": our field stands first, so write {theirs} = "{ours}"'
    near = get_close_matches(ours, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"an article has {', '.join(known)}"
    return f"the map {name} has a field that articles do not have: {ours}; {hint}"


def _at(record: Json, path: tuple[str, ...]) -> Json:
    for step in path:
        record = record.get(step) if isinstance(record, dict) else None
    return record


def _plain(ours: str, value: Json) -> Json:
    """Return a value as ours are: null for "", a list of names for one string, text for a number."""
    if isinstance(value, str) and not value.strip():
        return None
    if ours == "authors" and isinstance(value, str):
        return [name for name in _BETWEEN_AUTHORS.split(value.strip()) if name]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value
