"""Store: the registry in the state folder: what was imported, and what it was compiled into.

`imports/DAY-DIGEST.KIND` keeps each imported file, packed; `registry.bin` is compiled from the shipped rows
and all of them, in an order of their digests: the same files give the same bytes, however often and in
whatever order they were imported. Both are written beside and renamed: after a crash at any
moment the old ones stand or the new ones. A running worker keeps the registry that it has mapped.
"""

from __future__ import annotations

import fcntl
import gzip
import mmap
import os
import shutil
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.offices.merge import merged
from streams.core.offices.packed import Packed, packed
from streams.core.offices.registry import Registry
from streams.core.outcome import Permanent
from streams.offices import shipped, sources
from streams.offices.found import Bad, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from streams.core.offices.rows import Row

_COMPILED: Final = "registry.bin"
_BLOCK_BYTES: Final = 1 << 20


class Kept(NamedTuple):
    """An imported file in the state folder. `as_of`: the day for rows of it that have none."""

    path: Path
    kind: str
    as_of: date


def load(folder: Path) -> Registry:
    """Return the registry of a state folder, the shipped one when nothing was imported.

    Raises Permanent when the compiled file is broken or of another version: `offices import` writes it anew.
    """
    path = folder / _COMPILED
    if not path.is_file():
        return Registry.of(merged(shipped.rows()))
    try:
        with path.open("rb") as file:
            return Registry(Packed(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))))
    except (ValueError, Permanent) as error:  # ValueError: an empty file cannot be mapped
        raise Permanent(
            "OFFICES", f"{path}: {error}; run `communique offices import` to compile it anew"
        ) from None


def keep(folder: Path, path: Path, kind: str, as_of: date) -> Kept:
    """Copy a file into the state folder; a file that is there already stays as it is."""
    imports = folder / "imports"
    imports.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        temporary = imports / ".new"
        digest = sha256()
        with opened(path) as source, temporary.open("wb") as raw:
            with gzip.GzipFile("", "wb", 6, raw, mtime=0) as zipped:
                while block := source.read(_BLOCK_BYTES):
                    digest.update(block)
                    zipped.write(block)
            os.fsync(raw.fileno())
        name = digest.hexdigest()[:16]
        known = next((each for each in kept(folder) if name in each.path.name and each.kind == kind), None)
        target = known or Kept(imports / f"{as_of}-{name}.{kind}", kind, as_of)
        temporary.replace(target.path)
    return target


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time write; what a dead one left half written is written over."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def kept(folder: Path) -> list[Kept]:
    """Return what was imported, ordered by digest."""
    found = [
        Kept(path, path.suffix[1:], date.fromisoformat(path.name[:10]))
        for path in (folder / "imports").glob("????-??-??-*.*")
    ]
    return sorted(found, key=lambda each: each.path.name[11:])


def drop(folder: Path) -> int:
    """Forget all that was imported; return how many files that were."""
    files = kept(folder)
    shutil.rmtree(folder, ignore_errors=True)
    return len(files)


def compile_all(folder: Path, tell: Callable[[], None]) -> Registry:
    """Compile the shipped rows and everything imported, write it, and return it; `tell`: once a row."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / ".new"
    with _alone(folder):
        with temporary.open("wb") as file:
            file.writelines(packed(merged(_every(kept(folder), tell))))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / _COMPILED)
    return load(folder)


def _every(files: Iterable[Kept], tell: Callable[[], None]) -> Iterator[Row]:
    yield from shipped.rows()
    for each in files:
        for found in sources.read(each.path, each.kind, each.as_of):
            if not isinstance(found, Bad):
                tell()
                yield found

