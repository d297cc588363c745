"""Cutover and rollback under running consumers on Apache Kafka: each article seen once, none lost.

Two runs of all stages on one broker: three minutes on two cores, so it is no part of the suite. By hand:
`python -m pytest tests/kafka/cutover_on_kafka.py`; the same on the embedded log is `tests/cli/test_replay_cutover.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.testing.kafka_server import KafkaServer
from tests.cli.command_line import Line
from tests.cli.test_replay_cutover import cut_over_and_back


def test_each_article_is_seen_once_over_cutover_and_rollback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMMUNIQUE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COMMUNIQUE_TOPICS__PARTITIONS", "2")
    with KafkaServer(tmp_path / "kafka") as server:
        monkeypatch.setenv("COMMUNIQUE_BUS", server.url)
        line = Line(tmp_path)
        assert line("topics", "apply").code == 0
        cut_over_and_back(line)
