"""Every example in a docstring of clean and tag runs, and says the truth."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import streams.core

CORE = Path(streams.core.__file__).parent
MODULES = [f"streams.core.{room}.{path.stem}" for room in ("cleaning", "tagging", "statements") for path in sorted((CORE / room).glob("[a-z]*.py"))]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    assert sum(bool(found.examples) for name in MODULES for found in finder.find(import_module(name))) >= 12
