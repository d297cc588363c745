"""communique bench: measure speed, quality and losses."""

from __future__ import annotations

import logging
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.bench import log as embedded_log
from streams.bench.judge import judging
from streams.bench.quality import quality
from streams.cli import exits, output, start
from streams.cli.bench_dedup import dedup
from streams.cli.bench_reading import ablation, clean, tag

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
communique bench memory                        how much the workers take, and whether they grow
communique bench dedup                         how fast articles are compared, what a window of them takes
communique bench judge                         how fast statements are judged
communique bench quality                       how good the answers are
communique bench tag                           how fast tag is beside the bare model
communique bench ablation                      what each family of names and rules adds
communique bench clean                         how fast clean is beside trafilatura, and what each part adds
communique bench offices                       how fast names are found, how often roles are checked right

Each starts what it needs, on loopback and in folders of its own; nothing of yours is touched.""",
)

app.command("quality")(quality)
app.command("ablation")(ablation)
app.command("judge")(judging)
app.command("tag")(tag)
app.command("clean")(clean)
app.command("dedup")(dedup)

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

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # brokers die here on purpose
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


@app.command("throughput")
def throughput(
    *,
    records: Annotated[int, typer.Option(min=1000, help="Records of 3 kB a way is given.")] = 120_000,
    repeats: Annotated[int, typer.Option(min=1, help="Turns; the median counts.")] = 3,
    articles: Annotated[int, typer.Option(min=0, help="Articles for the latency; 0: skip it.")] = 100,
    quix: Annotated[Path | None, typer.Option(help="Python with quixstreams.", metavar="PYTHON")] = None,
    as_json: Json = False,
) -> None:
    """Measure one worker and one hop on Kafka beside others, and raw to enriched. Exit 1 below a floor.

    \b
    communique bench throughput
    communique bench throughput --repeats 1 --records 20000 --articles 0 --json

    Ratios in one run count, not the figures. Needs Java 17 and Maven; takes about three minutes.
    """
    from streams.bench import latency
    from streams.bench import throughput as hop

    with tempfile.TemporaryDirectory(prefix="communique-bench-") as name:
        folder = Path(name)
        rates = start.run(hop.measure(folder, records, repeats, quix, output.say))
        hops = start.run(latency.measure(folder / "walk", articles)) if articles else {}
    found = hop.ratios(rates)
    if as_json:
        told: dict[str, object] = {"rates": {way: asdict(rate) for way, rate in rates.items()}}
        told["ratios"] = [{**asdict(each), "holds": each.holds} for each in found]
        output.json_line(told | {"latency": {way: asdict(spread) for way, spread in hops.items()}})
    else:
        output.out().print("\n".join([*hop.page(rates, found), "", *latency.page(hops)]))
    ends = hops.get(latency.WHOLE)
    holds = all(each.holds for each in found) and (ends is None or ends.holds)
    raise typer.Exit(exits.DONE if holds else exits.DOES_NOT_HOLD)


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


@app.command("memory")
def memory(
    *,
    articles: Annotated[int, typer.Option(min=10, help="Raw articles, 3 kB each.")] = 50_000,
    as_json: Json = False,
) -> None:
    """Weigh workers of clean and dedup before, half way through and after. Exit 1 when a bound does not hold.

    \b
    communique bench memory
    communique bench memory --articles 5000 --json

    Bounds: clean takes at most 400 MB and grows by at most 5 % in the second half. Dedup keeps what is in its
    window: the table says how many bytes an article. 50,000 articles take some minutes; Linux only.
    """
    from streams.bench.log import table
    from streams.bench.memory import conditions, measure

    with tempfile.TemporaryDirectory(prefix="communique-memory-") as folder:
        figures = start.run(measure(Path(folder), articles, output.say))
    if as_json:
        rows = [{**asdict(found), "holds": found.holds} for found in figures]
        output.json_line({"figures": rows, "conditions": conditions()})
    else:
        output.out().print(table(figures))
        output.out().print("\n" + ", ".join(f"{name} {value}" for name, value in conditions().items()))
    raise typer.Exit(exits.DONE if all(found.holds for found in figures) else exits.DOES_NOT_HOLD)


@app.command("offices")
def offices(
    *,
    data: Annotated[
        Path, typer.Option(help="Folder of development sets.", metavar="DIR")
    ] = Path("../shared/data"),
    sentences: Annotated[int, typer.Option(min=10, help="Sentences to check roles in.")] = 2_000,
    as_json: Json = False,
) -> None:
    """Import a large registry, look names up, check roles in sentences made of it. Exit 1 past a bound.

    \b
    communique bench offices --data ../shared/data
    communique bench offices --data ../shared/data --sentences 500 --json

    Reads DIR/registry/officeholders.jsonl.gz. Bounds: import 30 s and 300 MB, a name 50 µs, loading 2 s.
    """
    from streams.bench import offices as registry
    from streams.bench.memory import conditions

    file = data / registry.FILE
    if not file.is_file():
        raise exits.Usage(f"{file}: no such file")
    with tempfile.TemporaryDirectory(prefix="communique-offices-") as folder:
        figures = registry.measure(file, Path(folder), sentences)
    if as_json:
        rows = [{**asdict(found), "holds": found.holds} for found in figures]
        output.json_line({"figures": rows, "conditions": conditions()})
    else:
        for found in figures:
            bound = "" if found.bound is None else f"  ({'>=' if found.least else '<='} {found.bound:g})"
            output.out().print(f"{found.name:28} {found.value:12g}{bound}{'' if found.holds else '  MISSED'}")
    raise typer.Exit(exits.DONE if all(found.holds for found in figures) else exits.DOES_NOT_HOLD)
