"""Stage → names of its agents. A stage is one process type and one consumer group, `communique-<stage>`.

An agent `x` is the module `streams.agents.x` with a function `register(app, bus)`.
"""

from __future__ import annotations

from typing import Final

STAGES: Final[dict[str, tuple[str, ...]]] = {
    "clean": ("clean",),
    "tag": ("tag",),
    "dedup": ("sketch", "match", "cluster", "enrich"),
    "statements": ("split", "judge"),
    "alert": ("alert",),
}

REPLAYED: Final[tuple[str, ...]] = tuple(stage for stage in STAGES if stage != "alert")
"""The stages that a replay has of its own: alerts are never raised twice."""

FOLLOWING: Final[frozenset[str]] = frozenset({"alert"})
"""The stages that never fork: they read what production is, whichever run that is (`news.views.v1`)."""

DELIVER: Final = "deliver"
"""The process that sends alerts: no Faust app, but a consumer group as a stage is one."""

PROCESSES: Final[tuple[str, ...]] = (*STAGES, DELIVER)
"""What `communique run` starts, in the order of the walk."""


def group_of(stage: str, job: str | None = None) -> str:
    """Return the consumer group, which is also the Faust app id, of a stage; of a replay's own stage."""
    return f"communique-{stage}" if job is None else f"communique-{stage}.{job}"
