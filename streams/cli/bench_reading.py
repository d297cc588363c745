"""communique bench clean, tag, ablation: how fast and how well articles are read."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from streams.cli import exits, output

Json = Annotated[bool, typer.Option("--json", help="One JSON object as the last line on stdout.")]


def tag(
    *,
    data: Annotated[Path, typer.Option(help="Folder with articles_load.", metavar="DIR")] = Path(
        "../shared/data"
    ),
    articles: Annotated[int, typer.Option(min=1, help="Articles at most.")] = 120,
    turns: Annotated[int, typer.Option(min=1, help="Turns; the median counts.")] = 3,
    as_json: Json = False,
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


def ablation(
    *,
    data: Annotated[Path, typer.Option(help="Folder of the development sets.", metavar="DIR")] = Path(
        "../shared/data"
    ),
    only: Annotated[list[str] | None, typer.Option(help="mentions, statements, own.", metavar="SET")] = None,
    family: Annotated[
        list[str] | None, typer.Option(help="Leave out these only; default: each in turn.", metavar="NAME")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what each family of names and rules adds: leave it out, tag and score again.

    \b
    communique bench ablation --only statements
    communique bench ablation --only mentions --family cities --family parties

    The first line of a table is the whole; the others are points of 100 that a family adds, minus: it harms.
    All families of all sets take about twenty minutes of one core.
    """
    from streams.bench import ablation as tables

    wanted = list(only or tables.SHOWN)
    if unknown := [name for name in wanted if name not in tables.SHOWN]:
        raise exits.Usage(f"--only {unknown[0]}: known are {', '.join(tables.SHOWN)}")
    with output.progress(quiet=as_json) as bar:
        for name in wanted:
            task = bar.add_task(name, total=None)
            rows = []
            for row in tables.measure(name, data, family or ()):
                rows.append(row)
                bar.advance(task)
            bar.remove_task(task)
            output.out().print(tables.as_json(name, rows) if as_json else f"\n{tables.table(name, rows)}")


def clean(
    *,
    data: Annotated[Path, typer.Option(help="Folder of the development sets.", metavar="DIR")] = Path(
        "../shared/data"
    ),
    rounds: Annotated[int, typer.Option(min=1, help="Turns; the median counts.")] = 3,
    ablation: Annotated[bool, typer.Option("--ablation", help="What each part adds, instead.")] = False,
    as_json: Json = False,
) -> None:
    """Measure clean on pages beside trafilatura in the same run. Exit 1 below a floor.

    \b
    communique bench clean
    communique bench clean --ablation --json

    Ratios in one run count, not the figures. A round takes about half a minute.
    """
    from streams.bench import clean_speed
    from streams.bench.log import table
    from streams.bench.memory import conditions

    if ablation:
        rows = clean_speed.ablation(clean_speed.pages(data), data)
        if as_json:
            told = {row.name: row.figures for row in rows}
            output.json_line({"ablation": told, "conditions": conditions()})
        else:
            output.out().print(clean_speed.table(rows))
        raise typer.Exit(exits.DONE)
    figures = clean_speed.speed(data, rounds)
    if as_json:
        shown = [{**asdict(found), "holds": found.holds} for found in figures]
        output.json_line({"figures": shown, "conditions": conditions()})
    else:
        output.out().print(table(figures))
        output.out().print("\n" + ", ".join(f"{name} {value}" for name, value in conditions().items()))
    raise typer.Exit(exits.DONE if all(found.holds for found in figures) else exits.DOES_NOT_HOLD)
