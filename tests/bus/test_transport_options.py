"""What a worker's Faust app is told, from the settings: credentials, and a default that each setting reaches."""

from __future__ import annotations

import ssl

import faust
import pytest
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from streams.bus.errors import BusError
from streams.bus.kafka_options import hosts
from streams.bus.transport import app_options
from streams.bus.transport_auth import credentials
from streams.core.outcome import Usage
from streams.settings import Settings


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"])
def test_the_client_gets_the_protocol_that_the_settings_name(tmp_path, protocol: str) -> None:
    (tmp_path / "password").write_text("s3cret\n")
    kafka = Settings(kafka={"security_protocol": protocol, "sasl_username": "me", "sasl_mechanism": "SCRAM-SHA-256",
                            "sasl_password_file": tmp_path / "password"}).kafka
    options = credentials_to_aiokafka_auth(credentials(kafka), None)
    assert options["security_protocol"] == protocol
    assert isinstance(options.get("ssl_context"), ssl.SSLContext) == protocol.endswith("SSL")
    if protocol.startswith("SASL"):
        assert [options[f"sasl_{name}"] for name in ("mechanism", "plain_username", "plain_password")] == [
            "SCRAM-SHA-256", "me", "s3cret"]


def test_a_password_file_that_is_not_there_is_said_before_anything_starts(tmp_path) -> None:
    kafka = {"security_protocol": "SASL_PLAINTEXT", "sasl_username": "me", "sasl_password_file": tmp_path / "none"}
    with pytest.raises(BusError, match="sasl_password_file"):
        app_options("clean", Settings(bus="kafka://127.0.0.1:1", state=tmp_path, kafka=kafka))


def test_a_broker_without_a_port_is_at_9092_for_every_client(tmp_path) -> None:
    assert hosts("kafka://a, [::1],b:9093/") == ["a:9092", "[::1]:9092", "b:9093"]
    assert app_options("clean", Settings(bus="kafka://a,b:1", state=tmp_path))["broker"] == [
        "communique+kafka://a:9092", "communique+kafka://b:1"]


@pytest.mark.parametrize("url", ["kafka://", "kafka://a,", "kafka://:9092", "kafka://a:port", "kafka://a:"])
def test_a_broker_that_is_no_address_is_wrong_usage(url) -> None:
    with pytest.raises(Usage, match="COMMUNIQUE_BUS"):
        hosts(url)


def test_who_comes_back_to_read_another_runs_topics_is_another_member(tmp_path) -> None:
    """Kafka gives a static member the partitions that it had: of a run that it asks for only now it would get none."""
    def member(*runs):
        return app_options("alert", Settings(bus="kafka://a:1", state=tmp_path), 0, runs)["consumer_group_instance_id"]

    assert member(None) == app_options("alert", Settings(bus="kafka://a:1", state=tmp_path))["consumer_group_instance_id"]
    assert len({member(None), member(None, "one"), member(None, "two"), member(None, "one", "two")}) == 4
    assert member("two", None, "one") == member(None, "one", "two")


def test_settings_reach_faust(tmp_path) -> None:
    settings = Settings(
        bus="kafka://127.0.0.1:1", state=tmp_path, stream={"commit_interval_seconds": 0.7, "buffer_events": 9},
        kafka={"session_timeout_seconds": 7, "heartbeat_interval_seconds": 2, "request_timeout_seconds": 21,
               "rebalance_timeout_seconds": 13, "compression": "none", "batch_size_bytes": 1234, "linger_ms": 8})
    conf = faust.App(**app_options("clean", settings)).conf
    assert (conf.broker_session_timeout, conf.broker_heartbeat_interval, conf.broker_request_timeout) == (7, 2, 21)
    assert (conf.broker_rebalance_timeout, conf.producer_request_timeout, conf.producer_linger) == (13, 21, 0.008)
    assert (conf.producer_compression_type, conf.producer_max_batch_size) == (None, 1234)
    assert (conf.broker_commit_interval, conf.stream_buffer_maxsize) == (0.7, 9)
