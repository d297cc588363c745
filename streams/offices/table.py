"""CSV: our columns, or those of the Wikidata query of docs/offices.md (as CSV or JSON).

Ours: name, title; and, when known: aliases (parted by `;`), qid, position_qid, organization, country, start,
end, as_of, acting (true), source. Wikidata's: person, personLabel, position, positionLabel; and aliases
(parted by `|`), country, organizationLabel, start, startPrecision, end, endPrecision. Precision: 9 year, 10
month, 11 day. Other columns are passed over.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import orjson

from streams.core.offices.model import Fuzzy, fuzzy
from streams.core.offices.rows import Row
from streams.offices.found import LONGEST_LINE_BYTES, Bad, Wrong, day_of, one_day, qid_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date

_LENGTHS: Final = {"9": 4, "10": 7, "11": 10}
"""Wikidata's precision → how much of YYYY-MM-DD holds."""


def read_csv(stream: BinaryIO, place: str, as_of: date | None) -> Iterator[tuple[str, Row] | Bad]:
    """Yield the rows of a CSV file, whichever columns it has."""
    csv.field_size_limit(LONGEST_LINE_BYTES)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    reader = csv.DictReader(text, restkey="rest")
    try:
        wikidata = "personLabel" in (reader.fieldnames or ())
        if not wikidata and not {"name", "title"} <= set(reader.fieldnames or ()):
            yield Bad(f"{place}:1", "no columns name and title, nor those of the Wikidata query")
            return
        numbered = ((f"{place}:{reader.line_num}", cast("Mapping[str, object]", row)) for row in reader)
        yield from _rows(numbered, _wikidata if wikidata else _ours, as_of)
    except csv.Error as error:
        yield Bad(f"{place}:{reader.line_num}", f"no CSV: {error}")


def read_json(stream: BinaryIO, place: str, as_of: date | None) -> Iterator[tuple[str, Row] | Bad]:
    """Yield the rows of a Wikidata query's JSON: SPARQL results, or the list that its page saves."""
    try:
        value: object = orjson.loads(stream.read(_LARGEST_JSON_BYTES))
    except orjson.JSONDecodeError as error:
        yield Bad(place, f"no JSON: {error}")
        return
    if isinstance(value, dict):
        value = cast("dict[str, dict[str, object]]", value).get("results", {}).get("bindings")
    if not isinstance(value, list):
        yield Bad(place, "no list of results")
        return
    numbered = ((f"{place}: result {n}", _flat(each)) for n, each in enumerate(value, 1))
    yield from _rows(numbered, _wikidata, as_of)


_LARGEST_JSON_BYTES: Final = 400_000_000


def _flat(result: object) -> Mapping[str, object]:
    """Return a result's columns: SPARQL's `{"type": …, "value": …}` or the value itself."""
    if not isinstance(result, dict):
        return {}
    return {
        str(name): value.get("value") if isinstance(value, dict) else value for name, value in result.items()
    }


def _rows(
    numbered: Iterable[tuple[str, Mapping[str, object]]],
    row_of: Callable[[Mapping[str, object], date | None], Row],
    as_of: date | None,
) -> Iterator[tuple[str, Row] | Bad]:
    for where, columns in numbered:
        try:
            yield where, row_of(columns, as_of)
        except Wrong as error:
            yield Bad(where, str(error))


def _ours(columns: Mapping[str, object], as_of: date | None) -> Row:
    aliases = (text_of(columns.get("aliases"), "aliases") or "").split(";")
    return Row(
        name=text_of(columns.get("name"), "name") or "",
        title=text_of(columns.get("title"), "title") or "",
        aliases=tuple(each.strip() for each in aliases if each.strip()),
        qid=text_of(columns.get("qid"), "qid"),
        position=text_of(columns.get("position_qid"), "position_qid"),
        organization=text_of(columns.get("organization"), "organization"),
        country=text_of(columns.get("country"), "country"),
        start=day_of(columns.get("start"), "start"),
        end=day_of(columns.get("end"), "end"),
        as_of=one_day(columns.get("as_of"), "as_of") or as_of,
        acting=(text_of(columns.get("acting"), "acting") or "").lower() in ("true", "1", "yes"),
        source=text_of(columns.get("source"), "source"),
    )


def _wikidata(columns: Mapping[str, object], as_of: date | None) -> Row:
    aliases = (text_of(columns.get("aliases"), "aliases") or "").split("|")
    country = text_of(columns.get("country"), "country")
    return Row(
        name=text_of(columns.get("personLabel"), "personLabel") or "",
        title=text_of(columns.get("positionLabel"), "positionLabel") or "",
        aliases=tuple(each.strip() for each in aliases if each.strip()),
        qid=qid_of(columns.get("person")),
        position=qid_of(columns.get("position")),
        organization=text_of(columns.get("organizationLabel"), "organizationLabel"),
        country=country.upper() if country else None,
        start=_precise(columns, "start"),
        end=_precise(columns, "end"),
        as_of=as_of,
        source="wikidata",
    )


def _precise(columns: Mapping[str, object], name: str) -> Fuzzy | None:
    """Return a day as exact as its precision; a value without a date ("unknown value") is None."""
    value = text_of(columns.get(name), name)
    if value is None or not value.lstrip("+")[:4].isdigit():
        return None
    length = _LENGTHS.get(text_of(columns.get(f"{name}Precision"), name) or "11", 4)
    try:
        return fuzzy(value.lstrip("+")[:length])
    except ValueError:
        raise Wrong(f"{name} is no date: {value!r:.40}") from None
