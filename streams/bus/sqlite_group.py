"""Consumer groups on the embedded log: one live member each, the others wait.

A member writes its name, its process and a beat into the group's row. Another may take over when there is
no member, when its process is dead, or when its last beat is older than its session. Taking over raises the
generation; from then on everything that the former member tries to write is refused (`Fenced`), because
every transaction checks generation and member first.

Beats are `time.monotonic()`: one clock for all processes of a machine, that starts anew with it (then the
process is dead, too).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from streams.bus.errors import BusError, Fenced
from streams.bus.sqlite_liveness import is_dead, this_process

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping


@dataclass(slots=True, eq=False)
class Member:
    """One member of a group; `fenced` turns true, in any thread, once another has taken over."""

    group: str
    name: str
    session_seconds: float
    gid: int = 0
    generation: int = 0
    fenced: bool = False
    process: str = field(default_factory=this_process)


def is_free(connection: sqlite3.Connection, group: str) -> bool:
    """Tell whether a member could join now."""
    row = connection.execute(
        "SELECT member, process, session, beat FROM groups WHERE name=?", (group,)
    ).fetchone()
    if row is None or row[0] is None:
        return True
    _, process, session, beat = row
    return is_dead(process) or not 0 <= time.monotonic() - beat <= session


def join(connection: sqlite3.Connection, member: Member) -> bool:
    """Become the group's member, with a new generation; False when another one lives. Run by the writer."""
    if not is_free(connection, member.group):
        return False
    connection.execute("INSERT INTO groups(name) VALUES(?) ON CONFLICT DO NOTHING", (member.group,))
    sql = (
        "UPDATE groups SET generation=generation+1, member=?, process=?, session=?, beat=? WHERE name=?"
        " RETURNING gid, generation"
    )
    row = (member.name, member.process, member.session_seconds, time.monotonic(), member.group)
    member.gid, member.generation = connection.execute(sql, row).fetchone()
    return True


def check(connection: sqlite3.Connection, member: Member) -> None:
    """Raise `Fenced` unless this member is still the group's."""
    row = connection.execute("SELECT generation, member FROM groups WHERE gid=?", (member.gid,)).fetchone()
    if row != (member.generation, member.name):
        member.fenced = True
        message = f"group {member.group!r} has another member since generation {member.generation}: stop"
        raise Fenced(message)


def beat(connection: sqlite3.Connection, member: Member) -> None:
    """Tell that this member lives. Raises `Fenced`."""
    check(connection, member)
    connection.execute("UPDATE groups SET beat=? WHERE gid=?", (time.monotonic(), member.gid))


def leave(connection: sqlite3.Connection, member: Member) -> None:
    """Make room at once for another member; nothing when another is there already."""
    sql = "UPDATE groups SET member=NULL, process=NULL, beat=NULL WHERE gid=? AND generation=? AND member=?"
    connection.execute(sql, (member.gid, member.generation, member.name))


def commit(connection: sqlite3.Connection, member: Member, offsets: Mapping[int, int]) -> None:
    """Set next offsets by table number. Raises `Fenced`."""
    check(connection, member)
    _store(connection, member.gid, offsets)


def commit_from_outside(connection: sqlite3.Connection, group: str, offsets: Mapping[int, int]) -> None:
    """Set a group's offsets while nobody is in it. Raises `BusError` when somebody is."""
    if not is_free(connection, group):
        message = f"group {group!r} has a live member: stop it first"
        raise BusError(message)
    connection.execute("INSERT INTO groups(name) VALUES(?) ON CONFLICT DO NOTHING", (group,))
    _store(
        connection, connection.execute("SELECT gid FROM groups WHERE name=?", (group,)).fetchone()[0], offsets
    )


def _store(connection: sqlite3.Connection, gid: int, offsets: Mapping[int, int]) -> None:
    connection.executemany(
        "INSERT INTO offsets VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET off=excluded.off",
        [(gid, pid, offset) for pid, offset in offsets.items()],
    )
