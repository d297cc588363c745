"""The file of channels (`deliver.channels_file`), checked whole before anything runs.

    [channels.desk]
    kind = "webhook"
    url = "https://hooks.example.org/desk"
    secret_files = ["/run/secrets/desk"]

    [[inhibit]]
    source = ["severity=critical"]
    target = ["severity=info"]
    equal = ["speaker"]

A mistake is told with its line and the nearest name that is known; values are never told: one may be a
secret.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streams.core.delivering.matching import Inhibition, matcher
from streams.core.outcome import Usage
from streams.core.toml_lines import Lines, near
from streams.deliver.channels import KINDS
from streams.deliver.log import LogOptions

T = TypeVar("T", bound=BaseModel)

DEFAULT: Final = "log"
"""The channel of an alert that names none; always there."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class Pace(BaseModel):
    """How a channel's groups wait, and how it is tried; every kind of channel takes these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group_wait_seconds: float = Field(default=10, ge=0, description="How long a new group waits for company.")
    group_interval_seconds: float = Field(
        default=60, ge=0, description="Least time between two notifications of a group."
    )
    repeat_interval_seconds: float = Field(
        default=0, ge=0, description="Say it again unless acknowledged; 0: never."
    )
    repeat_times: int = Field(default=3, ge=0, description="So often at most.")
    max_alerts: int = Field(
        default=50, ge=1, le=1000, description="Alerts in one notification; more follow in the next."
    )
    timeout_seconds: float = Field(
        default=15, gt=0, le=300, description="One attempt, from look-up to answer."
    )
    concurrency: int = Field(default=4, ge=1, le=64, description="Groups that are sent at once.")
    retry_base_seconds: float = Field(
        default=2, gt=0, description="Bound of the first pause after a failure; it doubles."
    )
    breaker_failures: int = Field(
        default=5, ge=1, description="Failures in a row after which the channel rests."
    )
    breaker_seconds: float = Field(default=10, gt=0, description="Its first rest; it doubles up to an hour.")


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One channel as the file has it."""

    name: str
    kind: str
    pace: Pace
    options: BaseModel


@dataclass(frozen=True, slots=True)
class Config:
    """All channels, and which alerts hold others back."""

    channels: Mapping[str, ChannelConfig]
    inhibitions: tuple[Inhibition, ...] = ()


class _Inhibit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    source: tuple[str, ...] = Field(min_length=1)
    target: tuple[str, ...] = Field(min_length=1)
    equal: tuple[str, ...] = ()
    for_seconds: float = Field(default=3600, gt=0)


def load(path: Path | None) -> Config:
    """Return the channels of a file; without one, `log`. Raises `Usage` with a mistake's line."""
    if path is None:
        return _with_default({}, ())
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Usage(f"the channels file {path} cannot be read: {error}") from None
    return _Reader(path, Lines.of(text)).config(content)


def _with_default(channels: dict[str, ChannelConfig], inhibitions: tuple[Inhibition, ...]) -> Config:
    channels.setdefault(DEFAULT, ChannelConfig(DEFAULT, "log", Pace(), LogOptions()))
    return Config(channels, inhibitions)


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path
    lines: Lines

    def config(self, content: Mapping[str, object]) -> Config:
        """Return what the whole file says."""
        self._known(content, ("channels", "inhibit"), None)
        tables = content.get("channels", {})
        if not isinstance(tables, dict):
            self._wrong(None, "channels", "write [channels.NAME]")
        channels = {name: self._channel(name, table) for name, table in tables.items()}
        listed = content.get("inhibit", [])
        if not isinstance(listed, list):
            self._wrong(None, "inhibit", "write [[inhibit]]")
        return _with_default(channels, tuple(self._inhibition(each) for each in listed))

    def _channel(self, name: str, table: object) -> ChannelConfig:
        where = f"channels.{name}"
        if not _NAME.fullmatch(name):
            self._wrong(where, None, "a channel's name has a-z, 0-9, - and _, at most 40")
        if not isinstance(table, dict):
            self._wrong("channels", name, "write [channels.NAME]")
        kind = table.get("kind")
        if kind not in KINDS:
            self._wrong(where, "kind", f"kind is one of {', '.join(KINDS)}{near(str(kind), KINDS)}")
        options, pace = KINDS[str(kind)].options, Pace.model_fields
        self._known(table, ("kind", *options.model_fields, *pace), where)
        own = {key: value for key, value in table.items() if key in options.model_fields}
        common = {key: value for key, value in table.items() if key in pace}
        return ChannelConfig(
            name, str(kind), self._valid(Pace, common, where), self._valid(options, own, where))

    def _inhibition(self, table: object) -> Inhibition:
        found = self._valid(_Inhibit, table, "inhibit")
        source, target = (tuple(map(matcher, each)) for each in (found.source, found.target))
        return Inhibition(source, target, found.equal, found.for_seconds)

    def _known(self, table: Mapping[str, object], names: Iterable[str], where: str | None) -> None:
        for name in table:
            if name not in names:
                self._wrong(where, name, f"{name} is nothing known here{near(name, names)}")

    def _valid(self, model: type[T], values: object, where: str) -> T:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            name = str(first["loc"][0]) if first["loc"] else None
            told = ".".join(map(str, first["loc"]))
            self._wrong(where, name, f"{told}: {first['msg'].lower()}")

    def _wrong(self, where: str | None, name: str | None, why: str) -> NoReturn:
        line = self.lines.at(where, name) if where else self.lines.at(name or "")
        raise Usage(f"{self.path}{f':{line}' if line else ''}: {f'[{where}] ' if where else ''}{why}")
