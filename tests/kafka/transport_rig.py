"""What the transport's tests share: topics, a backlog, stage processes, and the truth that is read at the end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

STAGE = Path(__file__).with_name("transport_stage.py")
KAFKA = {"session_timeout_seconds": 6, "heartbeat_interval_seconds": 1, "rebalance_timeout_seconds": 10, "request_timeout_seconds": 15}
KEYS = 40


@dataclass
class Rig:
    """One test's topics and processes; `close` ends what is left of them."""

    bootstrap: str
    name: str
    state: Path
    partitions: int = 4
    kafka: dict = field(default_factory=dict)
    stream: dict = field(default_factory=dict)
    workers: list[subprocess.Popen] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    exits: list[int] = field(default_factory=list)
    started: int = 0
    safe: str = ""   # where the stages connect, when not to `bootstrap`

    def settings(self) -> str:
        return json.dumps({"bus": f"kafka://{self.safe or self.bootstrap}", "state": str(self.state), "kafka": {**KAFKA, **self.kafka},
                           "stream": {"chunk_records": 8, **self.stream}, "run": {"stop_seconds": 6}})

    async def create(self, **configs: dict[str, str]) -> None:
        """Create in, mid, out and the table's changelog; `configs` by short name."""
        compacted = {"cleanup.policy": "compact"}
        topics = {**dict.fromkeys(("in", "mid", "out"), {}), "tally-tally-changelog": compacted, **configs}
        async with self.admin() as admin:
            await admin.create_topics([NewTopic(f"{self.name}-{topic}", self.partitions, 1, topic_configs=config)
                                       for topic, config in topics.items()])

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    async def committed(self, stage: str) -> int:
        """Sum of the stage's committed offsets."""
        async with self.admin() as admin:
            offsets = await admin.list_consumer_group_offsets(f"{self.name}-{stage}")
        return sum(one.offset for one in offsets.values() if one.offset > 0)

    async def fill(self, count: int, pad: int = 200) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap, linger_ms=5, acks="all") as producer:
            for index in range(count):
                key = f"k{index % KEYS}"
                self.sent[key] += 1
                value = json.dumps({"key": key, "n": self.sent[key], "pad": "x" * pad})
                await producer.send(f"{self.name}-in", value.encode(), key=key.encode())
            await producer.flush()

    def start(self, stage: str, *more: str) -> subprocess.Popen:
        command = [sys.executable, str(STAGE), stage, "--name", self.name, "--settings", self.settings(),
                   "--partitions", str(self.partitions), *more]
        self.started += 1
        with (self.state / f"{stage}-{self.started}.log").open("wb") as log:
            worker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        worker.stage, worker.more = stage, more
        self.workers.append(worker)
        return worker

    def restart(self, worker: subprocess.Popen) -> subprocess.Popen:
        self.exits.append(self.ended(worker))
        return self.start(worker.stage, *worker.more)

    def ended(self, worker: subprocess.Popen, seconds: float = 40) -> int:
        """Wait for a worker to end; return its exit code."""
        code = worker.wait(seconds)
        worker.stdout.close()
        self.workers.remove(worker)
        return code

    def supervise(self) -> None:
        """Start again what ended by itself."""
        for worker in list(self.workers):
            if worker.poll() is not None:
                self.restart(worker)

    async def out(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for _key, value in await self.read(f"{self.name}-out"):
            event = json.loads(value)
            found[event["key"]].add(event["n"])
        return found

    async def table(self) -> dict[str, dict]:
        return {json.loads(key): json.loads(value) for key, value in await self.read(f"{self.name}-tally-tally-changelog")}

    async def read(self, topic: str) -> list[tuple[bytes, bytes]]:
        async with AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest") as consumer:
            tps = [TopicPartition(topic, partition) for partition in range(self.partitions)]
            consumer.assign(tps)
            ends = await consumer.end_offsets(tps)
            records = []
            while any([await consumer.position(tp) < ends[tp] for tp in tps]):
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    records += [(record.key, record.value) for record in batch]
            return records

    def missing(self, out: dict[str, set[int]]) -> int:
        return sum(len(set(range(1, last + 1)) - out[key]) for key, last in self.sent.items())

    async def wait(self, seconds: float, *, supervise: bool = True) -> None:
        """Wait until every event is on the out topic."""
        deadline = time.monotonic() + seconds
        while missing := self.missing(await self.out()):
            assert time.monotonic() < deadline, f"{missing} events have not come: {self.logs()}"
            if supervise:
                self.supervise()
            await asyncio.sleep(0.2)

    async def progressed(self, share: float, seconds: float = 30) -> None:
        """Wait until this share of the events is on the out topic."""
        deadline, total = time.monotonic() + seconds, sum(self.sent.values())
        while total - self.missing(await self.out()) < share * total:
            assert time.monotonic() < deadline, f"no progress: {self.logs()}"
            self.supervise()
            await asyncio.sleep(0.1)

    async def assigned(self, worker: subprocess.Popen, seconds: float = 30) -> None:
        """Wait until the worker has its partitions and has recovered its table."""
        def told() -> bool:
            return any(line == b"assigned\n" for line in iter(worker.stdout.readline, b""))

        assert await asyncio.wait_for(asyncio.to_thread(told), seconds), self.logs()

    async def settled(self, seconds: float = 15) -> None:
        """Wait until the table's changelog holds the last number of every key."""
        deadline = time.monotonic() + seconds
        while sum(row["last"] for row in (await self.table()).values()) < sum(self.sent.values()):
            assert time.monotonic() < deadline, f"the table stands still: {self.logs()}"
            await asyncio.sleep(0.2)

    async def check(self) -> None:
        """The table is right: last number and sum of every key, nothing skipped on the way."""
        table = await self.table()
        assert {key: (row["last"], row["sum"], row["gaps"]) for key, row in table.items()} == {
            key: (last, last * (last + 1) // 2, []) for key, last in self.sent.items()
        }

    def stop(self, worker: subprocess.Popen) -> int:
        worker.send_signal(signal.SIGTERM)
        return self.ended(worker)

    def logs(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-1500:]}" for path in sorted(self.state.glob("*.log")))

    def close(self) -> None:
        for worker in list(self.workers):
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGCONT)
                os.killpg(worker.pid, signal.SIGKILL)
            self.ended(worker)
