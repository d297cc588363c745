"""rules: rules in few words, and on the topic, for tests.

>>> rule("quay", words=("bridge",)).words
('bridge',)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schemas.rule import Rule
from streams import topics
from streams.bus import codec

if TYPE_CHECKING:
    from streams.testing.driver import Simulation


def rule(name: str = "rule", **fields: Any) -> Rule:  # noqa: ANN401
    """Return a rule that asks for everything explicit and new, official or not, unless told otherwise."""
    known: dict[str, Any] = {"name": name, "version": "1", "official": None}
    return Rule(**(known | fields))


def put_rule(simulation: Simulation, what: Rule, *, at_once: bool = True) -> None:
    """Write a rule to its topic. Workers that are there know it at once, or some steps later."""
    simulation.put(topics.RULES.name, codec.encode(what), key=what.name.encode())
    workers = [worker for stage in simulation.groups for worker in stage.workers.values()]
    for standing in [worker.followed.get(topics.RULES.name) for worker in workers] if at_once else []:
        if standing is not None:
            standing.apply(simulation.log.all(topics.RULES.name))
