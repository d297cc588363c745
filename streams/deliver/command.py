"""command: a program of the operator's, called without a shell, the notification as JSON on its input."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from streams.deliver import child
from streams.deliver.notification import Channel, Failed, Kind, Notification, Opening, Sent


class CommandOptions(BaseModel):
    """What is called."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    argv: tuple[str, ...] = Field(min_length=1, description="Program and arguments; no shell reads them.")
    env: tuple[str, ...] = Field(
        default=(), description="Variables that it is given besides PATH, HOME, LANG, LC_ALL, TZ, TMPDIR."
    )


@dataclass(frozen=True, slots=True)
class CommandChannel:
    """Starts the program anew for each notification."""

    argv: tuple[str, ...]
    seconds: float
    environment: dict[str, str] = field(repr=False)

    async def send(self, notification: Notification) -> Sent | Failed:
        """Run it once; 0 is delivered."""
        return await child.run(self.argv, notification.body + b"\n", self.seconds, self.environment)

    async def close(self) -> None:
        """Nothing stays open."""


def _open(options: BaseModel, opening: Opening) -> Channel:
    assert isinstance(options, CommandOptions)  # noqa: S101  # the registry pairs them
    environment = child.environment_of(opening.environment, options.env)
    return CommandChannel(options.argv, opening.timeout_seconds, environment)


KIND = Kind(CommandOptions, _open)
