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

    def settings(self) -> str:
        return json.dumps({"bus": f"kafka://{self.bootstrap}", "state": str(self.state), "kafka": {**KAFKA, **self.kafka},
                           "stream": {"chunk_records": 8, **self.stream}, "run": {"stop_seconds": 6}})

    async def create(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.create_topics(
                [NewTopic(f"{self.name}-{topic}", self.partitions, 1) for topic in ("in", "mid", "out")]
                + [NewTopic(f"{self.name}-tally-tally-changelog", self.partitions, 1, topic_configs={"cleanup.policy": "compact"})]
            )
        finally:
            await admin.close()

    async def fill(self, count: int, pad: int = 200) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap, linger_ms=5, acks="all") as producer:
            for index in range(count):
                key = f"k{index % KEYS}"
                self.sent[key] += 1
                value = json.dumps({"key": key, "n": self.sent[key], "pad": "x" * pad})
                await producer.send(f"{self.name}-in", value.encode(), key=key.encode())
            await producer.flush()

    def start(self, stage: str, *more: str) -> subprocess.Popen:
        worker = subprocess.Popen(
            [sys.executable, str(STAGE), stage, "--name", self.name, "--settings", self.settings(),
             "--partitions", str(self.partitions), *more],
            stdout=subprocess.PIPE, stderr=(self.state / f"{stage}-{len(self.workers)}.log").open("wb"), start_new_session=True,
        )
        worker.stage, worker.more = stage, more
        self.workers.append(worker)
        return worker

    def restart(self, worker: subprocess.Popen) -> subprocess.Popen:
        self.exits.append(worker.wait())
        self.workers.remove(worker)
        return self.start(worker.stage, *worker.more)

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

    async def check(self) -> None:
        """The table is right: last number and sum of every key, nothing skipped on the way."""
        table = await self.table()
        assert {key: (row["last"], row["sum"], row["gaps"]) for key, row in table.items()} == {
            key: (last, last * (last + 1) // 2, []) for key, last in self.sent.items()
        }

    def stop(self, worker: subprocess.Popen) -> int:
        worker.send_signal(signal.SIGTERM)
        code = worker.wait(timeout=20)
        self.workers.remove(worker)
        return code

    def logs(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-1500:]}" for path in sorted(self.state.glob("*.log")))

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGCONT)
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
            worker.stdout.close()
