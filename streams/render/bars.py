"""bars: shares and counts as small SVG pictures, self-contained. The same numbers give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

COLOURS: Final = {"same": "#8c959f", "added": "#1a7f37", "removed": "#d1242f", "changed": "#bf8700"}
_WIDTH, _ROW, _LABEL, _VALUE = 820, 24, 190, 230


class Bar(NamedTuple):
    """One row: parts by name of `COLOURS`, in order; `told`: what stands behind it."""

    label: str
    parts: Sequence[tuple[str, float]]
    told: str = ""


def svg(title: str, bars: Sequence[Bar]) -> str:
    """Return the picture: rows of one length each, or, where totals differ, in proportion to the greatest."""
    height = _ROW * max(1, len(bars)) + 8
    most = max((sum(value for _, value in bar.parts) for bar in bars), default=0) or 1
    rows = [line for number, bar in enumerate(bars) for line in _row(bar, 4 + number * _ROW, most)]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="100%" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="currentColor">'
    )
    return "\n".join([opening, f"<title>{escape(title)}</title>", *rows, "</svg>"])


def _row(bar: Bar, top: int, most: float) -> list[str]:
    label = bar.label if len(bar.label) <= 30 else f"{bar.label[:29]}…"
    x, middle, wide = float(_LABEL), top + _ROW * 0.65, _WIDTH - _LABEL - _VALUE
    lines = [f'<text x="{_LABEL - 8}" y="{middle:.1f}" text-anchor="end">{escape(label)}</text>']
    for name, value in bar.parts:
        length = value / most * wide
        if length > 0:
            shown = f"<title>{escape(name)} {value:,g}</title>"
            lines.append(
                f'<rect x="{x:.1f}" y="{top + 3}" width="{max(length, 1):.1f}" height="{_ROW - 6}" '
                f'fill="{COLOURS.get(name, "#8c959f")}">{shown}</rect>')
        x += length
    return [*lines, f'<text x="{x + 6:.1f}" y="{middle:.1f}">{escape(bar.told)}</text>']
