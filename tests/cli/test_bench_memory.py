"""communique bench memory: real workers are weighed, and a bound that does not hold is told by the exit code."""

from __future__ import annotations

from tests.cli.command_line import Line


def test_every_article_is_read_by_both_workers_and_weighed(line: Line) -> None:
    answer = line("bench", "memory", "--articles", "40", "--json")
    (told,) = answer.objects
    found = {figure["name"]: figure for figure in told["figures"]}
    assert found["clean: articles"]["value"] == found["dedup: articles"]["value"] == 40
    assert 20 < found["clean: ready"]["value"] <= found["clean: peak"]["value"]
    assert found["dedup: all read"]["value"] > 20
    assert set(told["conditions"]) == {"machine", "python", "commit"}
    assert answer.code == (0 if all(figure["holds"] for figure in told["figures"]) else 1)
    assert answer.out.count("\n") == 1
