"""rule_files: rules in files and folders, read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.cli import exits, output
from streams.core.alerting.rules import MAX_CHARS, Mistake, Parsed, parse, together

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from schemas.rule import Rule

MAX_FILES = 1000


def read(paths: Sequence[Path]) -> Parsed:
    """Return the rules of files, and of the `*.toml` in folders, by name; what cannot be read is a mistake.

    Raises `Usage` when nothing is there.
    """
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise exits.Usage(f"there is no .toml file in {', '.join(map(str, paths))}")
    if len(files) > MAX_FILES:
        raise exits.Usage(f"more than {MAX_FILES} files of rules: put several rules into one file")
    return together([_file(file) for file in files])


def checked(paths: Sequence[Path]) -> tuple[Rule, ...]:
    """Return the rules of files without a mistake. Raises `Usage`, the mistakes told, when one is."""
    found = read(paths)
    for mistake in found.mistakes:
        output.say(str(mistake))
    if found.mistakes:
        raise exits.Usage(f"{len(found.mistakes)} wrong in {', '.join(map(str, paths))}: nothing was done")
    return found.rules


def _files(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise exits.Usage(f"there is nothing at {path}")
    if path.is_dir():
        yield from sorted(each for each in path.glob("*.toml") if not each.name.startswith("."))
    else:
        yield path


def _file(path: Path) -> Parsed:
    try:
        if not path.is_file():
            return _unread(path, "is no file")
        if path.stat().st_size > 4 * MAX_CHARS:
            return _unread(path, f"larger than {MAX_CHARS} characters: split it into several files")
        return parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        return _unread(path, f"cannot be read: {error.strerror or type(error).__name__}")
    except UnicodeDecodeError as error:
        return _unread(path, f"is not UTF-8: byte {error.start}")


def _unread(path: Path, why: str) -> Parsed:
    return Parsed(mistakes=(Mistake(str(path), None, None, why),))
