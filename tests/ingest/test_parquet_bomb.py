"""A Parquet file of a few kB whose rows unpack to hundreds of MB."""

from __future__ import annotations

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
    reading, before = Reading(max_content_bytes=900_000), pa.total_allocated_bytes()
    most, found = 0, 0
    for _, each in articles(listed([str(path)], reading), reading):
        assert isinstance(each, Bad)
        most, found = max(most, pa.total_allocated_bytes() - before), found + 1
    assert found == 40
    assert most < 20 * WIDE
