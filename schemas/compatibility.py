"""What differs between two schemas, and what that does to a reader of the old one.

Rules (a reader validates and decodes with the old schema, new bodies come): a new optional field, a removed
constraint on what nobody sends, a changed word are compatible. Breaking: a field that is gone, that changed
its type, that allows what it did not (null, another value of a closed set, a wider number), or that is no
longer promised; and for producers a field that is newly required. A breaking change makes a new version with
a step in `schemas.registry.UPCASTS`.

Source: the compatibility types of schema registries (backward, forward, full), applied to JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from schemas.json_schema import Json, structure

_MISSING: Final = "nothing"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `at` is the path of the field, e.g. `Span.start`; empty for the event itself."""

    at: str
    what: str
    breaking: bool


def changes(old: dict[str, Json], new: dict[str, Json]) -> tuple[Change, ...]:
    """Return what differs in structure, in the order of the old schema; () when nothing binding does."""
    return tuple(_object(structure(old), structure(new), ""))


def _object(old: Json, new: Json, at: str) -> Iterator[Change]:
    before, after = _dict(old), _dict(new)
    yield from _properties(before, after, at)
    yield from _required(before, after, at)
    yield from _parts(_dict(before.get("$defs")), _dict(after.get("$defs")))
    for key in sorted((before.keys() | after.keys()) - {"properties", "required", "$defs"}):
        if before.get(key, _MISSING) != after.get(key, _MISSING):
            yield _keyword(at, key, before.get(key, _MISSING), after.get(key, _MISSING))


def _properties(old: dict[str, Json], new: dict[str, Json], at: str) -> Iterator[Change]:
    before, after = _dict(old.get("properties")), _dict(new.get("properties"))
    for name, field in before.items():
        if name not in after:
            yield Change(f"{at}{name}", "is gone", breaking=True)
        elif field != after[name]:
            yield from _field(_dict(field), _dict(after[name]), f"{at}{name}")
    for name in after.keys() - before.keys():
        yield Change(f"{at}{name}", "is new", breaking=name in _list(new.get("required")))


def _field(old: dict[str, Json], new: dict[str, Json], at: str) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        if old.get(key, _MISSING) != new.get(key, _MISSING):
            yield _keyword(at, key, old.get(key, _MISSING), new.get(key, _MISSING))


def _keyword(at: str, key: str, old: Json, new: Json) -> Change:
    return Change(at, f"{key}: {_short(old)} is now {_short(new)}", breaking=key != "default")


def _required(old: dict[str, Json], new: dict[str, Json], at: str) -> Iterator[Change]:
    before, after = _list(old.get("required")), _list(new.get("required"))
    for name in before:
        if name not in after and name in _dict(new.get("properties")):
            yield Change(f"{at}{name}", "is no longer promised", breaking=True)
    for name in after:
        if name not in before and name in _dict(old.get("properties")):
            yield Change(f"{at}{name}", "is now required", breaking=True)


def _parts(old: dict[str, Json], new: dict[str, Json]) -> Iterator[Change]:
    for name, part in old.items():
        if name in new:
            yield from _object(part, new[name], f"{name}.")
        else:
            yield Change(name, "is gone", breaking=True)
    for name in new.keys() - old.keys():
        yield Change(name, "is new", breaking=False)


def _dict(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _short(value: Json) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
