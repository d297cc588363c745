"""Where settings come from, and what is said when a name or a file is wrong.

Names are checked against the model before pydantic sees them, so that the message can give the nearest known
one (difflib's ratio, at least .5). Used by `streams.settings` only.
"""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from streams.core.outcome import CommuniqueError

PREFIX: Final = "COMMUNIQUE_"
CONFIG: Final = "COMMUNIQUE_CONFIG"
"""The variable that names the TOML file; not a setting itself."""
NO_SETTINGS: Final = (CONFIG, "COMMUNIQUE_KAFKA_HOME")
"""Variables with our prefix that are no settings: the TOML file; where tests keep Apache Kafka's jars."""
CONFIG_FILE: Final = Path("communique.toml")
"""Read from the folder that a command is run in, when `COMMUNIQUE_CONFIG` is not set."""


class SettingsError(CommuniqueError):
    """A setting has an unknown name, a wrong value, or a file that cannot be read."""


def known_names(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return `name` or `group.name` → field, of every setting that holds a value, in the model's order."""
    names: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= {f"{name}.{inner}": each for inner, each in known_names(kind).items()}
        else:
            names[name] = field
    return names


def variable(name: str) -> str:
    """Return the environment variable of a setting.

    >>> variable("cleaning.min_chars")
    'COMMUNIQUE_CLEANING__MIN_CHARS'
    """
    return PREFIX + name.upper().replace(".", "__")


def check_environment(known: Iterable[str]) -> None:
    """Raise SettingsError when a variable that starts with `COMMUNIQUE_` is no setting."""
    variables = {variable(name) for name in known} | {*NO_SETTINGS}
    variables |= {name.rpartition("__")[0] for name in variables if "__" in name}  # a whole group
    for name in os.environ:
        if name.upper().startswith(PREFIX) and name.upper() not in variables:
            raise SettingsError(
                f"the environment has {name}, which is no setting{nearest(name.upper(), variables)}"
            )


def check_lists(known: Mapping[str, FieldInfo]) -> None:
    """Raise SettingsError when the environment (or --set) gives a list or a table that is no JSON."""
    for name, field in known.items():
        given = os.environ.get(variable(name))
        if given is None or get_origin(field.annotation) not in (tuple, frozenset, dict):
            continue
        try:
            json.loads(given)
        except ValueError:
            raise SettingsError(
                f"{name} ({variable(name)}): {given[:80]!r} is no JSON: write it as docs/settings.md shows, "
                'e.g. [8080] or ["10.1.2.0/24"]'
            ) from None


def read_toml(known: Mapping[str, FieldInfo]) -> dict[str, object]:
    """Return what the TOML file says, {} when there is none. Raises SettingsError: unreadable, unknown."""
    named = os.environ.get(CONFIG)
    path = Path(named) if named else CONFIG_FILE
    if not named and not path.is_file():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error}") from None
    check_names(content, known, str(path))
    return content


def check_names(content: Mapping[str, object], known: Mapping[str, FieldInfo], where: str) -> None:
    """Raise SettingsError when `content`, nested one level deep, has a name that is no setting."""
    groups = {name.partition(".")[0] for name in known if "." in name}
    for name, value in content.items():
        inner = (
            [f"{name}.{each}" for each in value] if name in groups and isinstance(value, Mapping) else [name]
        )
        for each in inner:
            if each not in known and each not in groups:
                raise SettingsError(
                    f"{where} has {each}, which is no setting{nearest(each, [*known, *groups])}"
                )


def nested(flags: Mapping[str, object], known: Mapping[str, FieldInfo]) -> dict[str, object]:
    """Return flags `group__name` as dictionaries, without those that are None. Raises SettingsError."""
    content: dict[str, object] = {}
    for flag, value in flags.items():
        group, _, name = flag.replace("__", ".").partition(".")
        if value is None:
            continue
        if name:
            inner = content.setdefault(group, {})
            if isinstance(inner, dict):
                inner[name] = value
        else:
            content[group] = value
    check_names(content, known, "the call")
    return content


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `: did you mean X?`, or what to do when nothing is near.

    >>> nearest("cleaning.min_char", ["cleaning.min_chars", "bus"])
    ': did you mean cleaning.min_chars?'
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f": did you mean {close[0]}?" if close else "; docs/settings.md lists them"


def explain(error: ValidationError) -> str:
    """Return one line a wrong value: the setting, its variable, what is wrong, what was given."""
    lines = []
    for problem in error.errors(include_url=False):
        name = ".".join(str(part) for part in problem["loc"])
        lines.append(f"{name} ({variable(name)}): {problem['msg']}, not {str(problem['input'])[:80]!r}")
    return "; ".join(lines)


def read_secret(path: Path) -> str:
    """Return the secret in a file, without the line end. Raises SettingsError when there is none to read."""
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the secret file {path} cannot be read: {error}") from None
    if not secret:
        raise SettingsError(f"the secret file {path} is empty")
    return secret
