"""RocksBase: a shelf's base in a RocksDB folder, for state larger than memory. One folder a partition.

Caches are small (Faust's own default is 2 GiB a partition); changes and their offset are written in one
batch. The write-ahead log is not synced: after a power loss the folder may lack its newest batches, offset
included, and the changelog fills them in.

A folder that has been away for longer than `STALE_SECONDS` is wiped when it is opened: compaction may have
dropped tombstones (`delete.retention.ms` is 24 h) that it never saw.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, Final

from rocksdict import BlockBasedOptions, Cache, Options, Rdict, WriteBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from streams.bus.tables_shelf import Change

STALE_SECONDS: Final = 12 * 3600
"""Half of `delete.retention.ms`."""

_META: Final = b"\0communique"
"""No key of a table starts with NUL: the codec refuses it."""

_WRITE_BUFFER_BYTES: Final = 8 * 1024 * 1024


def _options(cache_bytes: int) -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)  # rocksdict's signature
    options.set_max_open_files(64)
    options.set_write_buffer_size(_WRITE_BUFFER_BYTES)
    options.set_max_write_buffer_number(2)
    table = BlockBasedOptions()
    table.set_block_cache(Cache(cache_bytes))
    table.set_bloom_filter(10, block_based=False)
    options.set_block_based_table_factory(table)
    return options


class RocksBase:
    """See the module. `now` gives seconds since 1970."""

    def __init__(self, folder: Path, *, cache_bytes: int, now: Callable[[], float]) -> None:
        self._folder = folder
        self._cache_bytes = cache_bytes
        self._now = now
        self._db: Any = self._open()
        self.offset, written = self._meta()
        if self.offset is not None and now() - written > STALE_SECONDS:
            self.wipe()

    def _open(self) -> Any:  # noqa: ANN401  # rocksdict ships no types
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        return Rdict(str(self._folder), _options(self._cache_bytes))

    def _meta(self) -> tuple[int | None, float]:
        raw = self._db.get(_META)
        if raw is None:
            return None, 0.0
        offset, written = raw.split()
        return int(offset), float(written)

    def get(self, key: bytes) -> bytes | None:
        """Return a value, None when there is none."""
        found: bytes | None = self._db.get(key)
        return found

    def keys(self) -> Iterator[bytes]:
        """Iterate over the keys in their order."""
        return (key for key in self._db.keys() if key != _META)  # noqa: SIM118  # Rdict iterates otherwise

    def apply(self, changes: Iterable[Change], offset: int) -> None:
        """See `Base`."""
        batch = WriteBatch(raw_mode=True)
        for key, value in changes:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(_META, b"%d %f" % (offset, self._now()))
        self._db.write(batch)
        self.offset = offset

    def close(self) -> None:
        """Close the folder and keep it."""
        self._db.close()

    def wipe(self) -> None:
        """Empty the folder."""
        self._db.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._db = self._open()
        self.offset = None
