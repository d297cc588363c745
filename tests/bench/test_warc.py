"""The bench of web archives, small."""

from __future__ import annotations

from streams.bench import warc


def test_ours_finds_every_page_that_plain_warcio_finds_and_keeps_its_memory(tmp_path, capsys) -> None:
    found = warc.measure(3000, 1, print)
    assert {way: (at["records"], at["pages"]) for way, at in found.items()} == dict.fromkeys(warc.WAYS, (3000, 2000))
    assert found["ours"]["peak_mb"] - found["ours"]["start_mb"] <= warc.MOST_GROWN_MB
    assert "ours" in capsys.readouterr().out
