"""bad_channels: a webhook that refuses, hangs, drips, pours, redirects: the pipeline must not notice.

    python -m streams.bench.bad_channels --seconds 20 --kafka

Live articles come in at random moments, all stages and deliver run, and every official statement is an alert
for one webhook. The receiver behaves, then misbehaves in each of its ways for some seconds, then behaves
again, round after round. What is told for each way: from the raw record to the enriched one and to the alert,
and the bytes that deliver read of an answer at most. At the end everything must have arrived once the
receiver behaves, nothing under two ids. Exit code 1 unless the 99th percentile beside the bad ways is at most
1.2 times that beside the good one, and that holds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from time import time
from typing import TYPE_CHECKING, Final

from streams import topics
from streams.bench import backfill, ground
from streams.bench.deliveries import CHANNELS, SECRET
from streams.bus import ruleset
from streams.bus.scan import scan
from streams.core.alerting.rules import parse
from streams.ingest.gate import live_wait
from streams.testing.receiver import Answer, Call, How, Receiver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.bench.ground import Product

WAYS: Final[dict[str, Answer]] = {
    "good": Answer(), "refuses": Answer(503), "hangs": Answer(how=How.HANG), "drips": Answer(how=How.DRIP),
    "pours": Answer(500, how=How.POUR), "429": Answer(429, after="1"), "cut": Answer(how=How.CUT_AT_ONCE),
    "inside": Answer(302, location="http://169.254.169.254/latest/"),
}
"""410 is left out: it is final, and what it ends would be missing."""
RULE: Final = '[rules.everything]\nofficial = true\nchannels = ["desk"]\nwait_seconds = 0.2\n'
MAX_RATIO: Final = 1.2
MAX_READ_BYTES: Final = 12_000_000
"""What loopback's buffers take of an answer that nobody reads, and what is read."""


class Moody:
    """Answers in the way of the moment; remembers since when it has which way."""

    def __init__(self) -> None:
        self.ways: list[tuple[float, str]] = [(0.0, "good")]
        self.pours = 0

    def __call__(self, call: Call) -> Answer:
        """Answer a call."""
        answer = WAYS[self.ways[-1][1]]
        self.pours += answer.how is How.POUR and bool(call.body)
        return answer

    def become(self, way: str) -> None:
        """Behave so from now on."""
        self.ways.append((time(), way))

    def at(self, moment: float) -> str:
        """Return the way of a moment, seconds since 1970."""
        return next(way for since, way in reversed(self.ways) if since <= moment)


async def _deliver(field: Product, folder: Path, receiver: Receiver) -> asyncio.subprocess.Process:
    text = CHANNELS.format(url=receiver.url, port=receiver.port, most=20).replace("= 5\n", "= 2\n")
    (folder / "channels.toml").write_text(text, encoding="utf-8")
    environment = ground.environment(field.bus.url, folder) | {
        "COMMUNIQUE_DELIVER__CHANNELS_FILE": str(folder / "channels.toml"), "DESK_SECRET": SECRET}
    with (folder / "deliver.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "streams.deliver", env=environment, stdout=log, stderr=log)


async def measure(called: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Run it in a folder; return the figures."""
    moody, stop = Moody(), asyncio.Event()
    async with (
        Receiver(moody) as receiver, ground.opened(folder / "ground", kafka=called.kafka, batch=0) as field
    ):
        rules = parse(RULE).rules
        await ruleset.apply(
            field.bus, ground.settings_of(field.bus.url, folder), rules, datetime.now(UTC))
        await field.staff(1)
        process = await _deliver(field, folder, receiver)
        living = asyncio.create_task(backfill.flow(field, called.live_per_second, 1, stop))
        await asyncio.sleep(backfill.WARM_SECONDS)
        began = time()
        for _ in range(called.rounds):
            for way in [*WAYS][1:]:
                moody.become(way)
                await asyncio.sleep(called.seconds)
                moody.become("good")
                await asyncio.sleep(called.seconds / 2)
        stop.set()
        backfill.say(f"{await living} live articles; draining")
        await field.drained()
        raised = await _alerts(field)
        came = await _arrived(receiver, raised)
        process.terminate()
        await process.wait()
        waits = await _waits(field, moody, began)
    return _figures(waits, raised, came, receiver.poured / max(1, moody.pours))


async def _alerts(field: Product) -> set[str]:
    return {json.loads(record.value or b"")["alert_id"]
            async for records in scan(field.bus, [topics.ALERTS.name]) for record in records}


async def _arrived(receiver: Receiver, raised: set[str]) -> list[str]:
    """Wait until all that was raised has arrived, for five minutes; return what did."""
    came: list[str] = []
    for _ in range(600):
        first = {call.headers["webhook-id"]: call.body for call in receiver.taken}
        came = [each["alert_id"] for body in first.values() for each in json.loads(body)["data"]["alerts"]]
        if raised <= set(came):
            break
        await asyncio.sleep(0.5)
    return came


async def _waits(field: Product, moody: Moody, began: float) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {}
    for spec in (topics.ENRICHED, topics.ALERTS):
        found[spec.name] = defaultdict(list)
        async for records in scan(field.bus, [spec.name]):
            for record in records:
                wait = live_wait(record)
                if wait is not None and (came := record.timestamp_ms / 1000 - wait) >= began:
                    found[spec.name][moody.at(came)].append(wait * 1000)
    return found


def _figures(
    waits: dict[str, dict[str, list[float]]], raised: set[str], came: Sequence[str], poured: float
) -> dict[str, object]:
    ratios, told = [], {}
    for topic, by_way in waits.items():
        bad = [wait for way, each in by_way.items() if way != "good" for wait in each]
        good_ms, bad_ms = _p99(by_way["good"]), _p99(bad)
        ratios.append(round(bad_ms / good_ms, 3) if good_ms else 0.0)
        told[topic] = {
            "good_p99_ms": good_ms, "bad_p99_ms": bad_ms, "ratio": ratios[-1],
            "p99_ms": {way: _p99(each) for way, each in by_way.items()}}
    figures = {
        "raised": len(raised), "missing": len(raised - set(came)), "doubled": len(came) - len(set(came)),
        "read_bytes_a_call": round(poured)}
    holds = not figures["missing"] and not figures["doubled"] and poured < MAX_READ_BYTES
    return {**told, **figures, "holds": holds and all(0 < ratio <= MAX_RATIO for ratio in ratios)}


def _p99(waits: Sequence[float]) -> float:
    return round(quantiles(waits, n=100, method="inclusive")[98], 1) if len(waits) > 1 else 0.0


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("python -m streams.bench.bad_channels", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="of each bad way; half of it good between")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--live-per-second", type=float, default=3.0)
    parser.add_argument("--kafka", action="store_true", help="on Apache Kafka instead of an embedded log")
    with tempfile.TemporaryDirectory(prefix="communique-channels-") as folder:
        figures = asyncio.run(measure(parser.parse_args(arguments), Path(folder)))
    print(json.dumps(figures))
    return int(not figures["holds"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
