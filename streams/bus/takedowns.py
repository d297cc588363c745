"""takedowns: which articles were taken back, read from their topic.

For jobs that run to an end; a worker follows the topic (`streams.bus.standing`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from schemas.takedown import Takedown
from streams.bus.scan import scan
from streams.topics import TAKEDOWNS

if TYPE_CHECKING:
    from streams.bus.interface import Bus


async def takedowns(bus: Bus) -> dict[str, Takedown]:
    """Return the takedowns by article, as they stand now; none when there is no such topic."""
    found: dict[str, Takedown] = {}
    async for records in scan(bus, [TAKEDOWNS.name], missing_ok=True):
        for record in records:
            try:
                event = Takedown.model_validate_json(record.value or b"")
            except ValidationError:
                continue  # a stranger's: no reason to stand still
            found[event.article_id] = event
    return found
