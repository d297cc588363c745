"""buckets: sets under keys, where an empty one is none."""

from __future__ import annotations


def discard(sets: dict[str, set[str]], key: str, name: str) -> None:
    """Take a name out of the set of a key, and the key away with its last name; either may be absent.

    >>> sets = {"a": {"x"}}
    >>> discard(sets, "a", "x"), sets
    (None, {})
    """
    found = sets.get(key)
    if found is not None:
        found.discard(name)
        if not found:
            del sets[key]
