"""JSON Schema of every event: draft 2020-12, one file a released version, each field described.

The text is a function of the models alone: `communique schemas export` writes it, `communique schemas check`
compares it with what is committed. What a reader may rely on is the structure; descriptions and titles may be
mended at any time. `digest` is over the structure, and `RELEASED` (in `jsonschema/`) holds the digest of each
version that may never change again.

Source: json-schema.org, draft 2020-12, core and validation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, TypeAlias

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from schemas.base import Event
from schemas.registry import type_name

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
WORDS: Final = frozenset({"title", "description", "$id", "$schema"})
"""Keys that say something to people and bind nobody."""


class _Generator(GenerateJsonSchema):
    """Pydantic's, without the titles that only repeat a field's name."""

    schema_dialect = DIALECT

    def field_title_should_be_set(self, schema: object) -> bool:
        """Return False: a field is told by its description."""
        del schema
        return False


def schema_of(model: type[Event], mode: JsonSchemaMode = "validation") -> dict[str, Json]:
    """Return the JSON Schema of a model: what a producer must write, what a reader may meet."""
    body: dict[str, Json] = model.model_json_schema(by_alias=True, schema_generator=_Generator, mode=mode)
    return {"$schema": DIALECT, "$id": f"urn:communique:{type_name(model)}", **body}


def text_of(schema: dict[str, Json]) -> str:
    """Return a schema as it stands in its file: two spaces, UTF-8 as it is, a line end."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def structure(schema: Json, *, naming: bool = False) -> Json:
    """Return a schema without words for people. `naming`: the keys here name fields, they are no keywords."""
    match schema:
        case dict():
            return {
                key: structure(value, naming=not naming and key in {"properties", "$defs"})
                for key, value in schema.items()
                if naming or key not in WORDS
            }
        case list():
            return [structure(value) for value in schema]
        case _:
            return schema


def digest(schema: dict[str, Json]) -> str:
    """Return SHA-256 over the structure, 64 hex digits."""
    return sha256(json.dumps(structure(schema), sort_keys=True).encode()).hexdigest()


def fields(schema: Json, at: str = "") -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield (path, schema) of every property of the event and of its parts (`Span.start`)."""
    if not isinstance(schema, dict):
        return
    properties, parts = schema.get("properties"), schema.get("$defs")
    for name, field in properties.items() if isinstance(properties, dict) else ():
        if isinstance(field, dict):
            yield f"{at}{name}", field
    for name, part in parts.items() if isinstance(parts, dict) else ():
        yield from fields(part, f"{name}.")
