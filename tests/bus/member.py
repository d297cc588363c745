"""A member of a group, as a process: python -m tests.bus.member URL TOPIC GROUP. Says `joined`, then answers lines on stdin.

`commit N` → `committed` or `fenced`; `read N` → the values of N records.
"""

from __future__ import annotations

import asyncio
import sys

from streams.bus.connect import connect
from streams.bus.errors import Fenced
from streams.bus.interface import TopicPartition
from tests.bus.conformance import flat, gather, settings_of


async def answer(consumer, topic: str, word: str, number: int) -> str:
    if word == "read":
        return " ".join((record.value or b"").decode() for record in await gather(consumer, number))
    try:
        await consumer.commit({TopicPartition(topic, 0): number})
    except Fenced:
        return "fenced"
    return "committed"


async def main(url: str, topic: str, group: str) -> None:
    async with connect(settings_of(url)).consumer(client_id="member", group=group) as consumer:
        consumer.subscribe([topic])
        first = []
        while not consumer.assignment():
            first += flat(await consumer.getmany(timeout_ms=100, max_records=1))
        print("joined", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            word, number = line.split()
            print(await answer(consumer, topic, word, int(number)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
