"""The kinds of channels. One file each, one line here."""

from __future__ import annotations

from typing import Final

from streams.deliver import apprise, command, file, log, webhook
from streams.deliver.notification import Kind

KINDS: Final[dict[str, Kind]] = {
    "log": log.KIND,
    "webhook": webhook.KIND,
    "apprise": apprise.KIND,
    "file": file.KIND,
    "command": command.KIND,
}
