"""healthy: whether a running stage gets on with its work; for a container's health check.

    python -m streams.observe.healthy FILE URL…

Reads the metrics pages of the supervisor and its workers. Healthy: every page answers, each worker is ready,
and where there is lag the count of records moves: at most `STALL_SECONDS` may pass without. FILE keeps the
last count and when it moved. Exit code 0 healthy, 1 not, with one line that says why. A stage whose lag is
nothing may stand still for ever.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.error import URLError

from prometheus_client.parser import text_string_to_metric_families

STALL_SECONDS: Final = 180.0
"""Longer than `run.stall_seconds` (120): the worker's own watchdog may exit 75 and start again first."""

TIMEOUT_SECONDS: Final = 5.0
NAMES: Final = ("communique_records_total", "communique_lag_records", "communique_ready")


@dataclass(frozen=True, slots=True)
class Look:
    """What the pages say: records taken in hand since the start, records not committed, workers ready."""

    records: float
    lag: float
    ready: float


@dataclass(frozen=True, slots=True)
class Moved:
    """The last count of records, and when it was first seen, in seconds of the same clock as `now`."""

    records: float
    at: float


def read(pages: Iterable[str]) -> Look:
    """Return the sums over metrics pages in Prometheus' text format."""
    sums = dict.fromkeys(NAMES, 0.0)
    for page in pages:
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                if sample.name in sums:
                    sums[sample.name] += sample.value
    return Look(*(sums[name] for name in NAMES))


def judge(look: Look, before: Moved | None, now: float) -> tuple[str | None, Moved]:
    """Return why the stage is not healthy, None when it is; and what to remember."""
    stood = before is not None and before.records == look.records and look.lag > 0
    moved = before if stood and before is not None else Moved(look.records, now)
    if look.ready < 1:
        return "no worker is ready", moved
    if now - moved.at > STALL_SECONDS:
        return f"{look.lag:.0f} records wait and none was taken for {now - moved.at:.0f} s", moved
    return None, moved


def fetch(url: str) -> str:
    """Return a metrics page. Raises OSError when it does not answer."""
    if not url.startswith("http://"):
        raise URLError(f"{url}: only http:// is asked")
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as page:  # noqa: S310  # http:// only, see above
        return str(page.read().decode())


def remembered(path: Path) -> Moved | None:
    """Return what the last look left, None when there was none or it cannot be read."""
    try:
        return Moved(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def main(arguments: Sequence[str], now: float) -> int:
    """Look once; return the exit code. `now` is in seconds, of a clock that goes on between calls."""
    path, urls = Path(arguments[0]), arguments[1:]
    try:
        why, moved = judge(read(map(fetch, urls)), remembered(path), now)
    except OSError as error:
        sys.stdout.write(f"unhealthy: no metrics: {error}\n")
        return 1
    path.write_text(json.dumps(asdict(moved)), encoding="utf-8")
    sys.stdout.write(f"unhealthy: {why}\n" if why else "healthy\n")
    return int(why is not None)


if __name__ == "__main__":
    import time

    sys.exit(main(sys.argv[1:], time.monotonic()))
