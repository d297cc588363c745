"""FollowTheMoney JSON lines: Person, Position and Occupancy entities, in any order.

An Occupancy's `holder` and `post` are the ids of a Person and a Position; one whose two are not in the file
is bad. Source: followthemoney schemata Occupancy, Position, Person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from streams.core.offices.rows import Row
from streams.offices.found import Bad, Wrong, day_of, lines, one_day, qid_of, text_of
from streams.offices.json_lines import loaded, part, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date


class _Thing(NamedTuple):
    name: str
    aliases: tuple[str, ...]
    qid: str | None
    organization: str | None = None
    country: str | None = None


def read(stream: BinaryIO, place: str, as_of: date | None) -> Iterator[tuple[str, Row] | Bad]:
    """Yield a row an Occupancy. Other schemata are passed over."""
    things: dict[str, _Thing] = {}
    waiting: list[tuple[str, Mapping[str, object], Mapping[str, object]]] = []
    for line in lines(stream, place):
        if isinstance(line, Bad):
            yield line
            continue
        where, body = line
        try:
            entity = loaded(body)
            if entity.get("schema") == "Occupancy":
                waiting.append((where, entity, part(entity, "properties")))
            elif entity.get("schema") in ("Person", "Position"):
                things[text_of(entity.get("id"), "id") or ""] = _thing(entity, part(entity, "properties"))
        except Wrong as error:
            yield Bad(where, str(error))
    for where, entity, values in waiting:
        try:
            yield where, _row(entity, values, things, as_of)
        except Wrong as error:
            yield Bad(where, str(error))


def _first(values: Mapping[str, object], *names: str) -> str | None:
    return next((found[0] for name in names if (found := texts(values.get(name), name))), None)


def _thing(entity: Mapping[str, object], values: Mapping[str, object]) -> _Thing:
    name, *others = texts(values.get("name"), "name") or ("",)
    country = _first(values, "country", "jurisdiction")
    return _Thing(
        name,
        (*others, *texts(values.get("alias"), "alias"), *texts(values.get("weakAlias"), "weakAlias")),
        qid_of(_first(values, "wikidataId")) or qid_of(entity.get("id")),
        _first(values, "organization"),
        country[:2].upper() if country else None,
    )


def _row(
    entity: Mapping[str, object], values: Mapping[str, object], things: Mapping[str, _Thing],
    as_of: date | None,
) -> Row:  # fmt: skip
    holder, post = things.get(_first(values, "holder") or ""), things.get(_first(values, "post") or "")
    if holder is None or post is None:
        raise Wrong("holder or post is not in the file")
    seen = _first(values, "modifiedAt", "retrievedAt") or entity.get("last_seen") or entity.get("last_change")
    return Row(
        name=holder.name,
        title=post.name,
        aliases=holder.aliases,
        qid=holder.qid,
        position=post.qid,
        organization=post.organization,
        country=post.country,
        start=day_of(_first(values, "startDate", "periodStart"), "startDate"),
        end=day_of(_first(values, "endDate", "periodEnd"), "endDate"),
        as_of=one_day(seen, "last_seen") or as_of,
        acting=_first(values, "status") == "acting",
        source=_first(values, "publisher", "sourceUrl") or "followthemoney",
    )
