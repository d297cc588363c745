"""keys: the answer that an `Idempotency-Key` had, so that a repeat gets the same.

Two files of JSON lines in `<state>/serve`, each at most half of `serve.keys_bytes`: what is new is appended
to one; when it is full the other is emptied and takes over, and its half of the answers is forgotten. A line
has a line end on either side, so that one that was cut spoils no other; it is with the kernel before the
answer is sent, so kill -9 loses none. What is lost with the machine or between the acknowledgement and the
line, or finds the disk full, costs a repeat on the topic, under the same `ce_id`.

Source: draft-ietf-httpapi-idempotency-key-header-06, §2.6 (another body: 422; still in hand: 409).
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import orjson

from streams.bus.sole import claim
from streams.core.outcome import Usage
from streams.observe import logging

if TYPE_CHECKING:
    from pathlib import Path

Key: TypeAlias = tuple[str, str]
"""Producer and key: two producers may use the same key."""

MAX_CHARS: Final = 255


class Answered(NamedTuple):
    """The digest of the request's body, and the answer's body."""

    digest: str
    answer: bytes


class Keys:
    """Answers by key. One process at a time: a second is told so by `Usage`."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        if (lock := claim(folder / "lock")) is None:
            raise Usage(f"another serve uses {folder}: give this one a state folder of its own")
        self._lock = lock
        self._most = most_bytes // 2
        self._paths = [folder / "keys.0.jsonl", folder / "keys.1.jsonl"]
        self._halves = [_read(path) for path in self._paths]
        ages = [_age(path) for path in self._paths]
        self._current = ages.index(max(ages))
        self._file = self._open(keep=True)
        self._bytes = os.fstat(self._file).st_size

    def _open(self, *, keep: bool) -> int:
        how = os.O_CREAT | os.O_WRONLY | os.O_APPEND | (0 if keep else os.O_TRUNC)
        return os.open(self._paths[self._current], how, 0o600)

    def get(self, key: Key) -> Answered | None:
        """Return what was answered, None when it is not known (any more)."""
        return self._halves[self._current].get(key) or self._halves[1 - self._current].get(key)

    def put(self, key: Key, answered: Answered) -> None:
        """Remember an answer before it is sent; with the disk full only until this process ends."""
        line = b"\n" + orjson.dumps([*key, answered.digest, answered.answer.decode()]) + b"\n"
        try:
            if self._bytes > self._most:
                self._turn()
            kept = os.write(self._file, line) == len(line)
        except OSError:
            kept = False
        if not kept:
            logging.get("serve").warning("answer not kept", advice="is the disk of the state folder full?")
        self._halves[self._current][key] = answered
        self._bytes += len(line)

    def _turn(self) -> None:
        """Empty the other half, and go on with it; what is in memory has its bound whatever the disk says."""
        self._current, self._bytes = 1 - self._current, 0
        self._halves[self._current] = {}
        before, self._file = self._file, self._open(keep=False)
        os.close(before)

    def close(self) -> None:
        """Let another process have the folder."""
        os.close(self._file)
        os.close(self._lock)


def _age(path: Path) -> tuple[int, int]:
    """Return what is greatest for the file that was written last; of two at one time it is the shorter."""
    if not path.exists():
        return 0, 0
    return path.stat().st_mtime_ns, -path.stat().st_size


def _read(path: Path) -> dict[Key, Answered]:
    found: dict[Key, Answered] = {}
    with suppress(FileNotFoundError):
        for line in path.read_bytes().splitlines():
            with suppress(ValueError, TypeError, AttributeError):  # torn, or a stranger's
                producer, key, digest, answer = orjson.loads(line)
                found[producer, key] = Answered(digest, answer.encode())
    return found
