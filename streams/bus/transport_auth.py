"""Credentials for Faust from the Kafka settings: TLS, SASL, or none. Secrets come from files only."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from faust.auth import SASLCredentials, SSLCredentials

if TYPE_CHECKING:
    from faust.types.auth import CredentialsT

    from streams.settings import KafkaSettings


def tls_context(kafka: KafkaSettings) -> ssl.SSLContext | None:
    """Return the TLS context, checking the broker's name against `ca_file` or the system's authorities; None without TLS."""
    if not kafka.security_protocol.endswith("SSL"):
        return None
    context = ssl.create_default_context(cafile=None if kafka.ca_file is None else str(kafka.ca_file))
    if kafka.certificate_file is not None:
        context.load_cert_chain(kafka.certificate_file, kafka.key_file)
    return context


def sasl_password(kafka: KafkaSettings) -> str | None:
    """Return the password that `sasl_password_file` holds, without its line end; None when there is no such setting."""
    return None if kafka.sasl_password_file is None else kafka.sasl_password_file.read_text().rstrip("\r\n")


def credentials(kafka: KafkaSettings) -> CredentialsT | None:
    """Return what Faust takes as `broker_credentials`; None for a plain connection."""
    context = tls_context(kafka)
    if kafka.security_protocol.startswith("SASL"):
        return SASLCredentials(
            username=kafka.sasl_username, password=sasl_password(kafka), mechanism=kafka.sasl_mechanism, ssl_context=context
        )
    return None if context is None else SSLCredentials(context=context)
