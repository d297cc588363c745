"""json_bounds: look at JSON bytes before a parser does, in time linear in their length.

In order: name what is plainly no JSON text (empty, gzip, UTF-16, a byte order mark); take the strings out;
count members and items; peel brackets off from inside, one level a pass, at most `depth` passes. A parser
that is then let loose meets no more depth and no more members than allowed. It also counts colons, so that
duplicate keys can be told after parsing: a JSON object with a key twice has more colons than the parsed one
has members.

Refuses with `Permanent`: SCHEMA for what is no acceptable JSON, LIMIT for what is too much of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from streams.core.outcome import Permanent

if TYPE_CHECKING:
    from collections.abc import Iterator

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""Possessive, so that it never goes back; an unfinished string ends with the input, so that it is not tried
again from each quote in it. Both keep it linear."""

_NOT_STRUCTURE = bytes(sorted(set(range(256)) - set(b"{}[]:,")))
_MAGIC = (
    (b"\x1f\x8b", "gzip bytes: a value is JSON, compress with the producer instead"),
    (b"\xff\xfe", "UTF-16: JSON on the bus is UTF-8"),
    (b"\xfe\xff", "UTF-16: JSON on the bus is UTF-8"),
    (b"\xef\xbb\xbf", "a byte order mark before the JSON"),
    (b"\x28\xb5\x2f\xfd", "zstd bytes: a value is JSON, compress with the producer instead"),
)


def check(body: bytes, *, max_depth: int, max_fields: int) -> int:
    """Refuse what must not reach a parser.

    Return the number of members that all objects of the body have together.
    """
    _refuse_by_look(body)
    structure = _STRING.sub(b"", body).translate(None, _NOT_STRUCTURE)
    fields = structure.count(b",") + structure.count(b"{") + structure.count(b"[")
    if fields > max_fields:
        msg = f"more than {max_fields} members and items (guard.max_json_fields)"
        raise Permanent("LIMIT", msg)
    _refuse_depth(structure, max_depth)
    return structure.count(b":")


def _refuse_by_look(body: bytes) -> None:
    if not body.strip():
        raise Permanent("SCHEMA", "an empty value")
    for magic, name in _MAGIC:
        if body.startswith(magic):
            raise Permanent("SCHEMA", name)
    if b"\0" in body[:4]:
        raise Permanent("SCHEMA", "UTF-16 or UTF-32: JSON on the bus is UTF-8")
    if b"\0" in body:
        raise Permanent("SCHEMA", "a NUL byte")


def _refuse_depth(structure: bytes, max_depth: int) -> None:
    brackets = structure.translate(None, b":,")
    for _ in range(max_depth):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"\0").replace(b"{}", b"\0").replace(b"\0", b"")
    if brackets:
        msg = f"nested deeper than {max_depth}, or brackets that do not match (guard.max_json_depth)"
        raise Permanent("SCHEMA", msg)


def members(value: object) -> int:
    """Return how many members all objects in a parsed value have together."""
    return sum(len(part) for part in _containers(value) if isinstance(part, dict))


def _containers(value: object) -> Iterator[dict[str, Any] | list[Any]]:
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            yield part
            stack.extend(item for item in part.values() if isinstance(item, dict | list))
        elif isinstance(part, list):
            stack.extend(item for item in part if isinstance(item, dict | list))


def has_nul(value: object) -> bool:
    """Say whether a parsed value has a NUL character in a string or a key."""
    return any(
        isinstance(text, str) and "\0" in text
        for part in _containers(value)
        for text in (part if isinstance(part, list) else [*part, *part.values()])
    )
