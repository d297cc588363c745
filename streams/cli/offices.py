"""communique offices: who held which office when: what is shipped and what you imported."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli import exits, output, start
from streams.core.offices.model import Office

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streams.core.offices.model import Held, Person, Tenure
    from streams.core.offices.registry import Registry
    from streams.offices.store import Kept

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
On = Annotated[str | None, typer.Option("--on", help="Only who held it on this day.", metavar="YYYY-MM-DD")]


@app.callback()
def about() -> None:
    """Look up, list and import people's offices, which roles in articles are checked by.

    \b
    communique offices show "Sergey Lavrov" --on 2018-02-14
    communique offices list --country FR --office foreign_minister
    communique offices import officeholders.jsonl.gz
    """


CODE_CHARS: Final = 2


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A full name, or initial and surname.", metavar="NAME")],
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Show the offices of everybody of a name. Exit 1 when there is nobody, or no office on the day.

    \b
    communique offices show "Angela Merkel"
    communique offices show "D. Peskov" --on 2018-02-14 --json

    With --on: what was surely held that day, and, marked `unsure`, what may have been: an office that was
    still open when its source was written says nothing of later days.
    """
    registry, day = _registry(), _day(on)
    found = [(person, registry.tenures(person)) for person in registry.people(name)]
    shown = [
        (person, tenure, state)
        for person, tenures in found for tenure in tenures if (state := _state(tenure, day)) != "no"
    ]  # fmt: skip
    _print(shown, as_json=as_json)
    if not shown:
        nobody = f"nobody of the name {name}: give a full name, or initial and surname (D. Peskov)"
        output.say(nobody if not found else f"{name}: no office known on {on}")
        raise typer.Exit(exits.DOES_NOT_HOLD)


@app.command("list")
def list_(
    *,
    country: Annotated[
        str | None, typer.Option(help="ISO 3166-1 alpha-2 code, e.g. FR.", metavar="CODE")
    ] = None,
    office: Annotated[Office | None, typer.Option(help="Kind of office.", metavar="OFFICE")] = None,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """List tenures by country, kind of office and day.

    \b
    communique offices list --country RU --on 2018-02-14
    communique offices list --office central_bank --json | jq -r .name

    Kinds: head_of_state, head_of_government, deputy_head, foreign_minister, defence_minister,
    finance_minister, interior_minister, minister, spokesperson, central_bank, intl_org_head, ambassador,
    legislator, other.
    """
    registry, day = _registry(), _day(on)
    if country is not None and len(country) != CODE_CHARS:
        raise exits.Usage(f"--country {country}: give a code of two letters, ISO 3166-1 (BE, FR, RU)")
    for person, tenures in _everybody(registry):
        chosen = [
            (person, tenure, state)
            for tenure in tenures
            if (country is None or tenure.country == country.upper())
            and (office is None or (tenure.office is office and not tenure.deputy))
            and (state := _state(tenure, day)) != "no"
        ]
        _print(chosen, as_json=as_json)


@app.command("import")
def import_(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files, packed with gzip or not.", metavar="FILE…")
    ] = None,
    *,
    kind: Annotated[
        str | None, typer.Option("--format", help="jsonl, ftm, csv or wikidata, whatever it looks like.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="Day a file was right, for rows that do not say. Default: when it was written."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take office-holders from files, and compile them with the shipped ones. Exit 1 when a line is bad.

    \b
    communique offices import officeholders.jsonl.gz
    communique offices import positions.ftm.json query.csv --as-of 2026-11-01

    Kinds of file: JSON lines (ours), FollowTheMoney's, CSV, and the result of a Wikidata query:
    docs/offices.md has them all. Importing a file again changes nothing. A bad line is reported with its
    place; the others are taken. Without a FILE what was imported is compiled anew, after an upgrade. Running
    workers see the new registry when they are started again.
    """
    from streams.offices import sources, store

    if kind and kind not in sources.READERS:
        raise exits.Usage(f"--format {kind}: known are {', '.join(sources.READERS)}")
    folder, day, bad = start.settings().offices_folder, _day(as_of), 0
    for path in files or ():
        kept = store.keep(folder, path, kind or sources.kind_of(path), day or _written(path))
        bad += _tell_bad(path, kept)
    with output.progress(quiet=as_json) as bar:
        task = bar.add_task("compiling", total=None)
        registry = store.compile_all(folder, lambda: bar.advance(task))
    _done({"people": len(registry), "files": len(store.kept(folder)), "bad": bad}, as_json=as_json)
    raise typer.Exit(exits.DOES_NOT_HOLD if bad else exits.DONE)


@app.command()
def reset(as_json: AsJson = False) -> None:
    """Forget everything that was imported: what is shipped stays.

    \b
    communique offices reset
    """
    from streams.offices import store

    _done({"dropped": store.drop(start.settings().offices_folder)}, as_json=as_json)


def _registry() -> Registry:
    from streams.offices import store

    return store.load(start.settings().offices_folder)


def _written(path: Path) -> date:
    if not path.is_file():
        raise exits.Usage(f"{path}: no such file")
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()


def _tell_bad(path: Path, kept: Kept) -> int:
    """Report what in a file is no row; return how many that are."""
    from streams.offices import sources
    from streams.offices.found import Bad

    count = 0
    with output.progress() as bar:
        task = bar.add_task(path.name, total=None)
        for found in sources.read(kept.path, kept.kind, kept.as_of, str(path)):
            bar.advance(task)
            if isinstance(found, Bad):
                count += 1
                output.say(f"{found.where}: {found.why}")
    return count


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise exits.Usage(f"{text} is no day: write it as 2018-02-14") from None


def _state(tenure: Tenure, on: date | None) -> Held | str:
    """Return whether a tenure covers a day; "" when no day is asked for."""
    from streams.core.offices.model import held

    return held(tenure, on).value if on else ""


def _everybody(registry: Registry) -> Iterator[tuple[Person, tuple[Tenure, ...]]]:
    for key in range(len(registry)):
        person = registry.packed.person(key)
        yield person, registry.tenures(person)


def _print(rows: list[tuple[Person, Tenure, Held | str]], *, as_json: bool) -> None:
    from streams.core.offices.fit import in_words

    out: Callable[[str], None] = output.out().print if not as_json else output.say
    for person, tenure, state in rows:
        if as_json:
            output.json_line(_record(person, tenure, str(state)))
        else:
            doubt = "  (unsure)" if state == "unsure" else ""
            out(f"{person.name:28} {person.qid or '-':12} {in_words(tenure)}{doubt}")


def _record(person: Person, tenure: Tenure, state: str) -> dict[str, object]:
    days = {
        name: str(value) if value else None
        for name, value in (("start", tenure.start), ("end", tenure.end), ("as_of", tenure.as_of))
    }
    return {
        "name": person.name, "aliases": list(person.aliases), "qid": person.qid, "title": tenure.title,
        "position_id": tenure.position_id, "office": tenure.office.value, "organization": tenure.organization,
        "country": tenure.country, **days, "deputy": tenure.deputy, "acting": tenure.acting,
        "source": tenure.source, "held": state or None,
    }  # fmt: skip


def _done(record: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        output.json_line(record)
    else:
        output.say(", ".join(f"{name} {value}" for name, value in record.items()))

