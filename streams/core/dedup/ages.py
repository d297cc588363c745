"""Ages: numbers by lane and hour, four to eight bytes each: what is oldest is found at once."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

_HOUR: Final = 3600


@dataclass(slots=True)
class Ages:
    """See the module. One number may be there several times."""

    numbers: dict[tuple[str, int], array[int]] = field(default_factory=dict)
    hours: dict[str, list[int]] = field(default_factory=dict)

    def add(self, lane: str, time: datetime, number: int) -> None:
        """Remember that a number (below 2⁶⁴) is of that time in a lane."""
        hour = int(time.timestamp() // _HOUR)
        if (lane, hour) not in self.numbers:
            self.numbers[lane, hour] = array("Q")
            heapq.heappush(self.hours.setdefault(lane, []), hour)
        self.numbers[lane, hour].append(number)

    def before(self, lane: str, moment: datetime, most: int) -> Iterator[int]:
        """Take out and yield up to `most` numbers of hours that have ended by a moment, the oldest first."""
        hours, ended = self.hours.get(lane, []), moment.timestamp() // _HOUR
        while hours and hours[0] < ended and most > 0:
            numbers = self.numbers[lane, hours[0]]
            for _ in range(min(most, len(numbers))):
                most -= 1
                yield numbers.pop()
            if not numbers:
                del self.numbers[lane, heapq.heappop(hours)]
