from __future__ import annotations

import numpy as np
import pytest

from streams.core.dedup.band_index import rows_of
from streams.core.dedup.fingerprint import at_scale, pack, sample, unpack
from streams.core.dedup.shingles import runs, word_hash, words
from streams.core.dedup.sketch import LONG, SECTION, SketchOptions, band_keys, sections, sketch
from streams.testing.builders import envelope, tagged

TEXT = " ".join(f"word{n}" for n in range(60))


@pytest.mark.parametrize(("text", "found"), [
    ("", []),
    ("  \n ", []),
    ("Peskov said: “No.”", ["Peskov", "said", "No"]),
    ("ﬁve × four =", ["five", "four"]),
    ("Straße STRASSE", ["Straße", "STRASSE"]),
    ("don't", ["don", "t"]),
    ("Песков заявил", ["Песков", "заявил"]),
])
def test_words(text, found):
    assert words(text) == found


def test_a_word_in_capitals_has_the_hash_of_one_without():
    assert len({word_hash(word) for word in ("straße", "STRASSE", "Straße")}) == 1


@pytest.mark.parametrize(("count", "size", "expected"), [(0, 5, 0), (1, 5, 1), (4, 5, 1), (5, 5, 1), (6, 5, 2), (60, 5, 56)])
def test_a_text_has_a_hash_for_each_run_of_words_and_a_short_one_has_one(count, size, expected):
    assert len(runs(words(TEXT)[:count], size)) == expected


def test_shingles_are_the_same_on_every_machine():
    assert [f"{h:016x}" for h in runs(["alpha", "beta", "gamma"], 2).tolist()] == ["4c9ba4d93ec29fea", "dfe51c2fda0c4657"]


def test_the_order_of_words_counts():
    assert set(runs(["a", "b"], 2).tolist()).isdisjoint(runs(["b", "a"], 2).tolist())


def test_a_fingerprint_of_a_long_text_is_a_sample_that_is_kept_at_coarser_scales():
    hashes = np.random.default_rng(1).integers(0, 2**32, 5000, dtype=np.uint32)
    scale, kept = sample(hashes, 600)
    assert scale == 16
    assert 200 < len(kept) <= 600
    assert at_scale(hashes, 64).tolist() == at_scale(kept, 64).tolist()


def test_a_broken_fingerprint_is_a_value_error():
    for broken in ("!!!", "AAA", "AAAAAAA"):
        with pytest.raises(ValueError):
            unpack(broken)
    assert pack(unpack("")) == ""


def test_bands_are_dealt_to_the_shards_and_none_is_lost():
    article = tagged("a", TEXT)
    whole = sketch(article, envelope(), {}, SketchOptions(1))[0].event.bands
    dealt = [placed.event.bands for placed in sketch(article, envelope(), {}, SketchOptions(5))]
    keys = unpack(whole).tolist()
    assert len(set(keys)) == 64
    assert sorted(key for bands in dealt for key in unpack(bands).tolist()) == sorted(keys)


@pytest.mark.parametrize(("count", "parts"), [(0, 0), (1, 1), (LONG, 1), (LONG + 1, 6), (64 * SECTION, 65), (10**6, 65)])
def test_a_long_text_has_sections_but_not_too_many(count, parts):
    found = sections(count)
    assert len(found) == parts
    assert found[:1] == ([(0, count)] if count else [])
    assert [start for start, _ in found[2:]] == [end for _, end in found[1:-1]]
    assert all(end > start for start, end in found)


def test_each_shard_has_its_bands_of_each_part():
    article = tagged("a", " ".join(f"word{n}" for n in range(LONG + 10)))
    whole = sketch(article, envelope(), {}, SketchOptions(1))[0].event
    rows = rows_of(whole.bands, whole.parts)
    assert rows.shape == (6, 64)
    for placed in sketch(article, envelope(), {}, SketchOptions(3)):
        mine = rows_of(placed.event.bands, placed.event.parts)
        assert mine.tolist() == rows[:, placed.event.shard :: 3].tolist()


def test_each_shard_gets_a_message_with_its_number_as_partition_and_ordinal():
    out = sketch(tagged("a", TEXT), envelope(), {}, SketchOptions(3))
    assert [(p.partition, p.ordinal, p.event.shard, p.event.shards) for p in out] == [(n, n, n, 3) for n in range(3)]
    assert len({p.event.text_print for p in out}) == 1


def test_a_text_without_words_is_sketched_too_so_that_it_is_answered():
    out = sketch(tagged("a", "…"), envelope(), {}, SketchOptions(2))
    assert [(p.event.bands, p.event.text_print.words, p.event.text_print.grams) for p in out] == [("", 0, "")] * 2


def test_the_article_waits_by_its_origin():
    awaiting = {}
    article = tagged("a", TEXT)
    sketch(article, envelope("raw-0-7"), awaiting, SketchOptions(2))
    assert awaiting == {"raw-0-7": article}


def test_texts_that_are_alike_share_a_band_and_others_do_not():
    near = TEXT.replace("word30", "other")
    far = " ".join(f"else{n}" for n in range(60))
    keys = [set(band_keys(runs(words(t), 3), 64, 2)[0].tolist()) for t in (TEXT, near, far)]
    assert keys[0] & keys[1]
    assert not keys[0] & keys[2]
