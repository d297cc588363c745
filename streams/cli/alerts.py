"""communique alerts: what became of them, and what people say to that."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli import alerts_channels as channels
from streams.cli import alerts_would_have as past
from streams.cli import exits, output, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.bus.durable import Store
    from streams.deliver.view import Known, Place

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Alerts in this machine's outbox: list, show, acknowledge, silence, try again.

\b
communique alerts channels
communique alerts try desk
communique alerts list
communique alerts would-have --mode backfill
communique alerts show 9b74c989
communique alerts ack 9b74c989 --by Ines
communique alerts silence rule=harbour* --for 2h --comment "drill at the quay"
communique consume alerts --from-beginning --exit-at-end --json
communique consume deliveries --where outcome=dead

The outbox is in the state folder of the machine that runs deliver. The topics alerts and deliveries tell the
same to everybody.""",
)

STATES: Final = ("waiting", "out", "delivered", "suppressed", "expired", "dead")
AlertArgument = Annotated[str, typer.Argument(help="Its id, or the start of it.", metavar="ID")]


app.command("channels")(channels.channels)
app.command("try")(channels.try_channel)
app.command("would-have")(past.would_have)


@contextmanager
def _store() -> Iterator[Store]:
    """Open the outbox. Raises `Usage` when there is none here."""
    from streams.deliver.store import open_store, path_of

    path = path_of(start.settings())
    if not path.exists():
        raise exits.Usage(f"there is no outbox at {path}: deliver makes it at its first run (communique run)")
    store = open_store(path)
    try:
        yield store
    finally:
        store.close()


@app.command("list")
def list_alerts(
    state: Annotated[
        str | None,
        typer.Option("--only", help=f"Only those in this state: {', '.join(STATES)}.", metavar="STATE"),
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest.", min=1, metavar="N")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One object a line, with the whole alert.")] = False,
) -> None:
    """List alerts, the newest first: id, line, and where they stand on each channel.

    \b
    communique alerts list
    communique alerts list --only dead
    communique alerts list --json --limit 1000

    States: waiting (for company, or for a notification before it), out (being tried), delivered, suppressed
    (by a silence, an inhibition, an acknowledgement, or because it is not live or not fresh), expired, dead.
    """
    from streams.deliver import view

    if state and state not in STATES:
        raise exits.Usage(f"--only {state}: known are {', '.join(STATES)}")
    with _store() as store:
        found = view.alerts(store, state=state, limit=limit)
    for each in found:
        if as_json:
            output.json_line(_as_dict(each))
        else:
            places = ", ".join(_stands(place) for place in each.places)
            output.out().print(f"{each.alert.alert_id[:8]}  {each.alert.line}  [{places}]")
    if not as_json and not found:
        output.say("no alerts")


@app.command("show")
def show(
    alert: AlertArgument,
    as_json: Annotated[bool, typer.Option("--json", help="One object, with the whole alert.")] = False,
) -> None:
    """Show an alert whole: its line, why it fired, what it rests on, and what became of it on each channel.

    \b
    communique alerts show 9b74c989
    """
    from streams.core.delivering.wording import told

    with _store() as store:
        found = _one(store, alert)
    if as_json:
        output.json_line(_as_dict(found))
        return
    words = told([found.alert])
    lines = [f"{words.title}   ({found.alert.kind.value}, {found.alert.rule.name})", words.text, ""]
    lines += [f"{place.channel}: {_stands(place)}{_times(place)}" for place in found.places]
    lines += [f"acknowledged by {found.acknowledged}"] if found.acknowledged else []
    output.out().print("\n".join(lines))


@app.command("ack")
def ack(
    alert: AlertArgument,
    by: Annotated[str | None, typer.Option(help="Who says so.", metavar="NAME")] = None,
) -> None:
    """Say that somebody knows of an alert: it is not repeated, and where it still waits it does not leave.

    \b
    communique alerts ack 9b74c989
    communique alerts ack 9b74c989 --by Ines
    """
    from streams.deliver import view

    with _store() as store:
        found = _one(store, alert).alert.alert_id
        view.acknowledge(store, found, time.time(), by)
    output.say(f"acknowledged {found}")


@app.command("silence")
def silence(
    matchers: Annotated[
        list[str],
        typer.Argument(help="name=value, name!=value or name=start*; all must fit.", metavar="MATCHER…"),
    ],
    length: Annotated[str, typer.Option("--for", help="How long: 30m, 2h, 7d.", metavar="TIME")] = "2h",
    by: Annotated[str | None, typer.Option(help="Who wants it.", metavar="NAME")] = None,
    comment: Annotated[str | None, typer.Option(help="Why.", metavar="TEXT")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print number and end as one object.")] = False,
) -> None:
    """Hold back alerts that fit, from now on. They are noted as suppressed and not sent later.

    \b
    communique alerts silence rule=harbour* --for 2h
    communique alerts silence severity=info channel=desk --for 8h --comment "night"
    communique alerts silences

    Names: rule, version, severity, kind, alert, line, speaker, qid, role, outlet, channel, and what the rule
    groups by. Corrections and withdrawals are never silenced: whoever had the alert gets them.
    """
    from streams.cli import when
    from streams.core.delivering.matching import check_names, matcher
    from streams.deliver import view

    parsed = [matcher(text) for text in matchers]
    check_names(parsed)
    now = datetime.now(UTC)
    seconds = (now - when.moment(length, now)).total_seconds()
    if seconds <= 0:
        raise exits.Usage(f"--for {length}: write it as 30m, 2h or 7d")
    begins = _clock()
    with _store() as store:
        number = view.silence(store, parsed, begins, begins + seconds, by, comment)
    if as_json:
        output.json_line({"silence": number, "ends": _moment(begins + seconds)})
    else:
        output.say(f"silence {number} until {_moment(begins + seconds)}")


@app.command("unsilence")
def unsilence(
    number: Annotated[
        int, typer.Argument(help="Of the silence, as `alerts silences` shows it.", metavar="N")
    ],
) -> None:
    """End a silence now.

    \b
    communique alerts unsilence 3
    """
    from streams.deliver import view

    with _store() as store:
        if not view.unsilence(store, number, _clock()):
            raise exits.Usage(f"there is no silence {number}: `communique alerts silences` lists them")
    output.say(f"silence {number} has ended")


@app.command("silences")
def silences(
    as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
) -> None:
    """List the silences that have not ended.

    \b
    communique alerts silences
    """
    from streams.deliver import view

    with _store() as store:
        rows = view.silences(store, _clock())
    for row in rows:
        told = {"silence": row["sid"], "matchers": json.loads(row["matchers"]),
                "begins": _moment(row["begins"]), "ends": _moment(row["ends"]), "by": row["author"],
                "comment": row["comment"]}
        if as_json:
            output.json_line(told)
        else:
            why = f"  ({row['comment']})" if row["comment"] else ""
            matchers = " ".join(json.loads(row["matchers"]))
            output.out().print(f"{row['sid']}  {matchers}  until {told['ends']}{why}")


@app.command("retry")
def retry(
    key: Annotated[str, typer.Argument(help="Of the notification, as `alerts show` has it.", metavar="KEY")],
) -> None:
    """Send a dead or expired notification again, under its old idempotency key.

    \b
    communique alerts list --only dead
    communique alerts retry c4ca4238a0b923820dcc509a6f75849b
    """
    from streams.deliver import view

    with _store() as store:
        if not view.retry(store, key, _clock()):
            raise exits.Usage(f"no dead or expired notification has the key {key}")
    output.say(f"{key} is sent again")


def _clock() -> float:
    """Return the moment that deliver goes by: `run.now`, or the clock's."""
    fixed = start.settings().run.now
    return time.time() if fixed is None else fixed.timestamp()


def _one(store: Store, alert: str) -> Known:
    from streams.deliver import view

    found = view.alerts(store, like=alert.strip().lower(), limit=2)
    if not found:
        raise exits.Usage(f"no alert here begins with {alert}: `communique alerts list` shows them")
    if len(found) > 1 and found[0].alert.alert_id != found[1].alert.alert_id:
        raise exits.Usage(f"several alerts begin with {alert}: give more of the id")
    return found[0]


def _stands(place: Place) -> str:
    tries = f", {place.attempts} attempts" if place.attempts > 1 else ""
    return f"{place.channel} {place.state}{f' ({place.reason}{tries})' if place.reason else ''}"


def _times(place: Place) -> str:
    parts = [f"key {place.key}" if place.key else "", f"next {_moment(place.due)}" if place.due else "",
             f"at {_moment(place.done)}" if place.done else ""]
    return "".join(f", {part}" for part in parts if part)


def _moment(seconds: float) -> str:
    from schemas.base import rfc3339

    return rfc3339(datetime.fromtimestamp(int(seconds), UTC))


def _as_dict(known: Known) -> dict[str, object]:
    places = [
        {"channel": place.channel, "state": place.state, "reason": place.reason, "idempotency_key": place.key,
         "attempts": place.attempts, "due": _moment(place.due) if place.due else None,
         "done": _moment(place.done) if place.done else None}
        for place in known.places]
    return {"alert": json.loads(known.body), "heard": _moment(known.heard),
            "acknowledged": known.acknowledged, "channels": places}
