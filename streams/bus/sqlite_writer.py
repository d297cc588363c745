"""The one thread of a process that writes the embedded log.

It takes what has queued up, in order (no waiting for more), and does it in one transaction: flock on the
side file, BEGIN IMMEDIATE, all jobs, COMMIT, unlock, wake the readers, tell the callers. When any job
fails, all is rolled back and each is tried alone, so that a fault is its own job's only. Nothing is
acknowledged before the COMMIT. With one durable job among them the transaction is synced to the disk
(`synchronous=FULL`); otherwise it survives `kill -9` but perhaps not a power cut.

The thread also beats for the group members of this process, so that they live while the event loop is busy
with a long step. Checkpoints are SQLite's, inside the lock: a checkpoint thread of one's own let the WAL grow
to 900 MB in 4 s (measured). Only when the WAL has grown long is it cut here.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, TypeVar

from streams.bus import sqlite_group
from streams.bus.errors import BusError, Fenced
from streams.bus.sqlite_append import Appender
from streams.bus.sqlite_catalogue import Catalogue
from streams.bus.sqlite_file import BUSY_SECONDS, locked, open_file, open_lock
from streams.bus.sqlite_wake import Bell, readers, settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.bus.sqlite_group import Member

T = TypeVar("T")

GROUP_JOBS: Final = 512
GROUP_BYTES: Final = 8 * 1024 * 1024
"""One transaction takes jobs up to these, so that no process holds the lock for long (8 MiB: about 40 ms)."""
BEATS_A_SESSION: Final = 4
WAL_BYTES: Final = 32 * 1024 * 1024
"""A longer WAL is written back and cut; six busy processes let it grow to 61 MB without this."""
WAL_WAIT_MS: Final = 200
"""How long that may wait for a reader; a reader that is in the way for longer lets it grow on."""


class Pen:
    """What a job writes with: the connection inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.catalogue = Catalogue(connection)
        self.records = Appender(connection, self.catalogue)


@dataclass(slots=True, eq=False)
class Job:
    """One piece of work; `done` is called in the writer's thread with what `work` returned or raised."""

    work: Callable[[Pen], object]
    done: Callable[[object], None]
    durable: bool = False
    bytes: int = 0
    wakes: bool = True


class Writer:
    """The thread. `start` and `stop` may be called by several clients: it ends with the last."""

    def __init__(self, path: Path, *, synchronous: str) -> None:
        self._path = path
        self._synchronous = synchronous
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._users = 0
        self._members: dict[Member, float] = {}  # member → when its next beat is due (monotonic seconds)
        self._opened: BaseException | None = None
        self._using = threading.Lock()  # clients start and stop it from threads of their own

    def start(self) -> None:
        """Open the log and start the thread for the first user. Raises `BusError` when that cannot be."""
        with self._using:
            self._start()

    def _start(self) -> None:
        if self._thread is None:
            ready = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(ready,), name="embedded log", daemon=True)
            self._thread.start()
            ready.wait()
        if self._opened is not None:
            self._thread = None
            raise self._opened
        self._users += 1

    def stop(self) -> None:
        """Write what is queued, then end the thread, if this was the last user."""
        with self._using:
            self._users -= 1
            if self._users == 0 and self._thread is not None:
                self._jobs.put(None)
                self._thread.join()
                self._thread = None

    def put(self, job: Job) -> None:
        """Queue a job, from any thread. Jobs of one caller are done in the order given."""
        if self._opened is not None:
            job.done(self._opened)
        else:
            self._jobs.put(job)

    async def run(self, work: Callable[[Pen], T], *, wakes: bool = True) -> T:
        """Do one piece of work in a transaction; return what it returns, raise what it raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self.put(Job(work, lambda result: tell(loop, lambda: settle(answer, result)), wakes=wakes))
        return await answer

    def beat_for(self, member: Member) -> None:
        """Keep this member alive from now on; nothing when that is done already."""
        if member in self._members:
            return
        self._members[member] = time.monotonic() + member.session_seconds / BEATS_A_SESSION
        self.put(
            Job(lambda _: None, lambda _: None, wakes=False)
        )  # so that the thread looks at the clock again

    def beat_no_more(self, member: Member) -> None:
        """Let this member go."""
        self._members.pop(member, None)

    def _run(self, ready: threading.Event) -> None:
        try:
            session = _Session(self._path, self._synchronous)
        except (BusError, sqlite3.Error, OSError) as error:
            self._opened = error
            ready.set()
            return
        self._opened = None
        ready.set()
        try:
            while (jobs := self._take()) is not None:
                session.write(jobs)
        except BaseException as error:
            self._give_up(error)
            raise
        finally:
            session.close()

    def _give_up(self, error: BaseException) -> None:
        """Fail what is queued and what is still to come: the thread is dying of something unforeseen."""
        self._opened = BusError(f"the writer of the embedded log has died: {error!r}")
        while not self._jobs.empty():
            if (job := self._jobs.get_nowait()) is not None:
                job.done(self._opened)

    def _take(self) -> list[Job] | None:
        """Wait for jobs or the next beat; None when it is time to stop."""
        jobs = self._beats()
        size = 0
        try:
            job = self._jobs.get_nowait() if jobs else self._jobs.get(timeout=self._until_next_beat())
            while job is not None:
                jobs.append(job)
                size += job.bytes
                if len(jobs) >= GROUP_JOBS or size >= GROUP_BYTES:
                    return jobs
                job = self._jobs.get_nowait()
        except Empty:
            return jobs
        self._jobs.put(None)  # asked to stop: first do what was asked before
        return jobs or self._jobs.get()  # type: ignore[return-value]  # None: it was just put

    def _until_next_beat(self) -> float | None:
        due = min(list(self._members.values()), default=None)
        return None if due is None else max(0.0, due - time.monotonic())

    def _beats(self) -> list[Job]:
        now = time.monotonic()
        due = [member for member, at in list(self._members.items()) if at <= now]
        for member in due:
            self._members[member] = now + member.session_seconds / BEATS_A_SESSION
        return [Job(partial(self._beat, member), lambda _: None, wakes=False) for member in due]

    def _beat(self, member: Member, pen: Pen) -> None:
        try:
            sqlite_group.beat(pen.connection, member)
        except Fenced:  # the member knows it by its `fenced`
            self._members.pop(member, None)


class _Session:
    """The open file, in the writer's thread."""

    def __init__(self, path: Path, synchronous: str) -> None:
        self._connection = open_file(path)
        self._lock = open_lock(path)
        self._pen = Pen(self._connection)
        self._bell = Bell()
        self._usual = synchronous
        self._current = ""
        self._wal = f"{path}-wal"
        self._wal_limit = WAL_BYTES

    def write(self, jobs: list[Job]) -> None:
        """Do the jobs in one transaction, or each in its own when that fails."""
        if not jobs:
            return
        self._sync("FULL" if any(job.durable for job in jobs) else self._usual)
        try:
            results, listening = self._transact(jobs)
        except Exception as error:  # noqa: BLE001  # whatever it is, the caller of the job gets it
            self._pen.catalogue.version = -1  # it may have seen what was rolled back
            if len(jobs) == 1:
                jobs[0].done(_as_bus_error(error))
                return
            for job in jobs:
                self.write([job])
            return
        for job, result in zip(jobs, results, strict=True):
            job.done(result)
        self._bell.ring(listening)

    def _transact(self, jobs: list[Job]) -> tuple[list[object], list[str]]:
        connection = self._connection
        with locked(self._lock):
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._pen.records.begin()
                results = [job.work(self._pen) for job in jobs]
                self._bell.forget_the_gone(connection)
                listening = readers(connection) if any(job.wakes for job in jobs) else []
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            with suppress(sqlite3.Error, OSError):  # a full disk: the jobs are committed, never do them again
                self._shorten_wal()
        return results, listening

    def _shorten_wal(self) -> None:
        """Start a grown WAL anew, waiting a moment for readers: SQLite's own checkpoints do not wait."""
        size = os.stat(self._wal).st_size  # noqa: PTH116  # after every commit: a Path is 3 µs slower
        if size < self._wal_limit:
            return
        self._wal_limit = size + WAL_BYTES
        self._connection.execute(f"PRAGMA busy_timeout={WAL_WAIT_MS}")
        try:
            if not self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                self._wal_limit = WAL_BYTES
        finally:
            self._connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")

    def _sync(self, synchronous: str) -> None:
        if synchronous != self._current:
            self._connection.execute(f"PRAGMA synchronous={synchronous}")
            self._current = synchronous

    def close(self) -> None:
        """Close the file."""
        with locked(self._lock):
            self._connection.close()
        os.close(self._lock)
        self._bell.close()


def _as_bus_error(error: Exception) -> Exception:
    if not isinstance(error, sqlite3.Error):
        return error
    failed = BusError(f"the embedded log could not be written: {error}")
    failed.__cause__ = error
    return failed


def tell(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Call something on an event loop from the writer's thread, unless the loop is closed."""
    with suppress(RuntimeError):  # closed: nobody is left to tell
        loop.call_soon_threadsafe(call)

