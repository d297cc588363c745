"""Blas: the model multiplies matrices with numpy's OpenBLAS on one thread instead of its own BLIS.

BLIS as spaCy ships it does 40 GFLOP/s a core here, OpenBLAS of numpy's wheel 120: names and grammar cost a
quarter less (.133 → .096 ms a word). OpenBLAS would take every core, for matrices too small to share (3 times
the processor time), so it is told to take one, for the whole process: what scales is workers. Where numpy has
another BLAS (conda, macOS) the model keeps BLIS.
"""

from __future__ import annotations

from ctypes import CDLL, c_int
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

import numpy as np

if TYPE_CHECKING:
    from spacy.language import Language as Pipeline

_LIBRARY: Final = "libscipy_openblas64_*"
_SETTER: Final = "scipy_openblas_set_num_threads64_"


class _Thinc(Protocol):
    def NumpyOps(self, *, use_blis: bool) -> object: ...  # noqa: N802 - thinc's name


def with_fast_blas(model: Pipeline) -> Pipeline:
    """Return the model, its layers told to multiply with numpy where that can be held to one thread."""
    if _one_thread():
        ops = cast("_Thinc", import_module("thinc.api")).NumpyOps(use_blis=False)
        for _, pipe in model.pipeline:
            for layer in pipe.model.walk() if hasattr(pipe, "model") else ():
                layer.ops = ops
    return model


def _one_thread() -> bool:
    """Hold numpy's OpenBLAS to one thread; False when numpy's is another library."""
    folder = Path(np.__file__).parent.parent / "numpy.libs"
    for path in sorted(folder.glob(_LIBRARY)):
        setter = getattr(CDLL(str(path)), _SETTER, None)
        if setter is not None:
            setter(c_int(1))
            return True
    return False
