"""lasting: of an event's body that which two runs over the same records must have in common.

What was known *then* (DESIGN §3, as of) is left out, by topic; the rest is written with sorted keys. Topics
that are as of throughout (matches, answers, found statements) are compared by what they lead to.
"""

from __future__ import annotations

from typing import Final

import orjson

AS_OF: Final[dict[str, tuple[str, ...]]] = {
    "news.articles.clean.v1": (),
    "news.articles.tagged.v1": (),
    "news.refusals.v1": (),
    "news.articles.enriched.v1": ("dedup",),
    "news.clusters.v1": ("kind", "from"),
    "news.dedup.assignments.v1": (),
    "news.statements.v1": ("revision", "former_proposition_ids", "cluster_id"),
}
"""Fields that tell what was known when an event left, by topic. A topic that is not here is not compared."""

AT_REST: Final = ("news.dedup.assignments.v1", "news.clusters.v1", "news.statements.v1")
"""Topics of which the last record of each key counts; of the others, each event by its origin."""


def lasting(topic: str, value: bytes) -> bytes:
    """Return a body without its fields as of; `topic`: the live one's name. KeyError for one not compared.

    >>> lasting("news.clusters.v1", b'{"kind":"opened","cluster_id":"c"}')
    b'{"cluster_id":"c"}'
    """
    left_out = AS_OF[topic]
    if not left_out:
        return value
    body = orjson.loads(value)
    for name in left_out:
        body.pop(name, None)
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
