"""State: one partition of a table as frozen models with a schema version, changed all at once or not at all.

Below lies a mapping of bytes to bytes; above it a step sees `str` → model. In order:

1. a step reads and writes through the state; what it writes stays in `pending`, and reads see it;
2. `encode` turns pending changes into bytes and refuses (`Permanent`, LIMIT) what no changelog record can
   hold;
3. `write` puts them into the mapping, or `roll_back` forgets them, with everything derived from this state.

A stored value is the schema version in ASCII digits, a space, and the model's JSON. A value of an older
version is brought up by `UPCASTS`; one of a version that nobody knows raises `UnknownState`: the worker must
not run on it. Changing a model in place is not possible (they are frozen): assign a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson

from schemas.base import Value
from streams.core.outcome import CommuniqueError, Permanent
from streams.topics import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from streams.topics import TableSpec

M = TypeVar("M", bound=Value)
D = TypeVar("D")

RECORD_OVERHEAD_BYTES = 1024
"""Room for a record's own framing below the topic's limit."""

UPCASTS: dict[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""(table, version) → the function that makes version + 1 of a value's JSON. Empty until a version 2
exists."""


class UnknownState(CommuniqueError):
    """A table holds a value of a version that this code cannot read.

    Run the code that wrote it, or rebuild the table.
    """


def dump(value: Value, version: int) -> bytes:
    """Return the stored form of a value. The same value gives the same bytes."""
    return b"%d %s" % (version, value.__pydantic_serializer__.to_json(value, by_alias=True))


def load(raw: bytes, spec: TableSpec) -> Any:  # noqa: ANN401  # the table's model
    """Return the model of a stored value; raise `UnknownState` when its version cannot be read."""
    head, _, body = raw.partition(b" ")
    version = int(head) if head.isdigit() else -1
    if version == spec.schema_version:
        return spec.value.model_validate_json(body)
    return spec.value.model_validate(_upcast(orjson.loads(body) if version > 0 else {}, spec, version))


def _upcast(body: dict[str, Any], spec: TableSpec, version: int) -> dict[str, Any]:
    if version < 1 or version > spec.schema_version:
        msg = f"table {spec.name} holds version {version}, this code reads {spec.schema_version}"
        raise UnknownState(msg)
    for step in range(version, spec.schema_version):
        if (spec.name, step) not in UPCASTS:
            msg = f"table {spec.name} holds version {version}, none brings {step} to {step + 1}: rebuild it"
            raise UnknownState(msg)
        body = UPCASTS[spec.name, step](body)
    return body


class State(MutableMapping[str, M], Generic[M]):
    """See the module. Keys are text, stored as UTF-8."""

    def __init__(
        self, raw: MutableMapping[bytes, bytes], spec: TableSpec, touch: Callable[[State[Any]], object] = id
    ) -> None:
        self.raw = raw
        self._spec = spec
        self._touch = touch
        self._pending: dict[str, M | None] = {}
        self._derived: dict[Hashable, Any] = {}

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __getitem__(self, key: str) -> M:
        found = self._pending[key] if key in self._pending else self._stored(key)
        if found is None:
            raise KeyError(key)
        return found

    def _stored(self, key: str) -> M | None:
        raw = self.raw.get(key.encode())
        return None if raw is None else load(raw, self._spec)

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return False
        return self._pending[key] is not None if key in self._pending else key.encode() in self.raw

    def __setitem__(self, key: str, value: M) -> None:
        self._touch(self)
        self._pending[key] = value

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._touch(self)
        self._pending[key] = None

    def __iter__(self) -> Iterator[str]:
        for raw_key in list(self.raw):
            if (key := raw_key.decode()) not in self._pending:
                yield key
        yield from [key for key, value in self._pending.items() if value is not None]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def scan(self) -> Iterator[tuple[str, Any]]:
        """Yield all keys with their values as the JSON they are stored as, unchecked: three times as fast."""
        version = self._spec.schema_version
        current = b"%d " % version
        for raw_key in list(self.raw):
            key = raw_key.decode()
            if key not in self._pending:
                raw = self.raw[raw_key]
                fresh = raw if raw.startswith(current) else dump(load(raw, self._spec), version)
                yield key, orjson.loads(fresh[len(current) :])
        for key, value in list(self._pending.items()):
            if value is not None:
                yield key, value.model_dump(mode="json", by_alias=True)

    def derived(self, key: Hashable, build: Callable[[State[M]], D]) -> D:
        """Return what `build` makes of this state, made once in an assignment.

        Whoever changes the state keeps it up to date.

        It is forgotten when a step that asked for it, or changed the state, fails.
        """
        self._touch(self)
        if key not in self._derived:
            self._derived[key] = build(self)
        made: D = self._derived[key]
        return made

    def encode(self) -> list[tuple[bytes, bytes | None]]:
        """Return the pending changes as bytes, in the order they were made.

        Raise `Permanent` LIMIT for one that is too large.
        """
        changes = [
            (key.encode(), None if value is None else dump(value, self._spec.schema_version))
            for key, value in self._pending.items()
        ]
        for key, value in changes:
            if len(key) + len(value or b"") + RECORD_OVERHEAD_BYTES > MAX_RECORD_BYTES:
                msg = f"a value of table {self._spec.name} would have {len(value or b'')} bytes"
                raise Permanent("LIMIT", msg)
        return changes

    def write(self, changes: list[tuple[bytes, bytes | None]]) -> None:
        """Put encoded changes into the mapping."""
        self._pending.clear()
        for key, value in changes:
            if value is not None:
                self.raw[key] = value
            elif key in self.raw:
                del self.raw[key]

    def roll_back(self) -> None:
        """Forget what was not written, and everything derived."""
        self._pending.clear()
        self._derived.clear()
