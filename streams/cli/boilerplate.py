"""communique boilerplate: learn what outlets print under many different articles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from streams.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.dedup.boilerplate import Printed

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Learn what outlets print under many different articles, so that it makes none alike.

\b
communique process articles/ > enriched.jsonl
communique boilerplate learn enriched.jsonl table.json
communique run --set dedup.boilerplate=table.json

A table is frozen: its version stands on every event made with it.""",
)


@app.command("learn")
def learn(
    events: Annotated[
        Path, typer.Argument(help="Enriched events, one a line.", metavar="EVENTS", exists=True)
    ],
    table: Annotated[Path | None, typer.Argument(help="Where to write; default: stdout.")] = None,
) -> None:
    """Learn a table from enriched events; articles without a domain teach nothing.

    \b
    communique boilerplate learn enriched.jsonl table.json
    communique consume enriched --from-beginning --exit-at-end > e.jsonl; communique boilerplate learn e.jsonl

    A run of words counts once a cluster, so that a story with many copies is not taken for boilerplate.
    """
    from streams.core.dedup.boilerplate import learned, written

    with events.open("rb") as lines:
        found = learned(_printed(lines))
    stored = orjson.dumps(written(found))
    if table is None:
        output.body_line(stored)
    else:
        table.write_bytes(stored + b"\n")
    told = ", ".join(f"{name} {len(grams)}" for name, grams in found.outlets.items())
    output.say(f"version {found.version}: runs of words of {told}" if told else "no outlet has boilerplate")


def _printed(lines: Iterator[bytes]) -> Iterator[Printed]:
    from streams.core.dedup.boilerplate import Printed

    for line in lines:
        body = orjson.loads(line)
        domain = (body.get("outlet") or {}).get("domain")
        if domain and "dedup" in body:
            yield Printed(domain, body["dedup"]["cluster_id"], body["text"])
