"""The measure of dedup's speed: that it runs on both stores and gives every figure a bound."""

from __future__ import annotations

import pytest

from streams.bench.dedup_speed import BANDS, FLOORS, STORES, curve_picture, measure, prints, texts


@pytest.mark.parametrize("store", STORES)
def test_a_small_run_has_every_figure_and_a_curve(store, tmp_path, monkeypatch):
    monkeypatch.setattr("streams.bench.dedup_speed.TEXTS", 50)
    monkeypatch.setattr("streams.bench.dedup_speed.SIZES", (100,))
    said = []
    figures, points = measure(300, store, tmp_path, said.append)
    assert {figure.name for figure in figures} == set(FLOORS)
    assert all(figure.value > 0 for figure in figures if "memory" not in figure.name)
    assert [point.articles for point in points] == [100, 300]
    assert said == ["100 articles", "300 articles"]
    assert curve_picture({store: points}).count("<circle") == 2


def test_a_tenth_of_the_prints_are_copies():
    made = list(prints(200))
    assert len({one.bands for one in made}) == 180
    assert len({one.article_id for one in made}) == 200
    assert all(len(one.bands) == 4 * -(-BANDS * 4 // 3) for one in made)


def test_texts_are_the_same_each_time():
    assert texts(3) == texts(3)
