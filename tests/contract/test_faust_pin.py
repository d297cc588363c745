"""streams/bus leans on the insides of faust-streaming, mode and aiokafka: every name it uses is in the pinned wheels.

When one of these fails after an upgrade, read docs/adr/0004-transport.md, then the upstream change, then ours.
"""

from __future__ import annotations

import inspect
from importlib.metadata import version

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.consumer.fetcher import Fetcher as ClientFetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.producer.sender import Sender
from faust.agents import Agent
from faust.app.base import App
from faust.sensors.base import Sensor
from faust.sensors.monitor import Monitor
from faust.streams import _CStreamIterator
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.conductor import Conductor
from faust.transport.consumer import Consumer, ThreadDelegateConsumer
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from faust.transport.producer import Producer, ProducerBuffer
from faust.types.tuples import ConsumerMessage, Message
from mode import Service
from mode.utils.queues import FlowControlEvent, FlowControlQueue, ThrowableQueue

from streams.bus import faust_hooks, transport, transport_kafka, transport_producer, transport_thread
from streams.settings import Settings


@pytest.mark.parametrize(("package", "pinned"), [("faust-streaming", "0.15.3"), ("aiokafka", "0.14.0")])
def test_the_pinned_wheels_are_installed(package: str, pinned: str) -> None:
    assert version(package) == pinned


SIGNATURES = [
    (driver.Consumer, "_new_consumer_thread", "self"),
    (Consumer, "_drain_messages", "self, fetcher"),
    (Consumer, "ack", "self, message"),
    (Consumer, "on_buffer_full", "self, tp"),
    (Consumer, "on_buffer_drop", "self, tp"),
    (Consumer, "stop_flow", "self"),
    (Consumer, "resume_flow", "self"),
    (Consumer, "perform_seek", "self"),
    (Consumer, "seek", "self, partition, offset"),
    (ThreadDelegateConsumer, "seek_wait", "self, partitions"),
    (Consumer, "commit", "self, topics, start_new_transaction"),
    (Consumer, "force_commit", "self, topics, start_new_transaction"),
    (Consumer, "wait_empty", "self"),
    (Consumer, "on_partitions_revoked", "self, revoked"),
    (Consumer, "on_partitions_assigned", "self, assigned, generation_id"),
    (ThreadDelegateConsumer, "close", "self"),
    (driver.Consumer, "verify_event_path", "self, now, tp"),
    (Consumer, "_get_active_partitions", "self"),
    (Consumer, "_is_changelog_tp", "self, tp"),
    (driver.ConsumerRebalanceListener, "on_partitions_revoked", "self, revoked"),
    (driver.ConsumerRebalanceListener, "on_partitions_assigned", "self, assigned"),
    (driver.AIOKafkaConsumerThread, "__post_init__", "self"),
    (driver.AIOKafkaConsumerThread, "_create_worker_consumer", "self, transport"),
    (driver.AIOKafkaConsumerThread, "on_thread_stop", "self"),
    (driver.AIOKafkaConsumerThread, "_ensure_consumer", "self"),
    (driver.Producer, "_settings_default", "self"),
    (driver.Producer, "_settings_auth", "self"),
    (driver.Producer, "_settings_extra", "self"),
    (driver.Producer, "_new_producer", "self, transactional_id"),
    (driver.Producer, "_ensure_producer", "self"),
    (driver.Producer, "send", "self, topic, key, value, partition, timestamp, headers, transactional_id"),
    (driver.Producer, "flush", "self"),
    (Producer, "send_soon", "self, fut"),
    (ProducerBuffer, "__post_init__", "self"),
    (ProducerBuffer, "put", "self, fut"),
    (ProducerBuffer, "_send_pending", "self, fut"),
    (ProducerBuffer, "wait_until_ebb", "self"),
    (ProducerBuffer, "flush_atmost", "self, max_messages"),
    (ProducerBuffer, "on_stop", "self"),
    (Agent, "_execute_actor", "self, coro, aref"),
    (Recovery, "_wait", "self, coro, timeout"),
    (faust.Schema, "compile", "self, app, on_key_decode_error, on_value_decode_error, default_propagate"),
    (Message, "on_final_ack", "self, consumer"),
    (Monitor, "on_message_in", "self, tp, offset, message"),
    (Monitor, "on_stream_event_in", "self, tp, offset, stream, event"),
    (Monitor, "on_stream_event_out", "self, tp, offset, stream, event, state"),
    (Monitor, "on_message_out", "self, tp, offset, message"),
    (Monitor, "on_topic_buffer_full", "self, tp"),
    (Monitor, "on_table_get", "self, table, key"),
    (Monitor, "on_table_set", "self, table, key, value"),
    (Monitor, "on_table_del", "self, table, key"),
    (App, "_on_partitions_revoked", "self, revoked"),
    (App, "_on_partitions_assigned", "self, assigned, generation_id"),
    (App, "_stop_consumer", "self"),
    (App, "_consumer_wait_empty", "self, consumer, logger"),
    (FlowControlQueue, "clear", "self"),
    (FlowControlEvent, "resume", "self"),
    (Sender, "_send_produce_req", "self, node_id, batches"),
    (ClientFetcher, "fetched_records", "self, partitions, timeout, max_records"),
    (GroupCoordinator, "check_errors", "self"),
    (GroupCoordinator, "fetch_committed_offsets", "self, partitions"),
    (GroupCoordinator, "_maybe_leave_group", "self"),
    (AIOKafkaConsumer, "seek", "self, partition, offset"),
    (AIOKafkaConsumer, "commit", "self, offsets"),
]


@pytest.mark.parametrize(("owner", "name", "parameters"), SIGNATURES, ids=lambda value: getattr(value, "__qualname__", str(value)))
def test_the_hook_has_the_expected_signature(owner: type, name: str, parameters: str) -> None:
    assert ", ".join(inspect.signature(getattr(owner, name)).parameters) == parameters


OURS = [
    (transport_kafka.Consumer, driver.Consumer, {"_deliver_once", "_fetch_more", "_fetch", "_expect_stop", "_producer", "_watch", "overtaken"}),
    (transport_thread.RebalanceListener, driver.ConsumerRebalanceListener, set()),
    (transport_thread.ConsumerThread, driver.AIOKafkaConsumerThread,
     {"call", "_tick", "fetch", "_fetch", "seek_all", "_seek_all", "seek_to_start", "_seek_to_start", "_starts", "commit_in", "_commit_in",
      "_reader_of", "_tell_moved"}),
    (transport_producer.Producer, driver.Producer, {"_may_write", "put", "verify", "unacknowledged"}),
    (transport_producer.Buffer, ProducerBuffer, {"handed_over", "_until"}),
    (transport_producer.FencedSender, Sender, set()),
    (transport_producer.FencedProducer, AIOKafkaProducer, set()),
    (faust_hooks.Agent, Agent, set()),
    (faust_hooks.Recovery, Recovery, set()),
    (faust_hooks.Tables, TableManager, set()),
    (faust_hooks.ChunkSchema, faust.Schema, set()),
    (faust_hooks.Worker, Monitor, set()),
]


@pytest.mark.parametrize(("ours", "theirs", "new"), OURS, ids=lambda value: getattr(value, "__qualname__", None))
def test_what_we_define_overrides_something_or_is_known_to_be_new(ours: type, theirs: type, new: set[str]) -> None:
    """A hook that upstream renames would be a method that nobody calls."""
    defined = {name for name, value in vars(ours).items()
               if not name.startswith("__") and (callable(value) or isinstance(value, property) or hasattr(value, "fun"))}
    assert {name for name in defined if not hasattr(theirs, name)} == new


@pytest.mark.parametrize(("owner", "text"), [
    (Consumer.__init__, "_unacked_messages"),
    (Consumer.__init__, "_acked_index"),
    (Consumer.on_partitions_revoked, "_committed_offset"),
    (Conductor, "_tp_index"),
    (Recovery, "consumer.perform_seek()"),
    (Recovery, "consumer.seek_wait"),
    (TableManager, "_changelog_queue"),
    (TableManager, "_recovery"),
    (Producer.__init__, "self.buffer = ProducerBuffer"),
    (ProducerBuffer, "self.message_sent.set()"),
    (AIOKafkaProducer.__init__, "self._sender = Sender("),
    (AIOKafkaProducer.__init__, "retry_backoff_ms=100"),
    (AIOKafkaConsumer, "self._coordinator"),
    (AIOKafkaConsumer, "fetch_context()"),
    (GroupCoordinator._maybe_leave_group, "self._group_instance_id is None"),
    (GroupCoordinator, "self.generation"),
    (driver.AIOKafkaConsumerThread.__post_init__, "consumer.RebalanceListener(self)"),
    (driver.ConsumerRebalanceListener.on_partitions_revoked, "on_rebalance_start"),
    (ThrowableQueue.clear, "self._putters"),
])
def test_the_attribute_is_still_there(owner: object, text: str) -> None:
    assert text in inspect.getsource(owner)


def test_recovery_resumes_the_flow_right_after_the_seek() -> None:
    """`flow` lets streams run from the first resumption after a position on."""
    source = inspect.getsource(Recovery.on_recovery_completed)
    assert source.index("perform_seek()") < source.index("flow_control.resume()") < source.index("resume_flow()")


def test_an_agents_half_done_event_can_only_be_acked_after_the_consumer_let_go() -> None:
    """On stop the app stops the consumer first: `wait_empty` forgets the epochs before agents are cancelled."""
    source = inspect.getsource(App._stop_consumer)
    assert source.index("consumer.stop_flow()") < source.index("self.flow_control.clear()") < source.index("_consumer_wait_empty")
    assert "_stop_consumer" in inspect.getsource(App.on_stop)


def test_the_cython_iterator_is_there() -> None:
    """Its skip of a stale event acks nothing; the Python one has never been tried with this transport."""
    assert _CStreamIterator is not None


def test_a_chunk_hears_of_the_last_ack_only() -> None:
    heard: list[int] = []
    entry = faust_hooks.Chunk.__init__.__annotations__ and _entry()
    chunk = faust_hooks.Chunk(entry, (_record(5), _record(6)), 3, lambda chunk: heard.append(chunk.offset))
    assert isinstance(chunk, ConsumerMessage)
    assert not chunk.acked
    assert (chunk.tp, chunk.offset, chunk.generation_id, [record.offset for record in chunk.value]) == (entry.partition, 5, 3, [5, 6])
    chunk.incref(2)
    chunk.decref(1)
    assert heard == []
    chunk.acked = True
    chunk.acked = True
    assert heard == [5]


def _entry():
    from faust.types import TP

    from streams.bus.delivery import Deliveries

    deliveries: Deliveries[TP] = Deliveries()
    deliveries.open(TP("t", 0), 5)
    return deliveries.enter(TP("t", 0), 5, 6)


def _record(offset: int):
    from streams.bus.interface import Record

    return Record("t", 0, offset, 0, b"k", b"v")


def test_the_url_schemes_load_our_transport(tmp_path) -> None:
    app = faust.App(**transport.app_options("clean", Settings(bus="kafka://127.0.0.1:1,127.0.0.1:2", state=tmp_path)))
    assert isinstance(app.transport, transport_kafka.Transport)
    assert {transport.KAFKA_SCHEME, transport.SQLITE_SCHEME} <= set(TRANSPORTS.aliases)
    assert [url.port for url in app.transport.url] == [1, 2]


def test_the_options_are_the_ones_that_lose_nothing(tmp_path) -> None:
    conf = faust.App(**transport.app_options("clean", Settings(bus="kafka://127.0.0.1:1", state=tmp_path))).conf
    assert (conf.producer_acks, conf.table_standby_replicas, conf.web_enabled, conf.topic_allow_declare) == (-1, 0, False, False)
    assert (conf.stream_wait_empty, conf.processing_guarantee.name, conf.producer_threaded) == (True, "AT_LEAST_ONCE", False)
    assert conf.broker_session_timeout <= conf.broker_request_timeout
    assert conf.Agent is faust_hooks.Agent
    assert conf.TableManager is faust_hooks.Tables
    assert conf.id == "communique-clean"


def test_a_static_member_is_told_from_one_elsewhere(tmp_path) -> None:
    def instance(state: str, ordinal: int | None) -> str | None:
        settings = Settings(bus="kafka://127.0.0.1:1", state=tmp_path / state)
        return faust.App(**transport.app_options("tag", settings, ordinal)).conf.consumer_group_instance_id

    assert instance("a", None) is None
    assert len({instance("a", 0), instance("a", 1), instance("b", 0)}) == 3
    assert instance("a", 0) == instance("a", 0)


def test_services_collect_their_tasks_by_name() -> None:
    assert {"_watch", "_commit_handler"} <= {task.fun.__name__ for task in transport_kafka.Consumer._get_tasks(transport_kafka.Consumer.__new__(transport_kafka.Consumer))}
    assert issubclass(Sensor, object)
    assert Service.task is not None
