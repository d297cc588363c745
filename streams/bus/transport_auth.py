"""Credentials for Faust from the Kafka settings: TLS, SASL, or none. Secrets come from files only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faust.auth import SASLCredentials, SSLCredentials

from streams.bus.kafka_options import sasl_password, tls_context

if TYPE_CHECKING:
    from faust.types.auth import CredentialsT

    from streams.settings import KafkaSettings


def credentials(kafka: KafkaSettings) -> CredentialsT | None:
    """Return what Faust takes as `broker_credentials`; None for a plain connection.

    Raises `BusError` for a file that cannot be used.
    """
    context = tls_context(kafka)
    if kafka.security_protocol.startswith("SASL"):
        return SASLCredentials(
            username=kafka.sasl_username, password=sasl_password(kafka), mechanism=kafka.sasl_mechanism,
            ssl_context=context,
        )
    return None if context is None else SSLCredentials(context=context)
