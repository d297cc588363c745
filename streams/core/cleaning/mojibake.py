"""Mojibake: what UTF-8 looks like when it was read as Windows-1252 or Latin-1, and what was meant.

A sequence counts where no language writes it, in this order:
1. â€., â‚., â„., âˆ. and ï»¿: punctuation, currency, letter-like and mathematical signs, byte order mark;
"â€" alone is a closing mark whose last byte (9D) was dropped;
2. ðŸ..: emoji;
3. Â or Ã and one more: the letters and signs of Latin-1. "Ã" between a capital and a mark that ends a word
("IRMÃ”") is a letter;
4. Ä or Å and one more beside a small letter: the letters of Latin Extended-A, as in "ErdoÄŸan";
5. three or more pairs of other lead bytes, or two or more triples, in a row: Cyrillic, Greek, Chinese, …
(one or two may be "CAFÉ™").
Each decodes to what can be seen, or it stays. The idea, and which sequences are safe, is ftfy's (ADR 0010).
"""

from __future__ import annotations

from typing import Final


def _byte_forms() -> dict[str, int]:
    """Return the characters that a byte from 80 to FF may have become, and the byte."""
    forms = {chr(byte): byte for byte in range(0x80, 0x100)}
    for byte in range(0x80, 0xA0):
        char = bytes([byte]).decode("cp1252", "ignore")
        if char:
            forms[char] = byte
    return forms


_BYTES: Final = _byte_forms()


def _any(first: int, last: int) -> str:
    """Return the characters of the bytes `first` to `last`, for a character class."""
    return "".join(char for char, byte in _BYTES.items() if first <= byte <= last)


_NEXT: Final = f"[{_any(0x80, 0xBF)}]"
SUSPECT: Final = (
    f"(?:â[{_any(0x80, 0x82)}{_any(0x84, 0x84)}{_any(0x88, 0x88)}]{_NEXT}|ï»¿|â€\ufffd?(?!&)"
    f"|ð[{_any(0x9F, 0x9F)}]{_NEXT}{_NEXT}"
    f"|(?:[{_any(0xC4, 0xDF)}]{_NEXT}){{3,}}|(?:[{_any(0xE3, 0xEF)}]{_NEXT}{_NEXT}){{2,}}"
    f"|Â[{_any(0xA0, 0xBF)}]|Ã{_NEXT}|(?<=[a-z])[ÄÅ]{_NEXT}|[ÄÅ]{_NEXT}(?=[a-z]))"
)
"""A pattern; linear: no repetition in it can begin in two ways."""

_CLOSING_MARK: Final = ("â€", "â€\ufffd")
_ENDS_A_WORD: Final = frozenset("\u2018\u2019\u201a\u201c\u201d\u201e\u2026\u2013\u2014\u2122\u203a\u00bb")


def meant(text: str, start: int, end: int) -> str | None:
    """Return what `text[start:end]`, found by `SUSPECT`, was; None when it may be as it was meant.

    >>> meant("cafÃ©", 3, 5)
    'é'
    """
    before = text[start:end]
    if before in _CLOSING_MARK:
        return "\u201d"
    if before[0] == "Ã" and before[1] in _ENDS_A_WORD and _is_letter(text, start, end):
        return None
    try:
        found = bytes(_BYTES[char] for char in before).decode()
    except UnicodeDecodeError:
        return None
    punctuation = before[0] in "âï"
    return (
        found if punctuation or all(char.isprintable() or char in "\u00a0\u00ad" for char in found) else None
    )


def _is_letter(text: str, start: int, end: int) -> bool:
    return text[start - 1 : start].isupper() and start > 0 and not text[end : end + 1].isalpha()
