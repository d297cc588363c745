"""articles: what `process` and `explain` read files with: articles with their time, and the tagger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from streams.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.core.tagging.tag import Tagger
    from streams.ingest.found import Article, Bad, Reading
    from streams.settings import Settings

_TRUSTED_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""A file that claims to be older was unpacked from an archive that keeps no times."""


def tagger(settings: Settings) -> Tagger:
    """Return the tagger, as the stage has it: loads the model, seconds and 300 MB."""
    from streams.core.tagging.tag import load_tagger
    from streams.offices import store

    return load_tagger(settings.tagging.batch_size, store.load(settings.offices_folder))


class BadPlaces:
    """Counts and tells what could not be read."""

    count = 0

    def tell(self, bad: Bad) -> None:
        self.count += 1
        output.say(f"{bad.where}: {bad.why}")


def dated(
    inputs: list[str], reading: Reading, now: datetime | None, started: datetime, bad: BadPlaces
) -> Iterator[tuple[Article, datetime]]:
    """Yield each article with the time that stands for its raw record's.

    `now`, else its file's, for stdin `started`.
    """
    from streams.ingest import sources
    from streams.ingest.found import Article, Bad

    for entry in sources.listed(inputs, reading):
        moment = now or _written(entry.path, started)
        for found in sources.read(entry, reading):
            if isinstance(found, Article):
                yield found, moment
            elif isinstance(found, Bad):
                bad.tell(found)


def _written(path: Path, started: datetime) -> datetime:
    try:
        moment = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    except (OSError, OverflowError, ValueError):
        return started
    return moment if moment >= _TRUSTED_FROM else started
