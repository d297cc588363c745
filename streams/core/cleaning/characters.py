r"""Characters: what counts as a line end, as blank, as invisible; and what is no text at all.

Code points throughout.

Order of steps on a text, each linear:
1. content that is binary is refused (`not_text`);
2. what was read in the wrong encoding or escaped is mended, and each change recorded (`mending`);
3. invisible characters (C0 and DEL, soft hyphen, zero-width space, word joiner, byte order mark, bidi
overrides and isolates, noncharacters) are left out of the clean text: they carry no words and can hide them.
Joiners, which Persian and emoji need, and left-to-right and right-to-left marks stay;
4. a line ends at any of CR LF, LF, CR, VT, FF, FS, GS, RS, NEL, LS, PS (as `str.splitlines` has it);
5. white space at the ends of lines is left out; inside a line it stays as it is (NBSP, tab, …). Nothing else
is composed or folded: what stays is the raw text, so that every span of it slices the same there.
"""

from __future__ import annotations

import re
from typing import Final

LINE_END: Final = "\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
"""For a character class."""

_HIDDEN: Final = (
    "\x00-\x08\x0e-\x1b\x1f\x7f\u00ad\u200b\u2060-\u2064\ufeff\u202a-\u202e\u2066-\u2069\ufffe\uffff"
)
INVISIBLE: Final = re.compile(f"[{_HIDDEN}]+")

BLANK: Final = "".join(c for c in map(chr, range(0x1_0000)) if c.isspace() or INVISIBLE.match(c))
"""What is stripped from the ends of a line."""

# fmt: off
_MAGIC: Final = (
    "\x1f\x8b", "\x1f\ufffd", "PK\x03\x04", "%PDF-", "\x89PNG", "\ufffdPNG", "GIF87a",
    "GIF89a", *(f"BZh{level}1AY" for level in range(1, 10)), "\xff\xd8\xff", "7z\xbc\xaf",
)
# fmt: on
_CONTROL: Final = re.compile("[\x01-\x08\x0e-\x1a\x7f\ufffd]")
_LOOKED_AT: Final = 16_384
_MOST_CONTROL: Final = 0.05
"""A text file in a wrong 8-bit encoding stays under it; compressed bytes read as text have a quarter."""


def why_not_text(content: str) -> str | None:
    r"""Return why `content` is no text (for people), None when it is.

    >>> why_not_text("H\x00e\x00l\x00l\x00o\x00")
    'holds NUL: UTF-16, or binary'
    """
    if "\x00" in content:
        return "holds NUL: UTF-16, or binary"
    if content.startswith(_MAGIC):
        return "begins like a compressed or binary file"
    try:
        content.encode()
    except UnicodeEncodeError:
        return "holds lone surrogates: no Unicode text"
    head = content[:_LOOKED_AT]
    if len(_CONTROL.findall(head)) > _MOST_CONTROL * len(head):
        return "is full of control characters"
    return None
