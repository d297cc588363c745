"""throughput: records a second of one worker and one hop on Kafka, ours beside others, as ratios in one run.

A broker of its own, records of 3 kB in four partitions, each way (`peers`) a process that starts from the
beginning of them; its rate is taken from the end of the topic it writes to, after the first tenth. The ways
take turns, several times over; the median counts. Absolute figures are this machine's; ratios are what
`FLOORS` asks for.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

import orjson

from streams.bus.connect import connect
from streams.settings import Settings
from streams.testing.kafka_server import KafkaServer, die_with_parent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from streams.bus.interface import Bus

    Tell = Callable[[str], None]

PARTITIONS: Final = 4
MOST_SECONDS: Final = 15.0
START_SECONDS: Final = 60.0
CHUNK: Final = 64
WAYS: Final[dict[str, tuple[str, ...]]] = {
    "plain aiokafka": ("plain",),
    "stock Faust, single await": ("stock",),
    "stock Faust, awaited to the ack": ("stock_awaited",),
    "ours, one record an event": ("ours", "--chunk", "1"),
    "ours, chunks": ("ours", "--chunk", str(CHUNK)),
}
PLAIN: Final = "plain aiokafka"
STOCK: Final = "stock Faust, single await"
FLOORS: Final[tuple[tuple[str, str, float], ...]] = (
    ("ours, one record an event", STOCK, 1.5),
    ("ours, chunks", STOCK, 4.0),
    ("ours, chunks", PLAIN, 0.7),
)
"""(way, beside which, least ratio)."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one way did: records a second, microseconds of CPU a record."""

    per_second: float
    cpu_microseconds: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """One floor and how it was met."""

    way: str
    beside: str
    ratio: float
    floor: float

    @property
    def holds(self) -> bool:
        """Return whether the floor is met."""
        return self.ratio >= self.floor


async def measure(folder: Path, records: int, repeats: int, quix: Path | None, tell: Tell) -> dict[str, Rate]:
    """Measure every way `repeats` times over; return the medians."""
    found: dict[str, list[Rate]] = {}
    with KafkaServer(folder / "kafka") as server:
        bus = connect(Settings(bus=server.url, state=folder))
        await _fill(bus, records)
        for turn in range(repeats):
            for name, command in _commands(quix).items():
                rate = await _race(bus, server, command, f"{turn}-{len(found.get(name, []))}-{name}", records)
                found.setdefault(name, []).append(rate)
                tell(f"{name:32} {rate.per_second:>9,.0f}/s  {rate.cpu_microseconds:>7,.0f} µs CPU a record")
    return {name: _median(rates) for name, rates in found.items()}


def ratios(rates: Mapping[str, Rate]) -> list[Ratio]:
    """Return the ratios that have floors."""
    return [
        Ratio(way, beside, rates[way].per_second / rates[beside].per_second, floor)
        for way, beside, floor in FLOORS
    ]


def page(rates: Mapping[str, Rate], found: Sequence[Ratio]) -> list[str]:
    """Return the tables for people: rates beside plain and stock, then the floors."""
    plain, stock = rates[PLAIN].per_second, rates[STOCK].per_second
    lines = [f"{'':32} {'records/s':>10} {'of plain':>9} {'of stock':>9} {'µs CPU':>7}"]
    for way, rate in rates.items():
        share = f"{rate.per_second / plain:>9.2f} {rate.per_second / stock:>9.2f}"
        lines.append(f"{way:32} {rate.per_second:>10,.0f} {share} {rate.cpu_microseconds:>7,.0f}")
    lines.append("")
    for each in found:
        holds = "yes" if each.holds else "no"
        lines.append(f"{each.way} ÷ {each.beside}: {each.ratio:.2f}, floor {each.floor}: {holds}")
    return lines


def _commands(quix: Path | None) -> dict[str, list[str]]:
    ways = {name: [sys.executable, "-m", "streams.bench.peers", *words] for name, words in WAYS.items()}
    if quix is not None:
        ways["quixstreams"] = [str(quix), str(Path(__file__).with_name("peer_quix.py"))]
    return ways


def _median(rates: list[Rate]) -> Rate:
    return Rate(median(rate.per_second for rate in rates), median(rate.cpu_microseconds for rate in rates))


async def _fill(bus: Bus, records: int) -> None:
    async with bus.admin() as admin, bus.producer(client_id="bench") as producer:
        await admin.create_topic("into", PARTITIONS, {})
        for number in range(records):
            text = f"word{number % 97} " * 400
            await producer.send("into", orjson.dumps({"id": number, "text": text}), key=b"k%d" % number)
        await producer.flush()


async def _race(bus: Bus, server: KafkaServer, command: list[str], name: str, records: int) -> Rate:
    out = "out-" + "".join(letter if letter.isalnum() else "-" for letter in name)
    async with bus.admin() as admin:
        await admin.create_topic(out, PARTITIONS, {})

        async def written() -> int:
            return sum((await admin.end_offsets([out])).values())

        words = ["--broker", server.bootstrap, "--into", "into", "--out", out, "--group", out]
        words += ["--folder", str(server.data.parent / out)]
        worker = _start([*command, *words])
        try:
            return await _watch(written, worker.pid, records)
        finally:
            worker.kill()
            worker.wait()
            await admin.delete_topic(out)


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        command, stdout=quiet, stderr=quiet,
        preexec_fn=die_with_parent,  # noqa: PLW1509  # one system call, nothing that could deadlock
    )


async def _watch(written: Callable[[], Awaitable[int]], pid: int, records: int) -> Rate:
    """Return the rate from a tenth of the records, or the first second of a slow way, to nearly all."""
    if not await _until(written, 1, START_SECONDS):
        return Rate(0.0, 0.0)
    count = await _until(written, records // 10, 1)
    start, cpu = time.monotonic(), _cpu_seconds(pid)
    now = await _until(written, records * 95 // 100, MOST_SECONDS)
    seconds, used = time.monotonic() - start, _cpu_seconds(pid) - cpu
    return Rate((now - count) / seconds, used * 1e6 / max(1, now - count))


async def _until(written: Callable[[], Awaitable[int]], wanted: int, seconds: float) -> int:
    """Look until so many records are written, or for so long; return how many there are."""
    deadline = time.monotonic() + seconds
    while (count := await written()) < wanted and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)  # the broker tells nobody: it is asked
    return count


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
