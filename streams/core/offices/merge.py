"""Merge: rows from several files into people with their tenures, the same whatever the order of the rows.

People are one who share a Wikidata id; rows without one, of one name and country (one
name, among the shipped), belong to the only person of the name who holds one of their offices there, else
they are one more person. Tenures of a person
are one when they are of one office (position id, or title, country and body) and begin on days that may be
the same. Bounds then close in where both sources agree, and open where they do not: doubt is kept.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from streams.core.offices.fit import SINGLE
from streams.core.offices.model import Fuzzy, Office, Person, Tenure
from streams.core.offices.names import normal
from streams.core.offices.packed import Entry
from streams.core.offices.rows import Row, tenure_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

_APART: Final = timedelta(days=45)
"""Sources differ by up to so much on a day: election, oath, taking over. One who lists each cabinet by itself
differs by more on the last day: both are kept."""

_Group = tuple[str, ...]


def merged(rows: Iterable[Row]) -> Iterator[Entry]:
    """Yield people with their tenures, ordered by id, then name; each is forgotten once it is yielded."""
    known: dict[_Group, list[Row]] = defaultdict(list)
    shipped: dict[str, list[Row]] = defaultdict(list)
    nameless: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.qid:
            known[row.qid,].append(row)
        elif _is_shipped(row):
            shipped[normal(row.name)].append(row)
        else:
            nameless[normal(row.name), _place(row)[1]].append(row)
    places = _places(known, {*shipped, *(name for name, _ in nameless)})
    for name, own in shipped.items():
        key = _owner(name, {_place(row) for row in own}, places) or ("", name)
        known[key] += own
        places[name][key].update(_place(row) for row in own)
    for (name, where), own in nameless.items():
        known[_owner(name, {_place(row) for row in own}, places) or ("", name, where)] += own
    for key in sorted(known):
        yield _entry(known.pop(key))


def _is_shipped(row: Row) -> bool:
    """Say whether a row is ours: there a name is one person's."""
    return (row.source or "").startswith("communique")


def _places(
    known: dict[_Group, list[Row]], wanted: Collection[str]
) -> dict[str, dict[_Group, set[_Group]]]:
    """Return for each wanted name who bears it, and the offices and places of each."""
    found: dict[str, dict[_Group, set[_Group]]] = defaultdict(lambda: defaultdict(set))
    for key, rows in known.items():
        for row in rows if wanted else ():
            for name in {normal(each) for each in (row.name, *row.aliases)}:
                if name in wanted:
                    found[name][key].add(_place(row))
    return found


def _place(row: Row) -> _Group:
    tenure = tenure_of(row)
    return tenure.office.value, tenure.country or tenure.body or ""


def _owner(
    name: str, held: Collection[_Group], places: dict[str, dict[_Group, set[_Group]]]
) -> _Group | None:
    """Return the only person of a name who held one of the offices there; None: nobody, or several."""
    owners = [
        key for key, known in places.get(name, {}).items()
        if any(place in known and place[1] for place in held)
    ]  # fmt: skip
    return owners[0] if len(owners) == 1 else None


def _entry(rows: Sequence[Row]) -> Entry:
    rows = sorted(rows, key=_order)
    names: dict[str, str] = {}
    for row in rows:
        for name in (row.name, *row.aliases):
            names.setdefault(normal(name), name)
    name, *aliases = names.values()
    qid = next((row.qid for row in rows if row.qid), None)
    return Entry(Person(0, name, tuple(aliases), qid), tuple(_tenures([tenure_of(row) for row in rows])))


def _order(row: Row) -> tuple[str, ...]:
    """Order rows: the shipped ones first, for their names are those of the English press."""
    shipped = "0" if _is_shipped(row) else "1"
    days = (str(each or "") for each in (row.start, row.end, row.as_of))
    rest = (row.source or "", row.name, row.position or "", row.organization or "", *row.aliases)
    return shipped, row.title, *days, *rest


def _tenures(tenures: Sequence[Tenure]) -> list[Tenure]:
    groups: dict[_Group, list[Tenure]] = defaultdict(list)
    for tenure in tenures:
        known = groups[_same_office(tenure)]
        at = next((n for n, other in enumerate(known) if _same_time(other, tenure)), None)
        if at is None:
            known.append(tenure)
        else:
            known[at] = _one(known[at], tenure)
    return sorted((each for known in groups.values() for each in known), key=_when)


def _when(tenure: Tenure) -> tuple[str, str, str, str]:
    return str(tenure.start or ""), str(tenure.end or "9"), tenure.title, tenure.position_id or ""


def _same_office(tenure: Tenure) -> _Group:
    place = tenure.country or "", str(tenure.deputy)
    if tenure.office in SINGLE and tenure.rank:
        return tenure.office.value, tenure.rank, "" if tenure.country else tenure.body or "", *place
    if tenure.office is Office.SPOKESPERSON and tenure.body:
        return tenure.office.value, tenure.body, *place
    return tenure.position_id or normal(tenure.title), *place


def _same_time(one: Tenure, other: Tenure) -> bool:
    if one.start is None or other.start is None:
        return one.start is other.start and (one.end is None or other.end is None or one.end == other.end)
    if one.end and other.end and not _near(one.end, other.end):
        return False
    return _near(one.start, other.start)


def _near(one: Fuzzy, other: Fuzzy) -> bool:
    return one.first - other.last <= _APART and other.first - one.last <= _APART


def _one(first: Tenure, second: Tenure) -> Tenure:
    """Return one tenure from two accounts of it: the first one's words, what is known of both."""
    end = _both(first.end, second.end) if first.end and second.end else first.end or second.end
    days = [each for each in (first.as_of, second.as_of) if each]
    return replace(
        first,
        position_id=first.position_id or second.position_id,
        organization=first.organization or second.organization,
        body=first.body or second.body,
        start=_both(first.start, second.start) if first.start and second.start else None,
        end=end,
        as_of=None if end else max(days, default=None),
        acting=first.acting and second.acting,
    )


def _both(one: Fuzzy, other: Fuzzy) -> Fuzzy:
    """Return the days that both allow, else all from the earliest to the latest."""
    inner = Fuzzy(max(one.first, other.first), min(one.last, other.last))
    outer = Fuzzy(min(one.first, other.first), max(one.last, other.last))
    return inner if inner.first <= inner.last else outer
