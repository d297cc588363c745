"""spool: two runs on disk, so that they can be compared one raw record at a time.

A temporary SQLite file without a name, since it holds text: gone with the process, however it dies. Topics
are in order of arrival, and a comparison needs both runs' record of one origin together. The last record of
a key stands, as on the topics. Sides: 0 old, 1 new.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Self

from streams.core.replay.diff import Outcome
from streams.core.replay.facts import unpacked
from streams.core.replay.partition import Cell

OLD, NEW = 0, 1
_TABLES: Final = """
CREATE TABLE meant (origin TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE facts (origin TEXT, side INT, at TEXT, value BLOB, PRIMARY KEY (origin, side)) WITHOUT ROWID;
CREATE TABLE refused (origin TEXT, side INT, reason TEXT, PRIMARY KEY (origin, side)) WITHOUT ROWID;
CREATE TABLE dead (origin TEXT, side INT, what TEXT, PRIMARY KEY (origin, side, what)) WITHOUT ROWID;
CREATE TABLE standing (id TEXT, side INT, value TEXT, PRIMARY KEY (id, side)) WITHOUT ROWID;
CREATE TABLE places (article TEXT, side INT, cluster TEXT, canonical TEXT, PRIMARY KEY (article, side))
  WITHOUT ROWID;
CREATE TABLE rests (alert TEXT, id TEXT, PRIMARY KEY (alert, id)) WITHOUT ROWID;
CREATE TABLE due (alert TEXT, side INT, PRIMARY KEY (alert, side)) WITHOUT ROWID;
CREATE TABLE known (article TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_EACH: Final = """
SELECT m.origin, a.value, b.value, r.reason, s.reason,
  (SELECT group_concat(what, '\n') FROM dead WHERE origin = m.origin AND side = 0),
  (SELECT group_concat(what, '\n') FROM dead WHERE origin = m.origin AND side = 1)
FROM meant m
LEFT JOIN facts a ON a.origin = m.origin AND a.side = 0
LEFT JOIN facts b ON b.origin = m.origin AND b.side = 1
LEFT JOIN refused r ON r.origin = m.origin AND r.side = 0
LEFT JOIN refused s ON s.origin = m.origin AND s.side = 1
ORDER BY m.origin
"""
_CELLS: Final = """
WITH here AS (SELECT p.* FROM places p JOIN known k ON k.article = p.article),
sizes AS (SELECT side, cluster, count(*) AS articles FROM here GROUP BY side, cluster)
SELECT count(*), x.articles, y.articles, max(o.canonical <> n.canonical)
FROM here o JOIN here n ON n.article = o.article AND n.side = 1
JOIN sizes x ON x.side = 0 AND x.cluster = o.cluster JOIN sizes y ON y.side = 1 AND y.cluster = n.cluster
WHERE o.side = 0 GROUP BY o.cluster, n.cluster
"""
_ALERTS: Final = """
SELECT count(*), coalesce(sum(kept), 0) FROM (
  SELECT max(s.id IS NOT NULL) AS kept FROM rests r LEFT JOIN standing s ON s.id = r.id AND s.side = 1
  GROUP BY r.alert)
"""
_DUE: Final = """
SELECT coalesce(sum(sides = 2), 0), coalesce(sum(sides = 1 AND side = 1), 0),
  coalesce(sum(sides = 1 AND side = 0), 0)
FROM (SELECT count(*) AS sides, max(side) AS side FROM due GROUP BY alert)
"""
_SIZES: Final = """
SELECT count(*) FROM places p JOIN known k ON k.article = p.article WHERE side = ? GROUP BY cluster
"""


class AlertCounts(NamedTuple):
    """Alerts of the rules as they stand, had all come live on its day: in both runs, in one only.

    Of those that production did raise: `supported` rest on a statement that the new run has, the others not.
    """

    same: int
    added: int
    removed: int
    supported: int
    unsupported: int


class Ends(NamedTuple):
    """What became of one raw record in both runs."""

    origin: str
    old: Outcome
    new: Outcome


class Spool(AbstractContextManager["Spool"]):
    """Takes what two runs left on their topics, gives it back side by side."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)  # a file without a name
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute("PRAGMA cache_size = -32768")
        self._file.executescript(_TABLES)
        self._file.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def mean(self, origins: Iterable[str]) -> None:
        """Take in raw records that are compared."""
        self._file.executemany("INSERT OR IGNORE INTO meant VALUES (?)", ((each,) for each in origins))

    def means(self, origin: str) -> bool:
        """Tell whether a raw record is compared."""
        return self._file.execute("SELECT 1 FROM meant WHERE origin = ?", (origin,)).fetchone() is not None

    def enriched(self, side: int, origin: str, at: str, article: str, facts: bytes) -> None:
        """Take in an enriched event: its place on the log, its article, its packed facts."""
        self._file.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)", (origin, side, at, facts))
        self._file.execute("INSERT OR IGNORE INTO known VALUES (?)", (article,))

    def refused(self, side: int, origin: str, reason: str) -> None:
        """Take in a refusal."""
        self._file.execute("INSERT OR REPLACE INTO refused VALUES (?, ?, ?)", (origin, side, reason))

    def dead(self, side: int, origin: str, what: str) -> None:
        """Take in a dead letter, told by its topic and code."""
        self._file.execute("INSERT OR IGNORE INTO dead VALUES (?, ?, ?)", (origin, side, what))

    def stands(self, side: int, statement: str, standing: str | None) -> None:
        """Take in where a statement stands at rest; None: it is gone."""
        self._keep("standing", side, statement, None if standing is None else (standing,))

    def placed(self, side: int, article: str, place: tuple[str, str] | None) -> None:
        """Take in an article's cluster and canonical; None: it is gone."""
        self._keep("places", side, article, place)

    def alerted(self, alert: str, statements: Iterable[str]) -> None:
        """Take in an alert and the statements that it rests on."""
        rows = ((alert, each) for each in statements)
        self._file.executemany("INSERT OR IGNORE INTO rests VALUES (?, ?)", rows)

    def due(self, side: int, alert: str) -> None:
        """Take in an alert that a run's statements raise on their day."""
        self._file.execute("INSERT OR IGNORE INTO due VALUES (?, ?)", (alert, side))

    def alerts(self) -> AlertCounts:
        """Return how alerts differ."""
        total, kept = self._file.execute(_ALERTS).fetchone()
        same, added, removed = self._file.execute(_DUE).fetchone()
        return AlertCounts(same, added, removed, int(kept), int(total - kept))

    def _keep(self, table: str, side: int, key: str, value: tuple[str, ...] | None) -> None:
        column = "id" if table == "standing" else "article"
        if value is None:
            self._file.execute(f"DELETE FROM {table} WHERE {column} = ? AND side = ?", (key, side))  # noqa: S608
        else:
            marks = ", ".join("?" * (len(value) + 2))
            self._file.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", (key, side, *value))  # noqa: S608

    def each(self) -> Iterator[Ends]:
        """Yield both runs' outcome of each raw record that is compared, by origin."""
        for origin, old, new, left, right, dead, died in self._file.execute(_EACH):
            yield Ends(origin, _outcome(old, left, dead), _outcome(new, right, died))

    def cells(self) -> Iterator[Cell]:
        """Yield how many of the articles compared are in each pair of an old and a new cluster."""
        for articles, old, new, differs in self._file.execute(_CELLS):
            yield Cell(articles, old, new, bool(differs))

    def sizes(self, side: int) -> Iterator[int]:
        """Yield the sizes of a run's clusters, among the articles compared."""
        for (size,) in self._file.execute(_SIZES, (side,)):
            yield size

    def judged_otherwise(self) -> int:
        """Return how many statements that both runs have stand elsewhere at rest."""
        asked = "SELECT count(*) FROM standing a JOIN standing b ON b.id = a.id AND b.side = 1 AND a.side = 0"
        (found,) = self._file.execute(f"{asked} WHERE a.value <> b.value").fetchone()
        return int(found)

    def place(self, side: int, origin: str) -> str | None:
        """Return where a raw record's enriched event lies, None when the run has none."""
        asked = "SELECT at FROM facts WHERE origin = ? AND side = ?"
        found = self._file.execute(asked, (origin, side)).fetchone()
        return found[0] if found else None


def _outcome(facts: bytes | None, refusal: str | None, dead: str | None) -> Outcome:
    if facts is not None:  # a refusal or a dead letter beside it was superseded
        return Outcome(unpacked(facts), dead=_sorted(dead))
    return Outcome(None, refusal, _sorted(dead))


def _sorted(dead: str | None) -> tuple[str, ...]:
    return tuple(sorted(dead.split("\n"))) if dead else ()
