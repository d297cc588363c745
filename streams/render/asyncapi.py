"""AsyncAPI 3.0 of the bus, from the catalogue: channels, who sends and receives, messages with their headers.

Bodies are referred to, not copied: each payload is a committed JSON Schema beside the document. Dead-letter
topics have one message, the record as it was with our error headers. `tests/contract` has the document read
by AsyncAPI's own parser.

Source: AsyncAPI 3.0.0; its Kafka bindings 0.5.0; CloudEvents 1.0 Kafka protocol binding, binary mode;
KIP-1034.
"""

from __future__ import annotations

from typing import Final

from schemas.envelope import DeliveryMode, Envelope
from schemas.json_schema import Json
from schemas.registry import type_name
from streams import __version__
from streams.stages import DELIVER, STAGES
from streams.topics import DAY_MS, MAX_RECORD_BYTES, TOPICS, TopicSpec

BINDING: Final = "0.5.0"
ATTRIBUTES: Final[dict[str, str]] = {
    "ce_id": "id",
    "ce_type": "type",
    "ce_source": "source",
    "ce_time": "time",
    "ce_origin": "origin",
    "ce_origintime": "origin_time",
    "ce_deliverymode": "delivery_mode",
    "ce_correlationid": "correlation_id",
    "ce_causationid": "causation_id",
    "ce_replayjobid": "replay_job_id",
    "ce_pipelineversion": "pipeline_version",
    "ce_originmode": "origin_mode",
    "ce_causemode": "cause_mode",
    "ce_redriveid": "redrive_id",
}
"""Header → field of the envelope, whose description it has."""

REQUIRED: Final = ("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_origin", "ce_origintime")
"""Headers that every event of ours has. A raw record from another producer needs none."""

ERRORS: Final[dict[str, str]] = {
    "exception": "Class of the failure.",
    "message": "Our own words; what others wrote may quote the article and is left out.",
    "stacktrace": "Where it happened, innermost last.",
    "topic": "Topic of the record.",
    "partition": "Partition of the record.",
    "offset": "Offset of the record.",
    "code": "SCHEMA, LIMIT, TRANSIENT, BUG or KILLED.",
    "stage": "The stage that gave up.",
    "version": "Version of the code that gave up.",
    "attempts": "How often it was tried.",
    "first_failure": "When it failed first, RFC 3339.",
    "timestamp": "Timestamp of the record, RFC 3339.",
    "fingerprint": "The same for failures of one kind at one place.",
    "cut": "Only on a record that no topic takes: its bytes. Value and headers still lie where it came from.",
}
"""Headers `__streams.errors.…` of a dead letter; each has all but the last."""


def document() -> dict[str, Json]:
    """Return the whole document, as AsyncAPI 3.0 has it."""
    channels: dict[str, Json] = {}
    operations: dict[str, Json] = {}
    messages: dict[str, Json] = {"DeadLetter": _dead_letter()}
    for spec in TOPICS:
        channels[spec.name] = _channel(spec)
        channels[spec.dead_letters] = _dead_channel(spec)
        messages[spec.model.__name__] = _message(spec)
        operations |= _operations(spec)
    return {
        "asyncapi": "3.0.0",
        "info": _information(),
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "messageTraits": {"CloudEvent": {"headers": _headers()}},
        },
    }


def _information() -> dict[str, Json]:
    return {
        "title": "Communiqué",
        "version": __version__,
        "description": "News articles in, enriched events out. "
        "Bodies are JSON; CloudEvents attributes are headers (binary mode).",
        "license": {"name": "Apache-2.0"},
    }


def _channel(spec: TopicSpec) -> dict[str, Json]:
    return {
        "address": spec.name,
        "title": spec.about,
        "description": f"Key: the first of {', '.join(spec.key)} that is not null. {_kept(spec)}",
        "messages": {spec.model.__name__: {"$ref": f"#/components/messages/{spec.model.__name__}"}},
        "bindings": {"kafka": {"topicConfiguration": _configuration(spec), "bindingVersion": BINDING}},
    }


def _kept(spec: TopicSpec) -> str:
    kept = "for ever" if spec.retention_days is None else f"{spec.retention_days} days"
    compaction = ", the latest record of each key; a null body deletes a key" if spec.compacted else ""
    return f"Kept {kept}{compaction}."


def _configuration(spec: TopicSpec) -> dict[str, Json]:
    return {
        "cleanup.policy": ["compact" if spec.compacted else "delete"],
        "retention.ms": -1 if spec.retention_days is None else spec.retention_days * DAY_MS,
        "max.message.bytes": MAX_RECORD_BYTES,
    }


def _dead_channel(spec: TopicSpec) -> dict[str, Json]:
    return {
        "address": spec.dead_letters,
        "title": f"what could not be processed of {spec.name}",
        "description": "Same partition as the record. Key, value and headers as they were, byte for byte.",
        "messages": {"DeadLetter": {"$ref": "#/components/messages/DeadLetter"}},
    }


def _message(spec: TopicSpec) -> dict[str, Json]:
    name = type_name(spec.model)
    return {
        "name": name,
        "title": spec.model.__name__,
        "summary": (spec.model.__doc__ or "").partition("\n")[0],
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/CloudEvent"}],
        "payload": {"$ref": f"./jsonschema/{name}.json"},
    }


def _operations(spec: TopicSpec) -> dict[str, Json]:
    """Return what agents do with a topic. What is done outside is no operation of ours."""
    agents = {agent for names in STAGES.values() for agent in names}
    processes = agents | {DELIVER}
    found: dict[str, Json] = {}
    for action, who in (("send", spec.written_by), ("receive", spec.read_by)):
        named = [name for name in who.split(", ") if name in processes]
        names = sorted(agents) if who == "every stage" else named
        for agent in names:
            found[f"{agent}.{action}.{spec.name}"] = {
                "action": action,
                "title": f"{agent} {action}s {spec.about}",
                "channel": {"$ref": f"#/channels/{spec.name}"},
                "messages": [{"$ref": f"#/channels/{spec.name}/messages/{spec.model.__name__}"}],
            }
    return found


def _headers() -> dict[str, Json]:
    properties: dict[str, Json] = {
        "content-type": {"type": "string", "const": "application/json", "description": "Of the body."},
        "ce_specversion": {"type": "string", "const": "1.0", "description": "CloudEvents version."},
        "ce_processedat": {
            "type": "string",
            "format": "date-time",
            "description": "When it was made; never in a body.",
        },
    }
    for header, field in ATTRIBUTES.items():
        about = Envelope.model_fields[field].description
        kind: dict[str, Json] = {"type": "string", "description": about}
        if header.endswith("time"):
            kind["format"] = "date-time"
        properties[header] = kind | (
            {"enum": [*map(str, DeliveryMode)]} if header == "ce_deliverymode" else {}
        )
    return {"type": "object", "properties": properties, "required": [*REQUIRED]}


def _dead_letter() -> dict[str, Json]:
    properties: dict[str, Json] = {
        f"__streams.errors.{name}": {"type": "string", "description": about} for name, about in ERRORS.items()
    }
    always: list[Json] = [name for name in properties if not name.endswith(".cut")]
    return {
        "name": "dead-letter",
        "title": "DeadLetter",
        "summary": "A record that could not be processed, as it was; its id is its topic-partition-offset.",
        "headers": {"type": "object", "properties": properties, "required": always},
        "payload": {"description": "The bytes as they came, whatever they are."},
    }
