"""communique bench dedup: how fast articles are compared, and what a window of them takes."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from streams.cli import exits, output


def dedup(
    *,
    articles: Annotated[int, typer.Option(min=1000, help="Articles in the shard at the end.")] = 100_000,
    store: Annotated[str, typer.Option(help="memory or rocksdict.", metavar="STORE")] = "memory",
    picture: Annotated[Path | None, typer.Option(help="Draw the curve (SVG).", metavar="FILE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as the last line.")] = False,
) -> None:
    """Measure sketch and match, and a shard that fills: cost, memory, recovery. Exit 1 below a floor.

    \b
    communique bench dedup
    communique bench dedup --articles 1000000 --store rocksdict --picture curve.svg

    On one core and generated articles of 150 words. A million take three minutes and 3 GB; Linux only.
    """
    from streams.bench.dedup_speed import STORES, curve_picture, measure
    from streams.bench.log import table
    from streams.bench.memory import conditions

    if store not in STORES:
        raise typer.BadParameter(f"--store {store}: known are {', '.join(STORES)}")
    with tempfile.TemporaryDirectory(prefix="communique-dedup-") as folder:
        figures, points = measure(articles, store, Path(folder), output.say)
    if picture is not None:
        picture.write_text(curve_picture({store: points}), encoding="utf-8")
    if as_json:
        rows = [{**asdict(found), "holds": found.holds} for found in figures]
        curve = [asdict(point) for point in points]
        output.json_line({"figures": rows, "curve": curve, "conditions": conditions()})
    else:
        lines = [
            f"{point.articles:>9,} articles {point.microseconds:8.1f} µs a match {point.bytes:8,.0f} B each"
            for point in points
        ]
        told = ", ".join(f"{name} {value}" for name, value in conditions().items())
        output.out().print("\n".join([table(figures), "", *lines, "", told]))
    raise typer.Exit(exits.DONE if all(found.holds for found in figures) else exits.DOES_NOT_HOLD)
