"""Cutover, rollback and drop under a running consumer, with the real stages: each article seen once, none lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import orjson

from streams import topics
from tests.cli.command_line import Line

TEXT = "The town of Elmsford will close its ferry {} for the winter, Mayor Ida Brandt said on Monday in the town hall."


def start_process(*words: str, **pipes) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", "streams.cli.app", *words], **pipes)


def until(condition, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)


def ingest(line: Line, numbers: range) -> None:
    line.write(f"in-{numbers.start}.jsonl", b"\n".join(
        orjson.dumps({"source_id": f"s{n}", "content": TEXT.format(n), "content_type": "text/plain"}) for n in numbers))
    assert line("ingest", f"in-{numbers.start}.jsonl").code == 0


def seen(path: Path) -> Counter:
    """Return how often each article was printed, by its source id."""
    return Counter(orjson.loads(each)["source_id"] for each in path.read_bytes().splitlines(keepends=True)
                   if each.endswith(b"\n"))


def test_each_article_is_seen_once_over_cutover_rollback_and_drop(line: Line) -> None:
    """In small and quickly; `streams.bench.cutover` does it with more articles, another rule, and on Kafka."""
    line.prepare()
    run = start_process("run", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    files = [(line.folder / name).open("wb") for name in ("plain.jsonl", "group.jsonl")]
    readers = [start_process("consume", "enriched", "--from-beginning", "--json", stdout=files[0]),
               start_process("consume", "enriched", "--group", "mine", "--json", stdout=files[1])]
    paths = [Path(file.name) for file in files]

    def come(numbers: range) -> None:
        ingest(line, numbers)
        until(lambda: all(len(seen(path)) >= numbers.stop for path in paths))

    try:
        come(range(4))
        job = line("replay", "plan", "--topic", "raw", "--json").objects[0]["job_id"]
        assert line.process("replay", "run", job).code == 0
        counts = line("replay", "diff", job, "--json").objects[0]
        assert (counts["same"], counts["added"], counts["removed"], counts["changed"]) == (4, 0, 0, 0)
        assert line("replay", "cutover", job).code == 1  # nobody has accepted it
        assert line("replay", "accept", job, "--by", "Ann").code == 0
        come(range(4, 7))
        assert line.process("replay", "cutover", job, "--by", "Ann").code == 0
        come(range(7, 10))
        readers[1].kill()
        readers[1].wait()
        ingest(line, range(10, 12))
        readers[1] = start_process("consume", "enriched", "--group", "mine", "--json", stdout=files[1])
        come(range(12, 13))
        assert line("replay", "rollback", job).code == 0
        come(range(13, 15))
        assert made_by(line) == {f"s{n}": job if 7 <= n < 13 else None for n in range(15)}
        until(lambda: "copied    4 of 4 raw records, and 11 live since" in line("replay", "status", job).out)
        assert line("replay", "drop", job).code == 0
        come(range(15, 17))
    finally:
        for process in [run, *readers]:
            process.send_signal(signal.SIGTERM if process is run else signal.SIGINT)
        for process in [run, *readers]:
            process.wait(40)
        for file in files:
            file.close()
    assert seen(paths[0]) == {f"s{n}": 1 for n in range(17)}
    assert set(seen(paths[1])) == {f"s{n}" for n in range(17)}
    assert sum(seen(paths[1]).values()) - 17 <= 3   # the one that was killed may print what it had in hand again
    assert made_by(line) == {f"s{n}": None for n in range(17)}


def made_by(line: Line) -> dict[str, str | None]:
    """Return whose event of each article `consume enriched` gives now."""
    told = line("consume", "enriched", "--exit-at-end", "--envelope").objects
    return {each["body"]["source_id"]: topics.job_of(each["topic"]) for each in told}
