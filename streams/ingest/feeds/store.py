"""store: the file of feeds: the list, what is known of each, and what the bus has not acknowledged yet.

One SQLite file in WAL mode with `synchronous=FULL`. What one document brings (new entries as articles in
`queue`, their names in `known`, its validators) is one transaction: a kill leaves the state before or after
it. An article stays in `queue`, byte for byte as it is sent, until the bus has acknowledged it: so it comes
again under the same id, and is never forgotten. Local disks only.
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

APPLICATION_ID: Final = 0x434D4631
"""`CMF1`, in the file's header: a file with another number is not ours and is not touched."""
_BUSY_SECONDS: Final = 10.0

_LAYOUT: Final = f"""
CREATE TABLE feeds(
  fid INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, url TEXT NOT NULL UNIQUE, outlet TEXT,
  language TEXT, every REAL, pages INTEGER NOT NULL, hosts TEXT NOT NULL, history TEXT NOT NULL,
  state TEXT NOT NULL, why TEXT, added REAL NOT NULL, due REAL NOT NULL, pause REAL, visited REAL,
  succeeded REAL, failures INTEGER NOT NULL DEFAULT 0, error TEXT, title TEXT,
  entries INTEGER NOT NULL DEFAULT 0, sent INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0,
  doubts INTEGER NOT NULL DEFAULT 0);
CREATE TABLE documents(
  fid INTEGER NOT NULL, url TEXT NOT NULL, etag TEXT, modified TEXT, print TEXT, changed TEXT, whole REAL,
  PRIMARY KEY(fid, url)) WITHOUT ROWID;
CREATE TABLE known(
  fid INTEGER NOT NULL, name TEXT NOT NULL, print TEXT NOT NULL, seen REAL NOT NULL,
  PRIMARY KEY(fid, name, print)) WITHOUT ROWID;
CREATE INDEX known_seen ON known(seen);
CREATE TABLE queue(
  qid INTEGER PRIMARY KEY AUTOINCREMENT, fid INTEGER NOT NULL, host TEXT, entry TEXT, body BLOB,
  mode TEXT NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0);
CREATE INDEX queue_feed ON queue(fid);
CREATE INDEX queue_ready ON queue(qid) WHERE body IS NOT NULL;
CREATE INDEX queue_pages ON queue(host, due) WHERE body IS NULL;
CREATE TABLE rests(host TEXT PRIMARY KEY, failures INTEGER NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE robots(site TEXT PRIMARY KEY, status INTEGER, body BLOB, until REAL NOT NULL) WITHOUT ROWID;
PRAGMA application_id={APPLICATION_ID};
PRAGMA user_version=1;
"""
"""A feed's state: active, paused, gone. A row of `queue` has a `body` to send, or an `entry` whose page is to
be fetched first."""


class FeedsError(CommuniqueError):
    """The file of feeds cannot be opened or written."""


def path_of(settings: Settings) -> Path:
    """Return where the file is."""
    return settings.state / "feeds.db"


def open_store(path: Path) -> Store:
    """Open the file, laid out when it is new. Raises `FeedsError`."""
    try:
        return open_file(path, APPLICATION_ID, _LAYOUT, _BUSY_SECONDS)
    except (sqlite3.Error, OSError) as error:
        raise FeedsError(f"the file of feeds {path} cannot be opened: {error}") from None
    except NotOurs:
        raise FeedsError(f"{path} is an SQLite file, but not one of feeds") from None


def claim(path: Path) -> int | None:
    """Take the lock of the one process that visits; None while another has it. Held until it is dead."""
    return sole.claim(Path(f"{path}.lock"))
