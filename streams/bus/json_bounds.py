"""json_bounds: look at JSON bytes before a parser does, in time linear in their length.

In order: name what is plainly no JSON text (empty, gzip, UTF-16, a byte order mark); bound the members and
items, and the depth. Most bodies have so few brackets and commas, those inside strings included, that
counting bytes is enough; for others the strings are taken out first, and brackets peeled off from inside,
one level a pass, at most `max_depth` passes. A parser that is then let loose meets no more depth and no more
members than allowed.

Afterwards `key_twice` tells whether an object had a key twice, which parsers pass over: the text then has
more strings than what was parsed.

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
_ANY_MAGIC = tuple(magic for magic, _ in _MAGIC)


def check(body: bytes, *, max_depth: int, max_fields: int) -> None:
    """Refuse what must not reach a parser."""
    _refuse_by_look(body)
    brackets = body.count(b"[") + body.count(b"{")
    if brackets <= max_depth and brackets + body.count(b",") <= max_fields:
        return
    structure = _STRING.sub(b"", body).translate(None, _NOT_STRUCTURE)
    fields = structure.count(b",") + structure.count(b"{") + structure.count(b"[")
    if fields > max_fields:
        msg = f"more than {max_fields} members and items (guard.max_json_fields)"
        raise Permanent("LIMIT", msg)
    _refuse_depth(structure, max_depth)


def _refuse_by_look(body: bytes) -> None:
    if not body or body.isspace():
        raise Permanent("SCHEMA", "an empty value")
    if body.startswith(_ANY_MAGIC):
        raise Permanent("SCHEMA", next(name for magic, name in _MAGIC if body.startswith(magic)))
    if b"\0" in body:
        wide = b"\0" in body[:4]
        raise Permanent("SCHEMA", "UTF-16 or UTF-32: JSON on the bus is UTF-8" if wide else "a NUL byte")


def _refuse_depth(structure: bytes, max_depth: int) -> None:
    brackets = structure.translate(None, b":,")
    for _ in range(max_depth):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"\0").replace(b"{}", b"\0").replace(b"\0", b"")
    if brackets:
        msg = f"nested deeper than {max_depth}, or brackets that do not match (guard.max_json_depth)"
        raise Permanent("SCHEMA", msg)


def key_twice(body: bytes, parsed: object) -> bool:
    """Say whether an object in `body`, which was parsed as `parsed`, has a key twice."""
    return _strings_in(body) != strings(parsed)


def _strings_in(body: bytes) -> int:
    """Return how many strings a valid JSON text has.

    Without an escaped backslash, each backslash before a quote says that the quote is inside of a string.
    """
    if b"\\\\" in body:
        return len(_STRING.findall(body))
    return (body.count(b'"') - body.count(b'\\"')) // 2


def strings(value: object) -> int:
    """Return how many strings a parsed value has, keys included."""
    found = int(isinstance(value, str))
    for part in _containers(value):
        if isinstance(part, dict):
            found += len(part) + sum(isinstance(item, str) for item in part.values())
        else:
            found += sum(isinstance(item, str) for item in part)
    return found


def _containers(value: object) -> Iterator[dict[str, Any] | list[Any]]:
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, dict | list):
            yield part
            items = part.values() if isinstance(part, dict) else part
            stack.extend(item for item in items if isinstance(item, dict | list))


def has_nul(value: object) -> bool:
    """Say whether a parsed value has a NUL character in a string or a key."""
    return any(
        isinstance(text, str) and "\0" in text
        for part in _containers(value)
        for text in (part if isinstance(part, list) else [*part, *part.values()])
    )
