"""communique alerts channels, try: whether the file of channels is right, and whether one of them arrives."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from streams.deliver.config import Config
    from streams.deliver.notification import Channel, Failed, Notification, Sent


def channels(as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False) -> None:
    """List the channels of deliver.channels_file: checked with the secrets they name, connected to nothing.

    \b
    communique alerts channels
    communique --set deliver.channels_file=channels.toml alerts channels
    """
    config, _opened = _channels()
    for each in config.channels.values():
        if as_json:
            output.json_line({"channel": each.name, "kind": each.kind, **each.pace.model_dump(mode="json")})
        else:
            wait = each.pace.group_wait_seconds
            output.out().print(f"{each.name}  {each.kind}  waits {wait:g} s for company")


def try_channel(
    channel: Annotated[str, typer.Argument(help="Its name in deliver.channels_file.", metavar="CHANNEL")],
) -> None:
    """Send one invented alert to a channel, once, and say what it answered. The outbox knows nothing of it.

    \b
    communique alerts try desk

    Exit code 1 when the channel did not take it.
    """
    _config, opened = _channels()
    if channel not in opened:
        raise exits.Usage(f"there is no channel {channel}: known are {', '.join(opened)}")
    answer = start.run(_send(opened[channel], invented(channel, datetime.now(UTC))))
    if reason := getattr(answer, "reason", None):
        output.say(f"{channel} did not take it: {reason}")
        raise typer.Exit(exits.DOES_NOT_HOLD)
    output.say(f"{channel} took it")


def _channels() -> tuple[Config, dict[str, Channel]]:
    """Return what the file says, and the channels opened. Raises `Usage` for what is wrong with either."""
    from streams.deliver.clock import clock_from
    from streams.deliver.config import load
    from streams.deliver.process import open_channels

    config = load(start.settings().deliver.channels_file)
    return config, open_channels(config, clock_from(None), os.environ)


async def _send(channel: Channel, notification: Notification) -> Sent | Failed:
    try:
        return await channel.send(notification)
    finally:
        await channel.close()


def invented(channel: str, now: datetime) -> Notification:
    """Return a notification of an alert that nobody said; its key is of its moment."""
    from schemas.alert import Alert, AlertKind, AlertReason, AlertRule, alert_id
    from schemas.delivery import delivery_key
    from streams.core.delivering.wording import body_of
    from streams.deliver.notification import Notification

    alert = Alert(
        alert_id=alert_id("try", now.isoformat(), AlertKind.NEW, 1), kind=AlertKind.NEW, revision=1,
        rule=AlertRule(name="try", version="1"), line="A TRIAL OF THIS CHANNEL: NOBODY SAID ANYTHING",
        why=(AlertReason(condition="communique alerts try", matched=channel),), evidence=(), event_time=now)
    key = delivery_key(channel, ((alert.alert_id, 1),), 0)
    body = body_of(key, channel, "try", 0, [alert.model_dump_json()], [alert])
    return Notification(key, channel, "try", 0, (alert,), body)
