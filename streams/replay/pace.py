"""pace: how many raw records a replay takes a second here: as the last run did, else as the settings say.

The figure lies in the state folder, for it is this machine's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.outcome import Usage

if TYPE_CHECKING:
    from pathlib import Path

    from streams.settings import Settings

FEWEST_RECORDS = 50
"""A shorter run tells how long models take to load, not how fast they are."""


def _file(settings: Settings) -> Path:
    return settings.state / "replays" / "records_per_second"


def rate_of(settings: Settings) -> float:
    """Return raw records a second."""
    try:
        return max(0.01, float(_file(settings).read_text(encoding="ascii")))
    except OSError:
        return settings.replay.expected_records_per_second
    except ValueError:
        raise Usage(f"{_file(settings)} holds no number: remove it") from None


def remember(settings: Settings, records: int, seconds: float) -> None:
    """Keep what a run took; nothing for one that was too short."""
    if records >= FEWEST_RECORDS and seconds > 0:
        _file(settings).parent.mkdir(parents=True, exist_ok=True)
        _file(settings).write_text(f"{records / seconds:.3f}", encoding="ascii")
