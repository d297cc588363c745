"""The settings of topics, as the brokers have them, by aiokafka's protocol requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from aiokafka.protocol.admin import DescribeConfigsRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiokafka.client import AIOKafkaClient

TOPIC: Final = 2
"""`resource_type` of a topic."""
SET_ON_TOPIC: Final = 1
"""`config_source` of a value that was set on the topic itself (DescribeConfigs, version 1)."""


class Value(NamedTuple):
    """One setting in force; `own` when it was set on the topic itself, else it is a default."""

    text: str
    own: bool


async def topic_configs(client: AIOKafkaClient, names: Iterable[str]) -> dict[str, dict[str, Value]]:
    """Return every setting in force of these topics; one that is gone, or not ours to see, is left out."""
    request = DescribeConfigsRequest([(TOPIC, name, None) for name in names])
    answer = await client.send(client.get_random_node(), request)
    return {
        name: {key: Value(value or "", source == SET_ON_TOPIC) for key, value, _, source, *_ in entries}
        for code, _, _, name, entries in answer.resources
        if not code
    }
