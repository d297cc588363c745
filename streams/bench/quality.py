"""quality: how good the answers are, on development sets that are not ours, against floors.

For each set: the scorer (`../tools/score.py` beside the sets) writes the raw articles, `communique process`
reads them as a user's would be, the scorer compares. The figures are therefore those that anybody gets by
hand with the same three commands. A figure under its floor (`floors.toml`) makes the exit code 1. The sets
are for development: what is tuned on one is not proved by it.

One set is ours (`own`, streams/bench/gold): written for the hard cases, read in process, with the tenures of
its invented people; every miss can be listed.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tomllib
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, TypeAlias

import typer

from streams.bench import gold, gold_run, gold_scores, pairs
from streams.core.outcome import CommuniqueError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Figures: TypeAlias = "dict[str, float]"


class BadData(CommuniqueError):
    """The folder does not hold what a measurement needs; the message says what is missing."""


class Measure(NamedTuple):
    """One set: what the scorer calls it, its gold file, how far `process` goes.

    `articles`: the file of raw articles, None when it is the gold file.
    """

    kind: str
    gold: str
    until: str
    articles: str | None = None


MEASURES: Final = {
    "cleaning": Measure("cleaning", "clean_dev", "clean"),
    "mentions": Measure("mentions", "ner_dev", "tag"),
    "statements": Measure("statements", "quotes_dev", "tag"),
    "neardup": Measure("neardup", "neardup_dev_pairs", "enrich", "neardup_dev_docs"),
    "neardup_clusters": Measure("neardup_clusters", "neardup_dev_synthetic", "enrich"),
}
"""The sets that this version can answer, in the order of the table."""

OWN: Final = "own"
PROPOSITIONS: Final = "propositions"
SETS: Final = (*MEASURES, OWN, PROPOSITIONS)
ERRORS: Final = "false_"
"""How the names of figures begin that count errors: for them the file says the most, not the least."""

DATA: Final = Path("../shared/data")
_PROCESS: Final = "from streams.cli.app import main; main()"


def quality(
    data: Annotated[Path, typer.Option(help="Folder of the development sets.", metavar="DIR")] = Path(
        "../shared/data"
    ),
    only: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(SETS)}.", metavar="SET")] = None,
    misses: Annotated[bool, typer.Option("--misses", help="List every miss of our own gold.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Measure cleaning, mentions, statements and near-duplicates on development sets and on our own gold.

    Propositions are pairs of statements of ours: the same or not; half of them held out. Exit 1 when a figure
    is under its floor.

    \b
    communique bench quality --data ../shared/data
    communique bench quality --only cleaning --only mentions
    communique bench quality --only own --misses

    A miss is told by aspect, file and statement: what was wanted, what came. `own` and `propositions` need no
    --data.
    """  # noqa: D301  # the letter \b, not the words: click keeps the lines below it
    wanted = list(only or SETS)
    unknown = [name for name in wanted if name not in SETS]
    if unknown:
        raise typer.BadParameter(f"--only {unknown[0]}: known are {', '.join(SETS)}")
    figures = {name: measured(MEASURES[name], data) for name in wanted if name in MEASURES}
    if PROPOSITIONS in wanted:
        figures[PROPOSITIONS] = pairs.measured(misses=misses, quiet=as_json)
    if OWN in wanted:
        figures[OWN] = _own(misses=misses, quiet=as_json)
    under = list(under_floor(figures, floors()))
    _show(figures, data, as_json=as_json)
    for name, key, figure, floor in under:
        side = "over the most" if key.startswith(ERRORS) else "under the floor"
        print(f"{name} {key}: {figure:.4f} is {side} of {floor}", file=sys.stderr)
    raise typer.Exit(1 if under else 0)


def _own(*, misses: bool, quiet: bool) -> Figures:
    """Return the figures of our own gold; print its misses when asked, and its classes unless `quiet`."""
    scored = gold_run.pairs()
    counts = gold_scores.tally(scored)
    if misses:
        print("\n".join(gold_run.misses(counts)), file=sys.stderr if quiet else sys.stdout)
    if not quiet:
        print("\n".join(gold_run.classes(scored)))
    return gold_scores.figures(counts)


def floors() -> dict[str, Figures]:
    """Return the floors by set and figure."""
    return tomllib.loads(files("streams.bench").joinpath("floors.toml").read_text(encoding="utf-8"))


def under_floor(
    figures: Mapping[str, Figures], least: Mapping[str, Figures]
) -> Iterator[tuple[str, str, float, float]]:
    """Yield set, name, figure and floor of each figure under its floor; one that is not there counts as 0.

    A count of errors (`false_…`) must not be over its figure; one that is not there counts as over.
    """
    for name, found in figures.items():
        for key, bound in least.get(name, {}).items():
            figure = found.get(key, float("inf") if key.startswith(ERRORS) else 0.0)
            if figure > bound if key.startswith(ERRORS) else figure < bound:
                yield name, key, figure, bound


def measured(measure: Measure, data: Path) -> Figures:
    """Return the scorer's figures for one set. Raises `BadData` when a file is missing or a command fails."""
    with TemporaryDirectory(prefix="communique-quality-") as folder:
        raw, events = Path(folder) / "raw.jsonl", Path(folder) / "events.jsonl"
        raw.write_bytes(inputs(measure, data))
        _run(["-c", _PROCESS, "process", "--until", measure.until, "--now", "2030-01-01", str(raw)], events)
        return scores(measure, data, events)


def inputs(measure: Measure, data: Path) -> bytes:
    """Return the raw articles of a set as the scorer writes them, JSON lines."""
    kind = "neardup" if measure.kind.startswith("neardup") else measure.kind
    return _run([str(_scorer(data)), "inputs", kind, str(_articles(measure, data))])


def scores(measure: Measure, data: Path, events: Path) -> Figures:
    """Return what the scorer says of a file of events."""
    gold = _there(data / f"{measure.gold}.jsonl.gz")
    more = [str(_articles(measure, data))] if measure.articles else []
    figures: Figures = json.loads(_run([str(_scorer(data)), measure.kind, str(gold), str(events), *more]))
    return figures


def _scorer(data: Path) -> Path:
    return _there(data.resolve().parent / "tools" / "score.py")


def _articles(measure: Measure, data: Path) -> Path:
    return _there(data / f"{measure.articles or measure.gold}.jsonl.gz")


def _there(path: Path) -> Path:
    if not path.exists():
        raise BadData(f"there is no {path}: give --data the folder that holds the development sets")
    return path


def _run(arguments: list[str], into: Path | None = None) -> bytes:
    """Run Python with `arguments`, its output to a file or returned.

    Short texts are accepted: sets hold sentences.
    """
    accepting = os.environ | {"COMMUNIQUE_CLEANING__MIN_CHARS": "0"}
    command = [sys.executable, *arguments]
    with (into or Path(os.devnull)).open("wb") as out:
        ended = subprocess.run(command, stdout=out if into else subprocess.PIPE, env=accepting, check=False)
    if ended.returncode:
        raise BadData(f"{' '.join(arguments[:4])} … ended with {ended.returncode}")
    return ended.stdout or b""


def _show(figures: Mapping[str, Figures], data: Path, *, as_json: bool) -> None:
    conditions = _conditions(figures, data)
    if as_json:
        print(json.dumps({**figures, "conditions": conditions}))
        return
    least = floors()
    for name, found in figures.items():
        print(f"\n{name} ({MEASURES[name].gold if name in MEASURES else 'ours, streams/bench'})")
        for key, figure in found.items():
            floor = least.get(name, {}).get(key)
            print(f"  {key:24} {figure:10.4f}" + (f"   floor {floor}" if floor is not None else ""))
    print("\n" + ", ".join(f"{key} {value}" for key, value in conditions.items()))


def _conditions(figures: Mapping[str, Figures], data: Path) -> dict[str, str]:
    """Return what the figures depend on: machine, Python, commit, and the hash of each set."""
    told = {"machine": f"{platform.machine()} {os.cpu_count()} cores", "python": platform.python_version()}
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    ).stdout.strip()
    sums = {name: sha256(_corpus(name, data)).hexdigest()[:12] for name in figures}
    return told | {"commit": commit or "unknown"} | sums


def _corpus(name: str, data: Path) -> bytes:
    if name == PROPOSITIONS:
        return files("streams.bench").joinpath(pairs.NAME).read_bytes()
    if name != OWN:
        return (data / f"{MEASURES[name].gold}.jsonl.gz").read_bytes()
    return b"".join(path.read_bytes() for path in [*sorted(gold.FOLDER.glob("*.toml")), gold.REGISTRY])
