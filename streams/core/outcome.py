"""What a step may answer besides an event: a refusal. And the one root of our errors.

A refusal is a value: a named reason why an article ends here. It is never raised. What is raised is a failure
(docs/failures.md): `Permanent` can never work, `Transient` may work later, everything else is a bug.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from schemas.base import Event
    from schemas.envelope import Provenance


class CommuniqueError(Exception):
    """The root of every error of ours; its message tells a person what to do."""


class Usage(CommuniqueError):
    """The call can never work as it is given: a name nobody knows, a file that is not there. Exit code 2."""


class Permanent(CommuniqueError):
    """This record cannot ever be processed; `code` is the dead letter's code (`SCHEMA`, `LIMIT`, …)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Transient(CommuniqueError):
    """A resource said "later": the step may be tried again."""


class RefusalReason(StrEnum):
    """Why an article ends early. A closed set: dashboards and the audit count by it."""

    EMPTY = "empty"                    # no text is left after cleaning
    TOO_SHORT = "too_short"            # fewer characters than cleaning.min_chars
    NOT_TEXT = "not_text"              # the content is binary, whatever its content_type says
    UNPARSABLE = "unparsable"          # the HTML parser gave nothing or hit a bound
    TAKEN_DOWN = "taken_down"          # it was taken back (`communique forget`), and comes again
    TOO_COMPLEX = "too_complex"        # more HTML nodes or deeper than cleaning.max_nodes, cleaning.max_depth


@dataclass(frozen=True, slots=True)
class Refused:
    """The article is refused; `detail` is for people and holds no text of the article."""

    reason: RefusalReason
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """An event with its place: a partition, an ordinal for its `ce_id`; None lets the guard choose.

    The guard's choice: the partition by the key, the ordinal by counting events of one type within the step's
    answer. A step that answers the same origin from several records (one a shard) must give the ordinal.
    `own`: origin, time and mode of the event's own thing, when another's arrival is the cause; None: as the
    cause's.
    """

    event: Event
    partition: int | None = None
    ordinal: int | None = None
    own: Provenance | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """The key of a compacted topic holds nothing any more: a tombstone on the topic of `model`."""

    model: type[Event]
    key: str


Output: TypeAlias = "Event | Placed | Gone | Refused"
Outputs: TypeAlias = "Output | tuple[Output, ...] | list[Output] | None"
"""What a step may answer: nothing, one output, or several."""
