"""The reference pages of docs/, as Markdown: topics, events, settings. cog puts them there; CI checks them.

Each function is pure: the catalogue, the schemas or the settings in, lines out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.base import Event
from schemas.json_schema import Json, schema_of
from schemas.registry import type_name
from streams.settings import NAMES, Settings
from streams.settings_sources import variable
from streams.topics import SHORT_NAMES, TABLES, TOPICS, TopicSpec

SHORT: Final = {name: short for short, name in SHORT_NAMES.items()}
_SIGNS: Final = {Ge: "≥", Gt: ">", Le: "≤", Lt: "<"}


def table(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped, a line end becomes a space."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def topics_table() -> str:
    """Return the catalogue in short: the README's table."""
    rows = ((f"`{spec.name}`", spec.about, spec.written_by, spec.read_by or "you") for spec in TOPICS)
    return table(("topic", "holds", "written by", "read by"), rows)


def topics_page() -> str:
    """Return the catalogue in full: key, partitions, retention, event."""
    rows = (
        (
            f"`{spec.name}`",
            f"`{SHORT[spec.name]}`" if spec.name in SHORT else "",
            f"[{spec.model.__name__}](events.md#{spec.model.__name__.lower()})",
            ", else ".join(f"`{field}`" for field in spec.key),
            spec.width.value,
            _kept(spec),
            spec.about,
        )
        for spec in TOPICS
    )
    return table(("topic", "short name", "event", "key", "partitions", "kept", "holds"), rows)


def _kept(spec: TopicSpec) -> str:
    kept = "for ever" if spec.retention_days is None else f"{spec.retention_days} days"
    return f"{kept}, compacted" if spec.compacted else kept


def tables_page() -> str:
    """Return the tables: what each stage remembers, and where."""
    rows = (
        (f"`{spec.name}`", spec.stage, spec.width.value, str(spec.schema_version), spec.about)
        for spec in TABLES
    )
    return table(("table", "stage", "partitions", "version", "holds"), rows)


def events_page() -> str:
    """Return every event with its fields, then the parts that they are made of, each once."""
    parts: dict[str, dict[str, Json]] = {}
    sections = [_event(spec.model, parts) for spec in TOPICS]
    sections += [_part(name, part) for name, part in sorted(parts.items())]
    return "\n\n".join(sections)


def _event(model: type[Event], parts: dict[str, dict[str, Json]]) -> str:
    schema = schema_of(model)
    parts |= {name: part for name, part in _dict(schema.get("$defs")).items() if isinstance(part, dict)}
    name = type_name(model)
    link = f"Type `{name}`, schema [`{name}.json`](../schemas/jsonschema/{name}.json)."
    return f"## {model.__name__}\n\n{schema['description']}\n\n{link}\n\n{_fields(schema)}"


def _part(name: str, part: dict[str, Json]) -> str:
    values = part.get("enum")
    body = ", ".join(f"`{value}`" for value in values) if isinstance(values, list) else _fields(part)
    return f"### {name}\n\n{part.get('description', '')}\n\n{body}"


def _fields(schema: Mapping[str, Json]) -> str:
    required = schema.get("required")
    must = required if isinstance(required, list) else []
    rows = (
        (f"`{name}`", kind(field), "yes" if name in must else "", str(_dict(field).get("description", "")))
        for name, field in _dict(schema.get("properties")).items()
    )
    return table(("field", "type", "always", "is"), rows)


def kind(field: Json) -> str:
    """Return the type of a field for people: `string or null`, `list of Span`."""
    match field:
        case {"$ref": str(ref)}:
            part = ref.rpartition("/")[2]
            return f"[{part}](#{part.lower()})"
        case {"anyOf": list(choices)}:
            return " or ".join(kind(choice) for choice in choices)
        case {"type": "array", "items": items}:
            return f"list of {kind(items)}"
        case {"format": str(form)}:
            return form
        case {"type": str(name)}:
            return name
        case _:
            return "any"


def settings_page() -> str:
    """Return every setting with its variable, default and bounds, a table a group."""
    groups: dict[str, list[tuple[str, FieldInfo]]] = {}
    for name, field in NAMES.items():
        groups.setdefault(name.partition(".")[0] if "." in name else "", []).append((name, field))
    return "\n\n".join(_group(group, fields) for group, fields in groups.items())


def _group(group: str, fields: list[tuple[str, FieldInfo]]) -> str:
    about = Settings.model_fields[group].annotation if group else None
    head = (
        f"## {group}\n\n{about.__doc__}\n\n"
        if isinstance(about, type) and issubclass(about, BaseModel)
        else ""
    )
    rows = (
        (f"`{name}`", f"`{variable(name)}`", _default(field), field.description or "")
        for name, field in fields
    )
    return head + table(("setting", "variable", "default", "is"), rows)


def _default(field: FieldInfo) -> str:
    value = "none" if field.default is None else f"`{field.default}`" if str(field.default) else "empty"
    bounds = [f"{sign} {getattr(each, name)}" for each in field.metadata for name, sign in _bound(each)]
    return f"{value} ({', '.join(bounds)})" if bounds else value


def _bound(constraint: object) -> list[tuple[str, str]]:
    return [(each.__name__.lower(), sign) for each, sign in _SIGNS.items() if isinstance(constraint, each)]


def _dict(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
