"""communique bench judge: figures of statements judged, and floors that are told by the exit code."""

from __future__ import annotations

from unittest import mock

from streams.bench import judge
from tests.cli.command_line import Line


def test_the_figures_are_told_and_a_floor_that_is_not_reached_makes_it_exit_1(line: Line) -> None:
    with mock.patch.object(judge, "FLOOR_PER_SECOND", 1):
        answer = line("bench", "judge", "--statements", "1000", "--hot", "300", "--json")
    figures, = answer.objects
    assert (answer.code, figures["holds"]) == (0, True)
    assert min(figures[name] for name in ("step_per_second", "hot_end_per_second", "whole_per_second")) > 10
    with mock.patch.object(judge, "FLOOR_PER_SECOND", 10**9):
        assert line("bench", "judge", "--statements", "1000", "--hot", "300").code == 1
