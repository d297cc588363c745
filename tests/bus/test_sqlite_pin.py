"""The transport on the embedded log overrides what the pinned Faust has, under the names that it has there."""

from __future__ import annotations

import inspect

import pytest
from faust.app.base import App
from faust.assignor.partition_assignor import PartitionAssignor
from faust.tables.recovery import Recovery
from faust.transport.conductor import Conductor
from faust.transport.consumer import Consumer
from faust.transport.producer import Producer, ProducerBuffer

from streams.bus import sqlite_sender, transport_sqlite


@pytest.mark.parametrize(("ours", "theirs", "new"), [
    (transport_sqlite.Consumer, Consumer, {
        "_take_part", "_streams", "_deliver_round", "_can_flow", "_has_room", "_deliver_chunk", "_deliver_changelog",
        "_on_acked", "_upkeep", "assignment", "position", "highwater", "highwaters", "earliest_offsets",
        "topic_partitions", "seek_wait", "subscribe", "key_partition", "create_topic"}),
    (sqlite_sender.Producer, Producer, {"keep", "breathe"}),
    (sqlite_sender.Buffer, ProducerBuffer, set()),
], ids=lambda value: getattr(value, "__qualname__", None))
def test_what_we_define_overrides_something_or_is_known_to_be_new(ours, theirs, new):
    defined = {name for name, value in vars(ours).items() if not name.startswith("__") and (callable(value) or hasattr(value, "fun"))}
    abstract = {name for name in new if hasattr(theirs, name)}          # ConsumerT declares them: either way is well
    assert {name for name in defined if not hasattr(theirs, name)} == new - abstract


@pytest.mark.parametrize(("owner", "name", "parameters"), [
    (Consumer, "_drain_messages", "self, fetcher"),
    (Consumer, "on_partitions_assigned", "self, assigned, generation_id"),
    (Consumer, "on_partitions_revoked", "self, revoked"),
    (PartitionAssignor, "assign", "self, cluster, member_metadata"),
    (PartitionAssignor, "metadata", "self, topics"),
    (PartitionAssignor, "on_assignment", "self, assignment"),
    (Conductor, "_subscriber", "self"),
    (App, "on_rebalance_start", "self"),
    (Producer, "send", "self, topic, key, value, partition, timestamp, headers, transactional_id"),
    (ProducerBuffer, "put", "self, fut"),
])
def test_the_hook_has_the_expected_signature(owner, name, parameters):
    found = getattr(owner, name)
    assert ", ".join(inspect.signature(getattr(found, "fun", found)).parameters) == parameters


def test_recovery_asks_the_assignor_which_changelogs_are_ours():
    """Without an answer tables would start empty, without an error."""
    assert "app.assignor.assigned_actives()" in inspect.getsource(Recovery.on_rebalance)


def test_the_assignor_asks_the_cluster_nothing_that_our_stand_in_does_not_know():
    asked = [line for line in inspect.getsource(PartitionAssignor).splitlines() if "cluster." in line and "metadata" not in line]
    assert [line.strip() for line in asked] == ["num_partitions = len(cluster.partitions_for_topic(topic) or set())"]
