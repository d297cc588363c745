"""The bench of the archive runs, and what it archived holds."""

from __future__ import annotations

from streams.bench import archive


def test_a_small_one_holds(tmp_path):
    told = archive.main(["--records", "300", "--folder", str(tmp_path)])
    assert told["holds"]
    assert told["archived_per_second"] > 0
