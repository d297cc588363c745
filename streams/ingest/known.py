"""known: which events need not be sent again, in bounded memory.

What a small raw topic holds, and what this load sent last. A repeat that is further back is sent again under
the same id, which the audit counts as `repeated`: nothing depends on what is remembered here.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from streams import topics
from streams.bus.scan import header, scan

if TYPE_CHECKING:
    from streams.bus.interface import Bus

CHEAP_RECORDS: Final = 50_000
"""A raw topic with more records is not read through before loading.

On the embedded log 44,000 articles of 5 kB are read in a second.
"""

LATELY: Final = 100_000
"""Ids of this load that are remembered: about 12 MB."""


class Known:
    """Ids that the topic holds (`held`, never changed), and the last `LATELY` that were sent."""

    def __init__(self, held: set[str] | None = None, lately: int = LATELY) -> None:
        self.held = held or set()
        self._order: deque[str] = deque()
        self._sent: set[str] = set()
        self._most = lately

    def __contains__(self, ce_id: object) -> bool:
        return ce_id in self.held or ce_id in self._sent

    def add(self, ce_id: str) -> None:
        """Remember what is sent; the oldest is forgotten for it."""
        self._sent.add(ce_id)
        self._order.append(ce_id)
        if len(self._order) > self._most:
            self._sent.discard(self._order.popleft())


async def known_ids(bus: Bus, limit: int | None = CHEAP_RECORDS) -> set[str] | None:
    """Return the `ce_id`s that the raw topic holds.

    None when it has more than `limit` records (None: no limit).
    """
    async with bus.admin() as admin:
        ends = await admin.end_offsets([topics.RAW.name])
        held = sum(ends.values()) - sum((await admin.beginning_offsets([topics.RAW.name])).values())
    if limit is not None and held > limit:
        return None
    found: set[str] = set()
    async for records in scan(bus, [topics.RAW.name]):
        found.update(each for record in records if (each := header(record, "ce_id")))
    return found
