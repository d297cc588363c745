"""communique dlt: list, show and export dead letters. What is done about them: `dlt_redrive`."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli import dlt_options as options
from streams.cli import dlt_redrive, exits, output, start

if TYPE_CHECKING:
    from streams.audit.dead import DeadLetter
    from streams.redrive.choose import Selection
    from streams.redrive.rows import Row, Seen
    from streams.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Dead letters, records that could not be processed: list, show, put back, discard.

\b
communique dlt list --code BUG --topic clean
communique dlt show news.articles.raw.v1-0-17
communique dlt redrive --code BUG --fingerprint 2f1d8c0a9be4477c --yes

Codes: SCHEMA (not what its topic holds), LIMIT (too large), TRANSIENT (a resource kept saying "later"), BUG
(a step failed; its fingerprint tells failures of one kind), KILLED (its worker died with it in hand).""",
)

SHOWN_CHARS: Final = 2000
"""Of a value, for a person; --json has it whole."""


@app.command("list")
def list_letters(
    topic: options.Topics = None, code: options.Codes = None, fingerprint: options.Prints = None,
    stage: options.Stages = None, ids: options.Ids = None, state: options.States = None,
    since: options.Since = None, until: options.Until = None, limit: options.Limit = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
) -> None:
    """List dead letters, one a line: state, redrives, code, id, stage, when, what.

    \b
    communique dlt list
    communique dlt list --topic raw --code SCHEMA --json
    communique dlt list --in-state dead_again --since 2d

    A letter is open until something is done about it; then pending, until its redrive has come to an end:
    enriched, refused, processed (it died after enrichment, and its reader has passed it now) or dead_again
    (as another letter, which is open). Superseded: nothing needs to be done. Worn: its line was redriven
    too often. Interrupted: a redrive was asked for and not seen to be sent; the next one does.
    """
    wanted = options.selection(
        ids=ids, codes=code, fingerprints=fingerprint, stages=stage, topics=topic, states=state, since=since,
        until=until, limit=limit)
    rows = wanted.of(start.run(_seen(start.settings(), quiet=as_json)).rows.values())
    for row in rows:
        if as_json:
            output.json_line(told(row))
        else:
            output.out().print(line(row))
    if not as_json and not rows:
        output.say("no dead letters")


@app.command("show")
def show(
    letter_id: Annotated[str, typer.Argument(help="Its record's topic-partition-offset.", metavar="ID")],
    as_json: Annotated[bool, typer.Option("--json", help="One object, the value as text or base64.")] = False,
) -> None:
    """Show a dead letter whole: what went wrong, where, the stack trace, the record's headers and its value.

    \b
    communique dlt show news.articles.raw.v1-0-17
    """
    letters = start.run(_found(start.settings(), letter_id))
    if not letters:
        raise exits.Usage(f"there is no dead letter {letter_id}: `communique dlt list` shows them all")
    if as_json:
        output.json_line(whole(letters[-1]))
    else:
        output.out().print("\n".join(page(letters[-1])))


@app.command("export")
def export(
    topic: options.Topics = None, code: options.Codes = None, fingerprint: options.Prints = None,
    stage: options.Stages = None, ids: options.Ids = None, state: options.States = None,
    since: options.Since = None, until: options.Until = None, limit: options.Limit = None,
) -> None:
    """Print dead letters whole, one JSON object a line; a value that is not UTF-8 is in `value_base64`.

    \b
    communique dlt export > letters.jsonl
    communique dlt export --code BUG --in-state open | jq -r .fingerprint | sort | uniq -c
    """
    wanted = options.selection(
        ids=ids, codes=code, fingerprints=fingerprint, stages=stage, topics=topic, states=state, since=since,
        until=until, limit=limit)
    start.run(_export(start.settings(), wanted))


async def _export(settings: Settings, wanted: Selection) -> None:
    from streams.audit.dead import dead_letters
    from streams.bus.connect import connect
    from streams.redrive.rows import look

    bus = connect(settings)
    rows = {row.at: row for row in wanted.of((await look(bus)).rows.values())}
    for topic in sorted({row.topic for row in rows.values()}):
        async for letter in dead_letters(bus, f"{topic}.dlt"):
            if row := rows.get(letter.record.at):
                output.json_line(whole(letter) | row.as_dict())


async def _seen(settings: Settings, *, quiet: bool) -> Seen:
    from streams.bus.connect import connect
    from streams.redrive.rows import look

    with output.progress(quiet=quiet) as bar:
        task = bar.add_task("reading", total=None)
        return await look(
            connect(settings), lambda topic, many: bar.update(task, description=topic, advance=many))


async def _found(settings: Settings, letter_id: str) -> list[DeadLetter]:
    from streams.audit.dead import dead_letters
    from streams.bus.connect import connect

    return [
        each async for each in dead_letters(connect(settings)) if letter_id in {each.id, each.record.at}
    ]


def told(row: Row) -> dict[str, object]:
    """Return what is told of a letter, without its content, and what was done about it."""
    known = ("id", "topic", "code", "stage", "what", "fingerprint", "first_failure", "origin", "at")
    exception, _, message = row.what.partition(": ")
    first = {name: None if (value := getattr(row, name)) in {"", "?"} else value for name in known}
    return first | {"exception": exception, "message": message} | row.as_dict()


def line(row: Row) -> str:
    """Return a letter on one line."""
    from streams.render.lines import plain

    state = f"{row.state} {row.attempts}" if row.attempts else row.state
    return (f"{state:13}  {row.code:9}  {row.id}  {row.stage}  {row.first_failure[:19]}  {row.fingerprint}  "
            f"{plain(row.what)}")


def whole(letter: DeadLetter) -> dict[str, object]:
    """Return all there is of a letter; a value that is not UTF-8 is in `value_base64`."""
    value = letter.record.value
    body: dict[str, object] = {"value": None}
    if value is not None:
        try:
            body = {"value": value.decode()}
        except UnicodeDecodeError:
            body = {"value_base64": base64.b64encode(value).decode()}
    key = None if letter.record.key is None else letter.record.key.decode("utf-8", "replace")
    headers = {name: each.decode("utf-8", "replace") for name, each in letter.record.headers}
    return {**letter.as_dict(), "key": key, "headers": headers, **body}


def page(letter: DeadLetter) -> list[str]:
    """Return a letter as lines for a person, its value cut."""
    from streams.bus.burial import PREFIX
    from streams.render.lines import plain

    told = [
        f"{name.replace('_', ' '):15} {plain(str(value))}"
        for name, value in letter.as_dict().items()
        if value
    ]
    ours = [name for name, _ in letter.record.headers if not name.startswith(PREFIX)]
    headers = dict(letter.record.headers)
    trace = headers.get(f"{PREFIX}stacktrace", b"").decode("utf-8", "replace").splitlines()
    value = letter.record.value
    shown = "(none: a tombstone)" if value is None else value.decode("utf-8", "backslashreplace")
    return [
        *told,
        *(["", "where it failed"] if trace else []),
        *(f"  {each}" for each in trace),
        "",
        "its headers",
        *(f"  {name}: {plain(headers[name].decode('utf-8', 'replace'))}" for name in ours),
        "",
        f"its value, {len(value or b''):,} bytes",
        *(f"  {plain(each)}" for each in shown[:SHOWN_CHARS].splitlines()),
        *(["  …"] if len(shown) > SHOWN_CHARS else []),
    ]


app.command("redrive")(dlt_redrive.redrive)
app.command("discard")(dlt_redrive.discard)
app.command("settle")(dlt_redrive.settle)
