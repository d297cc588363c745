"""chart: lines of measured points as an SVG picture: sizes to the right (logarithmic), values upward from 0.

Pure: the same points give the same bytes. Colours and fonts are the reader's defaults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import log10
from typing import Final, NamedTuple, TypeAlias

Points: TypeAlias = Sequence[tuple[float, float]]

WIDTH: Final = 720
HEIGHT: Final = 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 24, 48, 52
_COLOURS: Final = ("#1f6feb", "#d1242f", "#1a7f37", "#8250df")


class Axes(NamedTuple):
    """What the axes show. `most`: the greatest value, None to take it from the points."""

    right: str
    up: str
    most: float | None = None


class _Scale(NamedTuple):
    least: float
    ratio: float
    most: float

    def x(self, size: float) -> float:
        return _LEFT + (log10(size) - self.least) / self.ratio * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - min(value / self.most, 1.0) * (HEIGHT - _TOP - _BOTTOM)


def svg(title: str, lines: Mapping[str, Points], axes: Axes) -> str:
    """Return the picture of named lines. Sizes must be over 0; a line without points is only named."""
    sizes = [size for points in lines.values() for size, _ in points] or [1.0]
    values = [value for points in lines.values() for _, value in points] or [1.0]
    least = log10(min(sizes))
    scale = _Scale(least, max(log10(max(sizes)) - least, 1e-9), _round_up(axes.most or max(values)))
    parts = [_frame(title, axes), *_grid(scale, max(sizes)), *_lines(lines, scale), "</svg>"]
    return "\n".join(parts) + "\n"


def _round_up(value: float) -> float:
    """Return the least of 1, 2, 5 times a power of ten that is not under the value."""
    power = 10.0 ** int(log10(value) - (value < 1)) if value > 0 else 1.0
    return next(step * power for step in (1, 2, 5, 10, 20) if step * power >= value)


def _text(x: float, y: float, words: str, anchor: str = "middle", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def _frame(title: str, axes: Axes) -> str:
    middle = (_TOP + HEIGHT - _BOTTOM) / 2
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        ' font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(WIDTH / 2, 20, title, more=' font-size="14"'),
        _text(WIDTH / 2, HEIGHT - 10, axes.right),
        _text(16, middle, axes.up, more=f' transform="rotate(-90 16 {middle:.1f})"'),
    ])


def _grid(scale: _Scale, greatest: float) -> Iterator[str]:
    for part in range(5):
        value = scale.most * part / 4
        y = scale.y(value)
        yield f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="#d0d7de" fill="none"/>'
        yield _text(_LEFT - 6, y + 4, f"{value:,g}", "end")
    power = 10.0 ** int(scale.least + 0.999)
    while power <= greatest:
        yield _text(scale.x(power), HEIGHT - _BOTTOM + 18, f"{power:,g}")
        power *= 10


def _lines(lines: Mapping[str, Points], scale: _Scale) -> Iterator[str]:
    for number, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [(scale.x(size), scale.y(value)) for size, value in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for x, y in places:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
        yield _text(_LEFT + 8 + 210 * number, 38, name, "start", f' fill="{colour}"')
