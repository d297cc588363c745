"""dlt_options: how dead letters are chosen on the command line, the same for every command of `dlt`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli import exits
from streams.topics import BY_NAME, SHORT_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.redrive.choose import Selection

CODES: Final = ("SCHEMA", "LIMIT", "TRANSIENT", "BUG", "KILLED")
STATES: Final = (
    "open", "interrupted", "worn", "pending", "enriched", "refused", "processed", "dead_again", "superseded",
    "discarded",
)

Topics = Annotated[
    list[str] | None,
    typer.Option("--topic", help="Only records of this topic (short names too).", metavar="NAME"),
]
Codes = Annotated[list[str] | None, typer.Option("--code", help="Only this code.", metavar="CODE")]
Prints = Annotated[
    list[str] | None, typer.Option("--fingerprint", help="Only failures of this kind.", metavar="HEX")
]
Stages = Annotated[list[str] | None, typer.Option("--stage", help="Only of this stage.", metavar="NAME")]
Ids = Annotated[
    list[str] | None, typer.Option("--id", help="Only this letter: topic-partition-offset.", metavar="ID")
]
Since = Annotated[
    str | None, typer.Option(help="Only failed at or after this time: 2h, 2018-02-14, …", metavar="TIME")
]
Until = Annotated[str | None, typer.Option(help="Only failed before this time.", metavar="TIME")]
Limit = Annotated[int | None, typer.Option(min=1, help="No more than so many.", metavar="N")]
States = Annotated[
    list[str] | None, typer.Option("--in-state", help="Only open, pending, enriched, …", metavar="STATE")
]


def selection(  # one for each flag
    *, ids: list[str] | None = None, codes: list[str] | None = None, fingerprints: list[str] | None = None,
    stages: list[str] | None = None, topics: list[str] | None = None, states: list[str] | None = None,
    since: str | None = None, until: str | None = None, limit: int | None = None,
) -> Selection:
    """Return what the flags mean. Raises `Usage` for a name that nobody knows."""
    from streams.cli.when import moment
    from streams.redrive.choose import Selection

    now = datetime.now(UTC)
    return Selection(
        ids=frozenset(ids or ()),
        codes=_known("--code", (code.upper() for code in codes or ()), CODES),
        fingerprints=frozenset(fingerprints or ()),
        stages=frozenset(stages or ()),
        topics=_topics(topics or ()),
        states=_known("--in-state", (state.lower() for state in states or ()), STATES),
        since=moment(since, now) if since else None,
        until=moment(until, now) if until else None,
        limit=limit,
    )


def _known(flag: str, given: Iterable[str], known: tuple[str, ...]) -> frozenset[str]:
    found = frozenset(given)
    if strange := sorted(found - set(known)):
        raise exits.Usage(f"{flag} {strange[0]}: known are {', '.join(known)}")
    return found


def _topics(given: Iterable[str]) -> frozenset[str]:
    found = frozenset(SHORT_NAMES.get(name, name).removesuffix(".dlt") for name in given)
    if strange := sorted(found - set(BY_NAME)):
        raise exits.Usage(f"--topic {strange[0]}: known are {', '.join(SHORT_NAMES)}, or a whole name")
    return found
