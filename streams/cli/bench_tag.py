"""communique bench tag: the tagger beside the bare model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from streams.cli import exits, output


def tag(
    *,
    data: Annotated[Path, typer.Option(help="Folder with articles_load.", metavar="DIR")] = Path(
        "../shared/data"
    ),
    articles: Annotated[int, typer.Option(min=1, help="Articles at most.")] = 120,
    turns: Annotated[int, typer.Option(min=1, help="Turns; the median counts.")] = 3,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object as the last line on stdout.")
    ] = False,
) -> None:
    """Measure tag beside the bare model's pipeline in the same run. Exit 1 below the floor.

    \b
    communique bench tag
    communique bench tag --articles 40 --json

    Mentions, roles and statements against everything that the model marks. Without the file: our own gold,
    short articles, on which the start of each costs most.
    """
    from streams.bench import tag_speed

    found = tag_speed.measure(data, articles, turns)
    if as_json:
        output.json_line({**asdict(found), "holds": found.holds})
    else:
        output.out().print(tag_speed.line(found))
    raise typer.Exit(exits.DONE if found.holds else exits.DOES_NOT_HOLD)
