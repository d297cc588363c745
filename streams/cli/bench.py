"""communique bench: measure speed, quality and losses."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.bench import log as embedded_log
from streams.bench.quality import quality
from streams.cli import exits, output, start

if TYPE_CHECKING:
    from streams.bench.faults import Report

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Measure speed, quality and losses.

\b
communique bench faults --rounds 20 --kafka    does anything get lost?
communique bench throughput                    how fast, beside plain clients and stock Faust
communique bench log                           how fast the embedded log is
communique bench quality                       how good the answers are

Each starts what it needs, on loopback and in folders of its own; nothing of yours is touched.""",
)

app.command("quality")(quality)

Json = Annotated[bool, typer.Option("--json", help="One JSON object as the last line on stdout.")]


@app.command("faults")
def faults(
    *,
    rounds: Annotated[int, typer.Option(min=1, help="Disturbances.")] = 20,
    kafka: Annotated[bool, typer.Option("--kafka", help="On Kafka; else on the embedded log.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Workers a stage, on Kafka.")] = 2,
    batch: Annotated[int, typer.Option(min=1, help="Articles fed a round.")] = 150,
    stop_seconds: Annotated[float, typer.Option(help="How long a worker is suspended.")] = 20,
    broker_kills: Annotated[int, typer.Option(min=0, help="Deaths of the broker, beside the rounds.")] = 3,
    stock: Annotated[bool, typer.Option(help="Do the same to stock Faust (Kafka only).")] = True,
    seed: Annotated[int, typer.Option(help="Which workers are hit.")] = 1,
    keep: Annotated[Path | None, typer.Option(help="Keep logs and data here.", metavar="DIR")] = None,
    as_json: Json = False,
) -> None:
    """Disturb the product under a backlog, compare with an undisturbed run, audit. Exit 1 when not the same.

    \b
    communique bench faults --rounds 20 --kafka
    communique bench faults --rounds 4 --kafka --stop-seconds 8 --no-stock --json | tail -1

    Scale up, scale down, kill -9, SIGSTOP past the session, kill -9 of the broker; stock Faust takes the
    same rounds. Needs Java 17 and Maven for --kafka.
    """
    from streams.bench.faults import Options, measure

    options = Options(
        rounds=rounds, kafka=kafka, workers=workers, batch=batch, stop_seconds=stop_seconds,
        broker_kills=broker_kills, stock=stock, seed=seed,
    )
    with tempfile.TemporaryDirectory(prefix="communique-faults-") as temporary:
        report = start.run(measure(options, keep or Path(temporary), output.say))
    if as_json:
        output.json_line(report.as_dict())
    else:
        output.out().print("\n".join(_page(report)))
    raise typer.Exit(exits.DONE if report.holds else exits.DOES_NOT_HOLD)


def _page(report: Report) -> list[str]:
    rows = report.as_dict()
    examples = rows.pop("examples")
    lines = [f"{name:14} {value}" for name, value in rows.items()]
    return lines + [f"  {each}" for each in report.examples] if examples else lines


@app.command("log")
def log(
    *,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long each step takes.")] = 2.0,
    as_json: Json = False,
) -> None:
    """Measure the embedded log: appends, reads, six processes at once, two idle hops. Exit 1 below a floor.

    \b
    communique bench log --seconds 1
    """
    words = ["--seconds", str(seconds), *(["--json"] if as_json else [])]
    sys.stdout.flush()
    raise typer.Exit(embedded_log.main(words))
