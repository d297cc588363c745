"""communique schemas: the contract with consumers as files; written, checked, released."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

import schemas
from schemas.json_schema import schema_of, text_of
from streams.cli import exits, output
from streams.render import contract
from streams.topics import BY_NAME, SHORT_NAMES, TOPICS

app = typer.Typer(no_args_is_help=True)

HERE: Final = Path(schemas.__file__).parent
Folder = Annotated[
    Path,
    typer.Option(
        "--folder", help="Of jsonschema/ and asyncapi.yaml.", metavar="DIR", show_default="as installed"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.callback()
def about() -> None:
    """Export and check the events' JSON Schemas and the AsyncAPI document.

    \b
    communique schemas show enriched            the schema of what you subscribe to
    communique schemas export --folder out/     all of them, and asyncapi.yaml
    communique schemas check                    1 when a schema no longer is what the code says
    """


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="raw, clean, enriched, …, or a topic.", metavar="NAME")],
) -> None:
    """Print the JSON Schema (draft 2020-12) of a topic's event.

    \b
    communique schemas show enriched > enriched.schema.json
    """
    spec = BY_NAME.get(SHORT_NAMES.get(name, name))
    if spec is None:
        raise exits.Usage(
            f"no topic {name}: known are {', '.join([*SHORT_NAMES, *(each.name for each in TOPICS)])}"
        )
    output.body_line(text_of(schema_of(spec.model)).rstrip().encode())


@app.command()
def export(folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Write the JSON Schemas and asyncapi.yaml. The structure of a released schema is never written over.

    \b
    communique schemas export
    communique schemas export --folder build/contract --json
    """
    broken = contract.forbidden(committed(folder), released(folder))
    if broken:
        _tell(broken, as_json=as_json)
        raise typer.Exit(exits.DOES_NOT_HOLD)
    files = contract.generated()
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    _done(
        f"{len(files)} files written to {folder}",
        {"written": len(files), "folder": str(folder)},
        as_json=as_json,
    )


@app.command()
def check(folder: Folder = HERE, as_json: AsJson = False) -> None:
    """Compare the committed files with the code; exit 1 and name each field that differs.

    \b
    communique schemas check
    """
    found = contract.problems(committed(folder), released(folder))
    _tell(found, as_json=as_json)
    if found:
        raise typer.Exit(exits.DOES_NOT_HOLD)
    count = len(contract.generated())
    _done(
        f"{count} files hold, {len(released(folder))} schemas released",
        {"holds": True, "files": count},
        as_json=as_json,
    )


@app.command()
def release(folder: Folder = HERE) -> None:
    """Freeze every schema that is committed: from now on its structure never changes. Done once a release.

    \b
    communique schemas release && git add schemas/jsonschema/RELEASED
    """
    found = contract.problems(committed(folder), released(folder))
    if found:
        _tell(found, as_json=False)
        raise typer.Exit(exits.DOES_NOT_HOLD)
    (folder / contract.RELEASED).write_text(
        contract.release(committed(folder), released(folder)), encoding="utf-8"
    )
    output.say(f"{len(released(folder))} schemas are released")


def committed(folder: Path) -> dict[str, str]:
    """Return path below the folder → text, of the generated files that are there."""
    paths = [*(folder / "jsonschema").glob("*.json"), *folder.glob(contract.ASYNCAPI)]
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(paths)}


def released(folder: Path) -> dict[str, str]:
    """Return the digests of what is released, {} when nothing is."""
    path = folder / contract.RELEASED
    return contract.read_released(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _tell(found: tuple[contract.Problem, ...], *, as_json: bool) -> None:
    for problem in found:
        if as_json:
            output.json_line(
                {"file": problem.file, "field": problem.field, "what": problem.what, "todo": problem.todo}
            )
        else:
            output.say(str(problem))


def _done(message: str, record: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        output.json_line(record)
    else:
        output.say(message)
