"""paths: whether the events of a topic can have a field, by the model that the catalogue names.

Raw records are any producer's, who may write more than we read: there every field may be.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel

from streams.core.outcome import Usage
from streams.topics import BY_NAME, RAW

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(topic: str, path: str) -> None:
    """Raise `Usage`, with the nearest name, when no event of `topic` or of its dead letters has `path`.

    A header (`ce_…`) and a topic that is not the catalogue's may be anything.
    """
    spec = BY_NAME.get(topic.removesuffix(".dlt"))
    if spec is None or spec is RAW or path.startswith("ce_"):
        return
    known = list(known_paths(spec.model))
    if path in known:
        return
    near = get_close_matches(path, known, 1, 0.5)
    top = ", ".join(each for each in known if "." not in each)
    hint = f"did you mean {near[0]}?" if near else f"they have {top}"
    raise Usage(f"--where {path}: events of {topic} have no such field; {hint}")


def known_paths(model: type[BaseModel]) -> Iterator[str]:
    """Yield every path into events of a model: `dedup`, `dedup.role`, in lists as in one item."""
    for own, field in model.model_fields.items():
        name = field.alias or own
        yield name
        for inner in _models(field.annotation):
            yield from (f"{name}.{rest}" for rest in known_paths(inner))


def _models(kind: object) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for argument in get_args(kind):
        yield from _models(argument)
