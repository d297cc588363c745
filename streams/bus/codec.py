"""codec: bytes ⇄ events. What cannot be an event is named and refused; the worker lives.

Decoding, in order: the bytes are bounded before parsing (`json_bounds`), parsed by orjson (which refuses
invalid UTF-8, lone surrogates, numbers beyond a double, NaN), compared with what was counted (a key twice),
brought up to the newest version (`schemas.registry`), validated by the model. Encoding is deterministic: the
same event gives the same bytes.

Every refusal is a `Permanent`: SCHEMA for what is no event of its topic, LIMIT for what is too large. No
message holds text of an article: only names of fields, of errors, and numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError

from schemas.raw_article import RawArticle
from schemas.registry import MODELS, upcast
from streams.bus import json_bounds
from streams.core.outcome import Permanent

if TYPE_CHECKING:
    from schemas.base import Event
    from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of what a body may have; from settings `guard` and `cleaning`."""

    max_depth: int
    max_fields: int
    max_content_bytes: int


def limits_of(settings: Settings) -> Limits:
    """Return the limits that the settings ask for."""
    return Limits(
        settings.guard.max_json_depth, settings.guard.max_json_fields, settings.cleaning.max_content_bytes
    )


def encode(event: Event) -> bytes:
    """Return an event's body: JSON, UTF-8, fields in the order of the model, null for what is unknown."""
    return event.__pydantic_serializer__.to_json(event, by_alias=True)


def decode(body: bytes | None, model: type[Event], limits: Limits, *, type_name: str | None = None) -> Event:
    """Return the event in `body`. `type_name` is its CloudEvents type with version; None: the model's own.

    Raises `Permanent` and nothing else, whatever the bytes.
    """
    if body is None:
        raise Permanent("SCHEMA", "a tombstone (a record without a value)")
    json_bounds.check(body, max_depth=limits.max_depth, max_fields=limits.max_fields)
    event = _validate(_upcast(_parse(body), model, type_name), model)
    if isinstance(event, RawArticle):
        _bound_content(event, limits)
    return event


def _parse(body: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        msg = f"not JSON: {error.msg}, byte {error.pos}"
        raise Permanent("SCHEMA", msg) from None
    if not isinstance(parsed, dict):
        msg = f"not a JSON object but {type(parsed).__name__}"
        raise Permanent("SCHEMA", msg)
    if json_bounds.key_twice(body, parsed):
        raise Permanent("SCHEMA", "an object has a key twice")
    if b"\\u0000" in body and json_bounds.has_nul(parsed):
        raise Permanent("SCHEMA", "a NUL character in a string")
    return parsed


def _upcast(body: dict[str, Any], model: type[Event], type_name: str | None) -> dict[str, Any]:
    return upcast(body, model.ce_type, version_of(type_name, model), model.version_number)


def version_of(type_name: str | None, model: type[Event]) -> int:
    """Return the schema version that a CloudEvents type names for this model.

    `Permanent` for one that is not known.
    """
    if type_name is None:
        return model.version_number
    name, _, digits = type_name.rpartition(".v")
    version = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 4 else 0
    if name != model.ce_type or (name, version) not in MODELS:
        msg = f"the type is not a known version of {model.ce_type}"
        raise Permanent("SCHEMA", msg)
    return version


def _validate(body: dict[str, Any], model: type[Event]) -> Event:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        first = found[0]
        msg = f"{len(found)} wrong: {'.'.join(map(str, first['loc']))} {first['type']}"
        raise Permanent("SCHEMA", msg) from None


def _bound_content(article: RawArticle, limits: Limits) -> None:
    if len(article.content) * 4 <= limits.max_content_bytes:
        return
    if (size := len(article.content.encode())) > limits.max_content_bytes:
        msg = f"content of {size} bytes is over cleaning.max_content_bytes = {limits.max_content_bytes}"
        raise Permanent("LIMIT", msg)
