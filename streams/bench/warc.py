"""warc: how fast a web archive of small records is read, and whether memory grows, beside plain warcio.

    python -m streams.bench.warc --records 1000000 [--json]

An archive is made in a temporary folder (packed record by record, two pages in three records as crawls have
them), then each way reads it whole in a process of its own: `ours` up to the article, `fastwarc` and `warcio`
the bytes of each response. Memory is what the process holds (VmRSS) after a hundredth, half and all of the
records, and the most that it ever held (VmHWM). Exit 1 when ours grew by more than `MOST_GROWN_MB` or is
slower than plain warcio.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final
from zlib import MAX_WBITS, compressobj

from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.archiveiterator import ArchiveIterator as PlainIterator

from streams.ingest.found import Article, Reading
from streams.ingest.warc import warc_file

MOST_GROWN_MB: Final = 32.0
"""Between a hundredth of the records and all of them: caches fill, nothing follows the count."""
_WORDS: Final = ("harbour", "council", "minister", "said", "ferry", "bridge", "vote", "river", "report")
_LIMIT: Final = 900_000


def make(path: Path, records: int, seed: int) -> None:
    """Write an archive of so many records, the same for the same seed."""
    draw = Random(seed)
    with path.open("wb") as file:
        for number in range(records):
            packer = compressobj(1, wbits=MAX_WBITS | 16)
            file.write(packer.compress(_record(number, draw)) + packer.flush())


def _record(number: int, draw: Random) -> bytes:
    kind = "request" if number % 3 == 0 else "response"
    text = " ".join(draw.choices(_WORDS, k=60))
    page = f"<html><body><h1>Number {number}</h1><p>{text}</p></body></html>"
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    block = (f"GET /{number} HTTP/1.1\r\n\r\n" if kind == "request" else head + page).encode()
    lines = (
        "WARC/1.0", f"WARC-Type: {kind}", f"WARC-Record-ID: <urn:uuid:{number:032x}>",
        "WARC-Date: 2018-02-14T12:00:00Z", f"WARC-Target-URI: https://daily.example/{number}",
        f"Content-Type: application/http; msgtype={kind}", f"Content-Length: {len(block)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def _ours(path: Path) -> Iterator[bool]:
    with path.open("rb") as stream:
        for found in warc_file(stream, path.name, None, Reading(_LIMIT)):
            yield isinstance(found, Article)


def _fastwarc(path: Path) -> Iterator[bool]:
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream):
            response = record.record_type == WarcRecordType.response
            yield response and bool(record.reader.read())


def _warcio(path: Path) -> Iterator[bool]:
    with path.open("rb") as stream:
        for record in PlainIterator(stream):
            yield record.rec_type == "response" and bool(record.content_stream().read())


WAYS: Final[dict[str, Callable[[Path], Iterator[bool]]]] = {
    "ours": _ours, "fastwarc": _fastwarc, "warcio": _warcio,
}


def read(way: str, path: Path, records: int) -> dict[str, float]:
    """Read the archive in this process; return records a second, pages, and MB held on the way."""
    marks = {max(1, records // 100): "start_mb", max(2, records // 2): "middle_mb", records: "end_mb"}
    held: dict[str, float] = {}
    number = pages = 0
    began = time.perf_counter()
    for number, page in enumerate(WAYS[way](path), 1):
        pages += page
        if number in marks:
            held[marks[number]] = _held_mb("VmRSS:")
    seconds = time.perf_counter() - began
    peak = _held_mb("VmHWM:")
    return {"records": number, "pages": pages, "per_second": round(number / seconds), **held, "peak_mb": peak}


def _held_mb(name: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return round(int(status.partition(name)[2].split()[0]) / 1024, 1)


def measure(records: int, seed: int, tell: Callable[[str], object]) -> dict[str, dict[str, float]]:
    """Make the archive and read it each way, each in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="communique-warc-") as folder:
        path = Path(folder) / "made.warc.gz"
        make(path, records, seed)
        tell(f"{records:,} records, {path.stat().st_size / 1e6:,.0f} MB packed")
        found = {}
        for way in WAYS:
            words = ["--records", str(records), "--read", way, str(path)]
            call = [sys.executable, "-m", "streams.bench.warc", *words]
            found[way] = json.loads(subprocess.run(call, check=True, capture_output=True).stdout)
            tell(_line(way, found[way]))
    return found


def _line(way: str, at: dict[str, float]) -> str:
    held = " ".join(f"{at.get(name, 0):>7.1f}" for name in ("start_mb", "middle_mb", "end_mb"))
    speed = f"{way:10} {at['per_second']:>9,.0f} records/s   {at['pages']:>9,.0f} pages"
    return f"{speed}   MB {held}   peak {at['peak_mb']:>7.1f}"


def holds(found: dict[str, dict[str, float]]) -> bool:
    """Say whether ours kept its memory, found every page, and is no slower than plain warcio."""
    ours = found["ours"]
    return (
        ours["peak_mb"] - ours["start_mb"] <= MOST_GROWN_MB
        and ours["pages"] == found["warcio"]["pages"]
        and ours["per_second"] >= found["warcio"]["per_second"]
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; return 1 when it does not hold."""
    parser = argparse.ArgumentParser(
        prog="python -m streams.bench.warc", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000, help="of the archive that is made (100,000)")
    parser.add_argument("--seed", type=int, default=1, help="the same archive for the same number")
    parser.add_argument("--json", action="store_true", help="one object on stdout and nothing else")
    parser.add_argument("--read", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.read:
        print(json.dumps(read(asked.read[0], Path(asked.read[1]), asked.records)))
        return 0
    found = measure(asked.records, asked.seed, lambda line: print(line, file=sys.stderr, flush=True))
    if asked.json:
        print(json.dumps({**found, "holds": holds(found)}))
    return 0 if holds(found) else 1


if __name__ == "__main__":
    sys.exit(main())
