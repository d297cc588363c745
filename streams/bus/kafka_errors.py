"""What Kafka's client raises, as `streams.bus.errors`: the message says what to do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from aiokafka import errors as kafka

from streams.bus.errors import BusError, Fenced, TooLarge, UnknownTopic

if TYPE_CHECKING:
    from collections.abc import Iterator

_FENCED: Final = (
    kafka.CommitFailedError,
    kafka.IllegalGenerationError,
    kafka.UnknownMemberIdError,
    kafka.RebalanceInProgressError,
)
_TOO_LARGE: Final = (kafka.MessageSizeTooLargeError, kafka.RecordTooLargeError)
_REFUSED: Final = (
    kafka.TopicAuthorizationFailedError,
    kafka.GroupAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
    kafka.SaslAuthenticationFailed,
)
_UNKNOWN: Final = (kafka.UnknownTopicOrPartitionError, kafka.InvalidTopicError)
_SILENT: Final = (TimeoutError, kafka.RequestTimedOutError, kafka.KafkaTimeoutError)
_AWAY: Final = (kafka.KafkaConnectionError, kafka.NodeNotReadyError, ConnectionError)


_SAID: Final[tuple[tuple[tuple[type[BaseException], ...], type[BusError], str], ...]] = (
    (_FENCED, Fenced, "another member owns the group now"),
    (_TOO_LARGE, TooLarge, "the record is over the topic's max.message.bytes"),
    (_UNKNOWN, UnknownTopic, "no such topic or partition; `communique topics apply` creates topics"),
    (_REFUSED, BusError, "the broker refuses this user; see kafka.sasl_* and the broker's ACLs"),
    (_SILENT, BusError, "no answer within kafka.request_timeout_seconds; is the broker alive?"),
    (_AWAY, BusError, "no broker can be reached; is it running, and is COMMUNIQUE_BUS right?"),
)


def bus_error(error: BaseException, what: str) -> BusError:
    """Return the error of ours for an error of the client; `what` says what was tried and where."""
    if isinstance(error, BusError):
        return error
    for kinds, ours, message in _SAID:
        if isinstance(error, kinds):
            return ours(f"{what}: {message}")
    return BusError(f"{what}: {type(error).__name__}: {error}")


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raise what the client raises as an error of ours; the original is its cause."""
    try:
        yield
    except (kafka.KafkaError, TimeoutError, OSError) as error:
        raise bus_error(error, what) from error


def refuse(code: int, what: str) -> None:
    """Raise the error that a response's code means; nothing for 0."""
    if code:
        raise kafka.for_code(code)(what)
