"""Shipped: the compact registry of `shipped.toml`, as rows."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING, cast

from streams.core.offices.model import fuzzy
from streams.core.offices.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator


def rows() -> Iterator[Row]:
    """Yield the shipped rows, whose `source` begins with `communique`."""
    yield from parsed(files("streams.offices").joinpath("shipped.toml").read_text(encoding="utf-8"))


def parsed(text: str) -> Iterator[Row]:
    """Yield the rows of a file of this form (its head says what it holds)."""
    tables = cast("dict[str, list[dict[str, object]]]", tomllib.loads(text))
    for table in tables["office"]:
        title = cast("str", table["title"])
        for holder in cast("list[str]", table["holders"]):
            start, end, qid, names = holder.split(maxsplit=3)
            name, *aliases = (each.strip() for each in names.split("/"))
            yield Row(
                name=name.removesuffix(_ACTING),
                title=title,
                aliases=tuple(aliases),
                qid=_known(qid),
                position=cast("str | None", table.get("position")),
                organization=cast("str | None", table.get("organization")),
                country=cast("str | None", table.get("country")),
                start=fuzzy(_known(start)),
                end=fuzzy(_known(end)),
                as_of=cast("date", table["as_of"]),
                acting=name.endswith(_ACTING),
                source="communique/shipped",
            )


_ACTING = " (acting)"


def _known(word: str) -> str | None:
    return None if word == "-" else word
