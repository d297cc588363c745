"""toml_lines: where in a TOML text a table or a key stands, and which known name a wrong one is nearest to.

The parser of the standard library tells no lines of what it read; this looks for them in the text, once.
A key inside a string of several lines may be taken for one: a line is a help, not a fact.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_HEADER: Final = re.compile(r"\s*(\[{1,2})\s*([^\[\]]{1,200})\]")
_KEY: Final = re.compile(r"\s*[\"']?([\w-]{1,100})[\"']?\s*[=.]")
_LOOKED_AT: Final = 200
"""Characters of a line that are looked at."""
_NAME_CHARS: Final = 60
"""Names longer than this are near to nothing."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines, from 1. A table is known by its title, its first name's place in a list of tables, and a key."""

    found: Mapping[tuple[str, int, str], int]

    @classmethod
    def of(cls, text: str) -> Lines:
        """Look through a TOML text."""
        found: dict[tuple[str, int, str], int] = {}
        counts: dict[str, int] = {}
        title, number = "", 0
        for line, content in enumerate(text.split("\n"), 1):
            if header := _HEADER.match(content, 0, _LOOKED_AT):
                title = ".".join(part.strip().strip("\"'") for part in header[2].split("."))
                root = title.partition(".")[0]
                if header[1] == "[[" and root == title:
                    counts[root] = counts.get(root, -1) + 1
                number = max(0, counts.get(root, 0))
                found.setdefault((title, number, ""), line)
                found.setdefault((root, number, ""), line)
            elif key := _KEY.match(content, 0, _LOOKED_AT):
                found.setdefault((title, number, key[1]), line)
        return cls(found)

    def at(self, title: str, key: str | None = None, number: int = 0) -> int | None:
        r"""Return the line of a key in a table, else of the table, else of what holds it; None: not told.

        >>> Lines.of("[[a]]\nb = 1\n[[a]]\n[a.c]\nd = 2").at("a.c", "d", 1)
        5
        """
        looked_for = [(title, number, key or ""), (title, number, "")]
        outer, _, last = title.rpartition(".")
        looked_for += [(outer, number, last), (outer, number, ""), ("", 0, title.partition(".")[0])]
        return next((self.found[each] for each in looked_for if each in self.found), None)


def near(name: str, known: Iterable[str]) -> str:
    """Return a hint at the nearest known name, "" when none is near.

    >>> near("ofice", ["office", "outlet"]), near("x", ["office"])
    (': did you mean office?', '')
    """
    plain = {each.casefold(): each for each in known}
    short = name[:_NAME_CHARS].casefold()
    close = difflib.get_close_matches(short, list(plain), n=1, cutoff=0.5)
    return f": did you mean {plain[close[0]]}?" if close else ""
