"""connect: a bus URL → the bus. The backend is imported only when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.outcome import Usage

if TYPE_CHECKING:
    from streams.bus.interface import Bus
    from streams.settings import Settings


def connect(settings: Settings) -> Bus:
    """Return the bus that the settings name; nothing is opened.

    Raises `Usage` for a URL of another scheme.
    """
    url = settings.bus_url
    if url.startswith("sqlite:"):
        from streams.bus.sqlite import SqliteBus  # noqa: PLC0415

        return SqliteBus(url, settings)
    if url.startswith("kafka:"):
        from streams.bus.kafka import KafkaBus  # noqa: PLC0415

        return KafkaBus(url, settings)
    raise Usage(
        f"the bus URL {url} is neither kafka://host:port nor sqlite:///absolute/path: set COMMUNIQUE_BUS"
    )
