"""What every Kafka client here is made with: addresses and security.

Secrets come from files only, read when a client is made: they stand in no environment and no process list.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Final

from streams.bus.errors import BusError
from streams.core.outcome import Usage

if TYPE_CHECKING:
    from streams.settings import KafkaSettings

SCHEME: Final = "kafka://"
DEFAULT_PORT: Final = 9092
"""Where Kafka listens by its own default."""
MAX_PORT: Final = 65_535


def hosts(url: str) -> list[str]:
    """Return the `host:port` of each broker that a bus URL names, port 9092 where it names none.

    Raises `Usage` for any other form.

    >>> hosts("kafka://a:9093,b")
    ['a:9093', 'b:9092']
    """
    named = [_with_port(host.strip()) for host in url.removeprefix(SCHEME).rstrip("/").split(",")]
    if not url.startswith(SCHEME) or not all(_is_address(host) for host in named):
        raise Usage(f"the bus URL {url} is not kafka://host[:port][,host[:port]…]: set COMMUNIQUE_BUS")
    return named


def _with_port(host: str) -> str:
    bare = ":" not in host or host.endswith("]")  # ::1 in brackets
    return f"{host}:{DEFAULT_PORT}" if host and bare else host


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and 0 < int(port) <= MAX_PORT


def tls_context(kafka: KafkaSettings) -> ssl.SSLContext | None:
    """Return the TLS context, None without TLS. It checks brokers by `ca_file` or the system's authorities.

    Raises `BusError` for a file that cannot be used.
    """
    if not kafka.security_protocol.endswith("SSL"):
        return None
    try:
        context = ssl.create_default_context(cafile=None if kafka.ca_file is None else str(kafka.ca_file))
        if kafka.certificate_file is not None:
            context.load_cert_chain(kafka.certificate_file, kafka.key_file)
    except OSError as error:
        raise BusError(f"kafka.ca_file, certificate_file or key_file: {error}") from error
    return context


def sasl_password(kafka: KafkaSettings) -> str | None:
    """Return the password in `sasl_password_file`, without its line end; None when none is set.

    Raises `BusError` when the file cannot be read.
    """
    if kafka.sasl_password_file is None:
        return None
    try:
        return kafka.sasl_password_file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise BusError(f"kafka.sasl_password_file: {error}") from error


def client_options(url: str, kafka: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Return the keyword arguments that aiokafka's producer, consumer and admin client share."""
    return {
        "bootstrap_servers": hosts(url),
        "client_id": client_id,
        "request_timeout_ms": round(kafka.request_timeout_seconds * 1000),
        "security_protocol": kafka.security_protocol,
        "ssl_context": tls_context(kafka),
        "sasl_mechanism": kafka.sasl_mechanism,
        "sasl_plain_username": kafka.sasl_username,
        "sasl_plain_password": sasl_password(kafka),
    }
