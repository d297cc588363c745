from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from streams.render.chart import Axes, svg

NS = "{http://www.w3.org/2000/svg}"
AXES = Axes("articles", "µs & more")


def drawn(lines, axes=AXES):
    return ET.fromstring(svg("A <title>", lines, axes))  # noqa: S314  # written by us a moment ago


def test_each_point_is_a_dot_and_each_line_is_named():
    root = drawn({"memory": [(10, 1), (100, 2), (1000, 3)], "rocks <db>": [(10, 5)]})
    assert len(root.findall(f"{NS}circle")) == 4
    words = [text.text for text in root.findall(f"{NS}text")]
    assert {"A <title>", "articles", "µs & more", "memory", "rocks <db>", "10", "100", "1,000"} <= set(words)


def test_greater_sizes_are_further_right_and_greater_values_further_up():
    dots = [(float(c.get("cx")), float(c.get("cy"))) for c in drawn({"a": [(10, 1), (100, 5), (1000, 9)]}).findall(f"{NS}circle")]
    assert dots == sorted(dots)
    assert [y for _, y in dots] == sorted((y for _, y in dots), reverse=True)
    assert dots[1][0] * 2 == pytest.approx(dots[0][0] + dots[2][0])


@pytest.mark.parametrize("lines", [{}, {"none": []}, {"one": [(5, 0)]}, {"small": [(1, 0.003), (2, 0.004)]}])
def test_few_points_make_a_picture_too(lines):
    assert len(drawn(lines).findall(f"{NS}circle")) == sum(map(len, lines.values()))


def test_the_same_points_give_the_same_bytes():
    assert svg("t", {"a": [(1, 1)]}, AXES) == svg("t", {"a": [(1, 1)]}, AXES)
