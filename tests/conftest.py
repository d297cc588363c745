"""What all tests share: one Apache Kafka for the whole run, started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.testing.kafka_server import KafkaServer


@pytest.fixture(scope="session")
def kafka(tmp_path_factory) -> Iterator[KafkaServer]:
    """A real broker on loopback. A machine without Java fails the test: it never skips."""
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs Kafka, so that `-m "not kafka"` runs without Java; those that do go last.

    What measures processor time goes first: in a process that holds ten thousand other tests' leavings it takes longer.
    """
    for item in items:
        names = getattr(item, "fixturenames", ())
        backend = getattr(item, "callspec", None)
        if "kafka" in names or (backend is not None and backend.params.get("backend") == "kafka"):
            item.add_marker(pytest.mark.kafka)
    items.sort(key=lambda item: (item.get_closest_marker("kafka") is not None, item.path.name != "test_bounds.py"))
