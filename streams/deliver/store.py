"""store: the file of the outbox: where it is, how it is laid out, how it is opened.

One SQLite file in WAL mode with `synchronous=FULL`: what is committed survives power loss, and only then does
the position on the bus move. What an alert's arrival changes, what a group's departure changes, what an
attempt's outcome changes, is each one transaction: a kill -9 leaves the state before or after it, nothing
between.

The commands (`communique alerts …`) write silences and acknowledgements into the same file, from their own
processes; SQLite's lock keeps them apart for the milliseconds they take. Local disks only.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streams.bus import sole
from streams.bus.durable import NotOurs, Store, open_file
from streams.core.outcome import CommuniqueError

if TYPE_CHECKING:
    from streams.settings import Settings

APPLICATION_ID: Final = 0x434D4F31
"""`CMO1`, in the file's header: a file with another number is not ours and is not touched."""
BUSY_SECONDS: Final = 10.0

GO_ON, QUIET = 1, -1
"""`groups.hurry`: more of it leaves as soon as it may; all of it waits for the end of quiet hours (`due`)."""

_LAYOUT: Final = f"""
CREATE TABLE alerts(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, alert TEXT NOT NULL, revision INTEGER NOT NULL,
  corrects TEXT, body TEXT NOT NULL, origin TEXT NOT NULL, at REAL NOT NULL, expires REAL,
  heard REAL NOT NULL, UNIQUE(alert, revision));
CREATE INDEX alerts_corrects ON alerts(corrects) WHERE corrects IS NOT NULL;
CREATE INDEX alerts_heard ON alerts(heard);
CREATE TABLE groups(
  gid INTEGER PRIMARY KEY, channel TEXT NOT NULL, name TEXT NOT NULL,
  due REAL, sent REAL, hurry INTEGER NOT NULL DEFAULT 0, UNIQUE(channel, name));
CREATE INDEX groups_due ON groups(due) WHERE due IS NOT NULL;
CREATE TABLE members(
  channel TEXT NOT NULL, seq INTEGER NOT NULL, gid INTEGER NOT NULL, state TEXT NOT NULL,
  nid INTEGER, reason TEXT, PRIMARY KEY(channel, seq)) WITHOUT ROWID;
CREATE INDEX members_waiting ON members(gid, seq) WHERE state = 'waiting';
CREATE INDEX members_nid ON members(nid) WHERE nid IS NOT NULL;
CREATE INDEX members_seq ON members(seq);
CREATE TABLE notifications(
  nid INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, gid INTEGER NOT NULL,
  channel TEXT NOT NULL, revision INTEGER NOT NULL, alerts TEXT NOT NULL, body BLOB NOT NULL,
  state TEXT NOT NULL, made REAL NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  reason TEXT, done REAL);
CREATE INDEX notifications_ready ON notifications(channel, due) WHERE state = 'ready';
CREATE INDEX notifications_open ON notifications(gid) WHERE state = 'ready';
CREATE INDEX notifications_done ON notifications(channel, done);
CREATE TABLE results(rid INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, body BLOB NOT NULL,
  headers TEXT NOT NULL);
CREATE TABLE silences(
  sid INTEGER PRIMARY KEY AUTOINCREMENT, matchers TEXT NOT NULL, begins REAL NOT NULL, ends REAL NOT NULL,
  author TEXT, comment TEXT);
CREATE TABLE acknowledgements(alert TEXT PRIMARY KEY, at REAL NOT NULL, author TEXT) WITHOUT ROWID;
CREATE TABLE breakers(
  channel TEXT PRIMARY KEY, failures INTEGER NOT NULL, open_until REAL NOT NULL) WITHOUT ROWID;
PRAGMA application_id={APPLICATION_ID};
PRAGMA user_version=1;
"""
"""States of a member: waiting, out (in a notification), delivered, suppressed, expired, dead; of a
notification: ready, delivered, expired, dead. `results` are events for the bus that it has not acknowledged
yet."""


class OutboxError(CommuniqueError):
    """The outbox cannot be opened or written."""


def path_of(settings: Settings) -> Path:
    """Return where the outbox is."""
    return settings.state / "outbox.db"


def open_store(path: Path) -> Store:
    """Open the outbox, laid out when it is new. Raises `OutboxError`."""
    try:
        return open_file(path, APPLICATION_ID, _LAYOUT, BUSY_SECONDS)
    except (sqlite3.Error, OSError) as error:
        raise OutboxError(f"the outbox {path} cannot be opened: {error}") from None
    except NotOurs:
        raise OutboxError(f"{path} is an SQLite file, but not an outbox") from None


def claim(path: Path) -> int | None:
    """Take the lock of the one process that sends; None while another has it, or until it is dead."""
    return sole.claim(Path(f"{path}.lock"))
