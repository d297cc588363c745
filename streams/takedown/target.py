"""target: what belongs to an article that is taken back, and what becomes of a record of it.

A record belongs by its place (raw), its origin, its key (statements, alerts, tables), or because an alert
rests on one of the article's statements. What holds ids only stays: assignments, clusters, matches, refusals,
deliveries, replay jobs, the match graph, the answers given. So do other articles, also those with the same
words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from streams import topics
from streams.audit.dead import letter_of
from streams.bus.envelope import read_headers

if TYPE_CHECKING:
    from streams.bus.interface import Record

HOLD_NO_TEXT: Final = frozenset(spec.name for spec in (
    topics.MATCHES, topics.ASSIGNMENTS, topics.CLUSTERS, topics.REFUSALS, topics.DELIVERIES,
    topics.REPLAY_JOBS, topics.RULES, topics.REDRIVES, topics.TAKEDOWNS))
TABLES_WITHOUT_TEXT: Final = frozenset({topics.NODES.name, topics.ANSWERED.name})
_CHANGELOG: Final = "-changelog"
_DEAD: Final = ".dlt"


class Fate(Enum):
    """What becomes of the records of a topic that belong to an article taken back."""

    STAYS = "stays"
    STUB = "stub"
    """Blanked in place, where the bus can."""
    GONE = "gone"
    """A tombstone for its key; older values are blanked in place, where the bus can."""


def fate_in(topic: str) -> Fate:
    """Return what becomes of an article's records in a topic, shadows of replays and changelogs included.

    >>> fate_in("news.articles.raw.v1"), fate_in("communique-dedup-texts-by-article-changelog")
    (<Fate.STUB: 'stub'>, <Fate.GONE: 'gone'>)
    """
    name = topics.unshadowed(topic)
    if name.endswith(_CHANGELOG):
        silent = any(name.endswith(f"-{table}{_CHANGELOG}") for table in TABLES_WITHOUT_TEXT)
        return Fate.STAYS if silent else Fate.GONE
    if name in HOLD_NO_TEXT:
        return Fate.STAYS
    spec = topics.BY_NAME.get(name)
    return Fate.GONE if spec is not None and spec.compacted else Fate.STUB


@dataclass(frozen=True, slots=True)
class Target:
    """An article: its id (None when no stage got so far), its raw records, its statements.

    `elsewhere`: other ids that runs know it by.
    """

    article_id: str | None
    origins: frozenset[str]
    statements: frozenset[str]
    elsewhere: frozenset[str] = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of article and statements."""
        return self.statements | self.elsewhere | ({self.article_id} if self.article_id else frozenset())

    def owns(self, record: Record) -> bool:
        """Return whether a record is one of the article's."""
        name = topics.unshadowed(record.topic)
        if record.topic == topics.RAW.name:
            return record.at in self.origins
        if name.endswith(_CHANGELOG):
            return self._keyed(record)
        if name.endswith(_DEAD) and self._dead(record):
            return True
        if name in {topics.ALERTS.name, topics.ALERTS.dead_letters}:
            return self._rests_on(record)
        return origin_of(record) in self.origins or _key(record) in self.ids

    def _keyed(self, record: Record) -> bool:
        """Keys of tables are ids with slashes between them; an alert is known by what it rests on."""
        parts = _key(record).split("/")
        return any(part in self.ids or part in self.origins for part in parts) or self._rests_on(record)

    def _dead(self, record: Record) -> bool:
        letter = letter_of(record)
        return letter.id in self.origins or letter.origin in self.origins

    def _rests_on(self, record: Record) -> bool:
        value = record.value or b""
        return any(f'"statement_id":"{each}"'.encode() in value for each in self.statements)


def origin_of(record: Record) -> str:
    """Return the raw record that a record comes from, empty when it names none."""
    return read_headers(record.headers).get("ce_origin", "")


def _key(record: Record) -> str:
    return (record.key or b"").decode("utf-8", "replace")
