"""communique dlt: list and show dead letters."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli import exits, output, start
from streams.topics import BY_NAME, SHORT_NAMES

if TYPE_CHECKING:
    from streams.audit.dead import DeadLetter
    from streams.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""List and show dead letters: records that could not be processed.

\b
communique dlt list
communique dlt list --code BUG --topic clean
communique dlt show news.articles.raw.v1-0-17

Codes: SCHEMA (not what its topic holds), LIMIT (too large), TRANSIENT (a resource kept saying "later"), BUG
(a step failed; its fingerprint tells failures of one kind), KILLED (its worker died with it in hand).""",
)

CODES: Final = ("SCHEMA", "LIMIT", "TRANSIENT", "BUG", "KILLED")

SHOWN_CHARS: Final = 2000
"""Of a value, for a person; --json has it whole."""


@app.command("list")
def list_letters(
    topic: Annotated[
        str | None, typer.Option(help="Only records of this topic (short names too).", metavar="NAME")
    ] = None,
    code: Annotated[str | None, typer.Option(help="Only this code.", metavar="CODE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
) -> None:
    """List dead letters, one a line: code, id, stage, when, what.

    \b
    communique dlt list
    communique dlt list --topic raw --code SCHEMA --json
    """
    wanted = SHORT_NAMES.get(topic, topic) if topic else None
    if wanted and wanted not in BY_NAME:
        raise exits.Usage(f"--topic {topic}: known are {', '.join(SHORT_NAMES)}, or a whole name")
    if code and code.upper() not in CODES:
        raise exits.Usage(f"--code {code}: known are {', '.join(CODES)}")
    letters = start.run(_found(start.settings(), wanted, code.upper() if code else None))
    for letter in letters:
        if as_json:
            output.json_line(letter.as_dict())
        else:
            output.out().print(line(letter))
    if not as_json and not letters:
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
    letters = [
        each
        for each in start.run(_found(start.settings(), None, None))
        if letter_id in {each.id, each.record.at}
    ]
    if not letters:
        raise exits.Usage(f"there is no dead letter {letter_id}: `communique dlt list` shows them all")
    if as_json:
        output.json_line(whole(letters[-1]))
    else:
        output.out().print("\n".join(page(letters[-1])))


async def _found(settings: Settings, topic: str | None, code: str | None) -> list[DeadLetter]:
    from streams.audit.dead import dead_letters
    from streams.bus.connect import connect

    return [each async for each in dead_letters(connect(settings), topic) if code in {None, each.code}]


def line(letter: DeadLetter) -> str:
    """Return a letter on one line."""
    from streams.render.lines import plain

    what = plain(f"{letter.exception}: {letter.message}")
    return f"{letter.code or '?':9}  {letter.id}  {letter.stage}  {(letter.first_failure or '')[:19]}  {what}"


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
