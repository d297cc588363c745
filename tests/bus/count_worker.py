"""A worker that counts the records of each key in a table: a program for tests of tables, started as a process.

    python count_worker.py dedup        settings from the environment, as `python -m streams.worker`

It reads raw and answers one clean article a record, whose text is the count so far.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

from schemas.base import Value
from streams import topics, worker
from streams.bus import tables
from streams.core.outcome import Placed
from streams.topics import TableSpec, Width

COMMAND = (sys.executable, __file__)


class Count(Value):
    """How many records of a key have come, and which was the last."""

    count: int
    last: str


COUNTS = TableSpec("counts-by-key", "dedup", Width.ARTICLES, Count, "counts of these tests")


def register(app: Any, bus: Any) -> None:
    from tests.bus.test_guard import article

    async def count(events: Any) -> None:
        async for event in events.events():
            counts = bus.state(COUNTS, event.message.partition)

            def step(model: Any, envelope: Any, counts: Any = counts) -> Any:
                known = counts.get(model.source_id, Count(count=0, last=""))
                offset = int(envelope.origin.rsplit("-", 1)[1])
                if not known.last or int(known.last.rsplit("-", 1)[1]) < offset:
                    known = counts[model.source_id] = Count(count=known.count + 1, last=envelope.origin)
                return Placed(article(str(known.count), article_id=model.source_id))
            await bus.handle(event, step)

    app.agent(bus.topic(topics.RAW), name="count")(count)


if __name__ == "__main__":
    tables.TABLES = (COUNTS,)
    sys.exit(worker.main(agents={"count": SimpleNamespace(register=register)}, command=COMMAND))
