"""The contract with consumers, as files: JSON Schemas and AsyncAPI; and whether what is committed holds.

`generated` is what the code says, `committed` what the folder has, `released` the digests of what may never
change again. A file that differs in words only is stale; a structure that differs is a broken promise, told
field by field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import orjson
import yaml

from schemas.compatibility import changes
from schemas.json_schema import Json, digest, schema_of, text_of
from schemas.registry import MODELS, UPCASTS, type_name
from streams.render.asyncapi import document

ASYNCAPI: Final = "asyncapi.yaml"
RELEASED: Final = "jsonschema/RELEASED"
NOTE: Final = "# generated from the models and the catalogue: communique schemas export\n"


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not hold: the file, the field (empty: all of it), what is wrong, and what to do."""

    file: str
    field: str
    what: str
    todo: str

    def __str__(self) -> str:
        """Return one line for a person."""
        return f"{self.file}: {f'{self.field} ' if self.field else ''}{self.what}; {self.todo}"


def generated() -> dict[str, str]:
    """Return path below `schemas/` → text, of everything that is made from code."""
    files = {file_of(type_name(model)): text_of(schema_of(model)) for model in MODELS.values()}
    return files | {
        ASYNCAPI: NOTE + yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=110)
    }


def file_of(name: str) -> str:
    """Return the path below `schemas/` of an event's schema, e.g. `jsonschema/news.cluster.v1.json`."""
    return f"jsonschema/{name}.json"


def read_released(text: str) -> dict[str, str]:
    """Return type with version → digest, from the lines of RELEASED; `#` starts a comment."""
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    return {words[0]: words[1] for words in lines if len(words) == 2}


def release(committed: Mapping[str, str], released: Mapping[str, str]) -> str:
    """Return the text of RELEASED with every committed schema in it; a digest that is there stays."""
    digests = {name: digest(_parsed(committed[file_of(name)])) for name in map(type_name, MODELS.values())}
    lines = [f"{name} {sha}" for name, sha in sorted((digests | dict(released)).items())]
    return "\n".join(["# These never change again: type, SHA-256 of the structure.", *lines, ""])


def problems(committed: Mapping[str, str], released: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return everything that does not hold, () when all does."""
    return (*_drift(committed), *_broken(committed, released), *_gaps())


def forbidden(committed: Mapping[str, str], released: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return what an export would break: released schemas whose structure the code no longer gives."""
    names = {file_of(name) for name in released}
    return tuple(each for each in _drift(committed) if each.file in names and each.field)


def _drift(committed: Mapping[str, str]) -> Iterator[Problem]:
    now = generated()
    for path, text in now.items():
        there = committed.get(path)
        if there is None:
            yield Problem(path, "", "is missing", "run communique schemas export")
        elif path != ASYNCAPI and (changed := changes(_parsed(there), _parsed(text))):
            for change in changed:
                yield Problem(path, change.at or "the event", change.what, _advice(breaking=change.breaking))
        elif there != text:
            yield Problem(path, "", "is stale", "run communique schemas export")
    for path in sorted(committed.keys() - now.keys()):
        yield Problem(path, "", "is made by no model", "put its model back into schemas/registry.py")


def _advice(*, breaking: bool) -> str:
    if breaking:
        return "this breaks readers: make a new version with an upcast (CONTRIBUTING.md)"
    return "run communique schemas export, or make a new version when it is released"


def _broken(committed: Mapping[str, str], released: Mapping[str, str]) -> Iterator[Problem]:
    for name, sha in released.items():
        there = committed.get(file_of(name))
        if there is not None and digest(_parsed(there)) != sha:
            yield Problem(file_of(name), "", "is not what was released", "put it back, make a new version")


def _gaps() -> Iterator[Problem]:
    for name, version in MODELS:
        if (name, version + 1) in MODELS and (name, version) not in UPCASTS:
            yield Problem("registry.py", f"{name}.v{version}", "has no upcast", "write it in UPCASTS")


def _parsed(text: str) -> dict[str, Json]:
    parsed: dict[str, Json] = orjson.loads(text)
    return parsed
