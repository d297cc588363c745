"""A command line on an embedded log of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from streams import topics
from tests.cli.command_line import Line


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMMUNIQUE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COMMUNIQUE_TOPICS__PARTITIONS", "2")
    monkeypatch.delenv("COMMUNIQUE_BUS", raising=False)
    return Line(tmp_path)


@pytest.fixture
def raw(line: Line) -> Callable[..., str]:
    """Write raw records."""
    line.prepare()
    return lambda value=None, **headers: line.put(
        topics.RAW.name, {"content": "Some text."} if value is None else value, **headers
    )
