"""A Parquet file of a few kB whose rows unpack to hundreds of MB."""

from __future__ import annotations

import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq

from streams.ingest.found import Bad, Reading
from streams.ingest.sources import articles, listed

WIDE = 4_000_000


def test_rows_that_unpack_to_much_are_held_a_few_at_a_time(tmp_path):
    column = pa.array(["x" * WIDE]).dictionary_encode().take(pa.array([0] * 40))
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"content": column}), path, compression="zstd")
    assert path.stat().st_size < 10_000
    del column
    reading = Reading(max_content_bytes=900_000)
    tracemalloc.start()
    try:
        found = [each for _, each in articles(listed([str(path)], reading), reading)]
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found) == 40
    assert all(isinstance(each, Bad) for each in found)
    assert most < 10 * WIDE
