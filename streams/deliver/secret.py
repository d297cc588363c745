"""Secrets of channels: named in the configuration, read from the environment or a file, shown nowhere.

The value lives in a `Secret`, whose repr is its name. Nothing else keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from streams.core.outcome import Usage


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that no log, error or repr shows. `name`: the variable or file that it came from."""

    name: str
    value: str = field(repr=False)

    def __str__(self) -> str:
        """Return the name, never the value."""
        return f"<secret {self.name}>"


def from_variable(name: str, environment: Mapping[str, str]) -> Secret:
    """Return the secret in an environment variable. Raises `Usage` when it is not set."""
    if not (value := environment.get(name, "").strip()):
        raise Usage(f"the variable {name} is not set, or empty: a channel's secret should be in it")
    return Secret(name, value)


def from_file(path: Path) -> Secret:
    """Return the secret in a file, without blanks around it. Raises `Usage` when there is none."""
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Usage(f"the secret file {path} cannot be read: {type(error).__name__}") from None
    if not value:
        raise Usage(f"the secret file {path} is empty")
    return Secret(str(path), value)


def one(variable: str | None, path: Path | None, environment: Mapping[str, str], what: str) -> Secret:
    """Return the secret that is named, by variable or by file. Raises `Usage` when none or both are."""
    if (variable is None) == (path is None):
        raise Usage(f"name either {what}_env or {what}_file")
    return from_file(path) if path else from_variable(variable or "", environment)
