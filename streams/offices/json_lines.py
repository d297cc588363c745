"""Our own JSON lines: one tenure a line: person{name,aliases,qid}, position{title,…}, start, end, as_of.

The format of docs/offices.md, `source` and more. `end_max`: no later than this, when `end` is null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

import orjson

from streams.core.offices.model import Fuzzy
from streams.core.offices.rows import Row
from streams.offices.found import Bad, Wrong, day_of, lines, one_day, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date


def read(stream: BinaryIO, place: str, as_of: date | None) -> Iterator[tuple[str, Row] | Bad]:
    """Yield the rows of a file with their places, and what is none."""
    for line in lines(stream, place):
        if isinstance(line, Bad):
            yield line
            continue
        where, body = line
        try:
            yield where, _row(loaded(body), as_of)
        except Wrong as error:
            yield Bad(where, str(error))


def loaded(body: bytes) -> Mapping[str, object]:
    """Return one JSON object. Raises Wrong."""
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Wrong(f"no JSON: {error}") from None
    if not isinstance(value, dict):
        raise Wrong("no JSON object")
    return cast("dict[str, object]", value)


def part(table: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return the object under a name. Raises Wrong."""
    value = table.get(name)
    if not isinstance(value, dict):
        raise Wrong(f"{name} is no object")
    return cast("dict[str, object]", value)


def texts(value: object, what: str) -> tuple[str, ...]:
    """Return a list of texts, without blanks. Raises Wrong."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Wrong(f"{what} is no list")
    return tuple(text for each in value if (text := text_of(each, what)))


def _row(table: Mapping[str, object], as_of: date | None) -> Row:
    person, position = part(table, "person"), part(table, "position")
    start, end = day_of(table.get("start"), "start"), day_of(table.get("end"), "end")
    latest = day_of(table.get("end_max"), "end_max")
    if end is None and latest and start and latest.last >= start.first:
        end = Fuzzy(start.first, latest.last)
    return Row(
        name=text_of(person.get("name"), "person.name") or "",
        title=text_of(position.get("title"), "position.title") or "",
        aliases=texts(person.get("aliases"), "person.aliases"),
        qid=text_of(person.get("qid"), "person.qid"),
        position=text_of(position.get("qid"), "position.qid"),
        organization=text_of(position.get("organization"), "position.organization"),
        country=text_of(position.get("country"), "position.country"),
        start=start,
        end=end,
        as_of=one_day(table.get("as_of"), "as_of") or as_of,
        acting=table.get("acting") is True,
        source=text_of(table.get("source"), "source"),
        label=text_of(position.get("label"), "position.label"),
    )
