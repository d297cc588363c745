"""mutation: do the fast tests of a room notice when its code is made wrong? Cosmic-ray's mutations, sampled.

    python -m streams.bench.mutation [--room streams/core/alerting] [--tests 'tests/core/test_alerting*.py']
        [--sample 150] [--seed 1] [--seconds 1200] [--floor 0.85] [--survivors]

The tests run once on the code as it is; each mutant then runs them in a fork of that process, in which only
the room, and what imports it, is loaded anew: first the test files that name the module, until the first test
that fails. Left out, by rule alone, are mutants that cannot differ: of annotations, docstrings, imports for
types only, whether a function remembers (`cache`), how its arguments may be given. Tests that change while
it runs spoil it: run it in a clone. A mutant that takes five times the CPU that the tests do is killed. Exit
code 1: fewer than the floor were killed.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_loader
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec

_TIMES: Final = 5
_MOST_BYTES: Final = 4 << 30
_SURVIVED: Final = 0
_BROKEN: Final = "no Python"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One module made wrong in one place. `line`: of the first difference, from 1."""

    file: Path
    operator: str
    code: str
    line: int


def places_in(file: Path) -> Iterator[tuple[Path, str, int]]:
    """Yield (module, operator, occurrence) of all that cosmic-ray would change in a module."""
    plugins, trees = (importlib.import_module(f"cosmic_ray.{name}") for name in ("plugins", "ast"))
    nodes = list(trees.ast_nodes(trees.get_ast(file.read_text(encoding="utf-8"))))
    for name in plugins.operator_names():
        operator = plugins.get_operator(name)
        if not operator.arguments():
            made = operator()
            places = sum(1 for node in nodes for _ in made.mutation_positions(node))
            yield from ((file, name, occurrence) for occurrence in range(places))


def mutant_at(file: Path, operator: str, occurrence: int) -> Mutant | None:
    """Return the mutant of a place; None for one that is no Python, or cannot differ from the module."""
    plugins, mutating = (importlib.import_module(f"cosmic_ray.{name}") for name in ("plugins", "mutating"))
    source = file.read_text(encoding="utf-8")
    code = mutating.mutate_code(source, plugins.get_operator(operator)(), occurrence)
    if code is None or _meaning(code) in (_meaning(source), _BROKEN):
        return None
    return Mutant(file, operator.partition("/")[2], code, _first_difference(source, code))


def _meaning(code: str) -> str:
    """Return what a module's code does: without annotations, docstrings, imports for types."""
    try:
        return ast.dump(_Bare().visit(ast.parse(code)))
    except SyntaxError:
        return _BROKEN


class _Bare(ast.NodeTransformer):
    """Takes out what decides nothing at run time."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Take a function's annotations out, how its arguments may be given, and what it remembers."""
        node.returns = None
        node.decorator_list = [each for each in node.decorator_list if "cache" not in ast.dump(each)]
        node.args.args = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        node.args.defaults += [each for each in node.args.kw_defaults if each is not None]
        node.args.posonlyargs, node.args.kwonlyargs, node.args.kw_defaults = [], [], []
        for each in node.args.args:
            each.annotation = None
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Take a name's annotation out."""
        node.annotation = ast.Constant(None)
        self.generic_visit(node)
        return node

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """Take imports for types out."""
        if "TYPE_CHECKING" in {each.id for each in ast.walk(node.test) if isinstance(each, ast.Name)}:
            return None
        self.generic_visit(node)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """Take docstrings out."""
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)


def _first_difference(one: str, other: str) -> int:
    lines = zip(one.split("\n"), other.split("\n"), strict=False)
    return next((number for number, (mine, its) in enumerate(lines, 1) if mine != its), 0)


class _Loader(SourceFileLoader):
    """Loads a module from code that is given."""

    def __init__(self, name: str, path: str, code: str) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> Any:  # noqa: ANN401  # a code object
        del fullname
        return compile(self._code, self.path, "exec")


@dataclass(frozen=True, slots=True)
class _Finder:
    """Finds one module, made wrong."""

    name: str
    mutant: Mutant

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return the mutant's spec for its name."""
        del path, target
        if fullname != self.name:
            return None
        where = str(self.mutant.file)
        return spec_from_loader(fullname, _Loader(fullname, where, self.mutant.code))


def survives(mutant: Mutant, tests: Sequence[str], seconds: int) -> bool:
    """Run the tests on a mutant in a child; return whether all pass within so many seconds of its CPU."""
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
        signal.alarm(_TIMES * seconds)
        _be_a_child(mutant, tests)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == _SURVIVED


def _be_a_child(mutant: Mutant, tests: Sequence[str]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.meta_path.insert(0, _Finder(_dotted(mutant.file), mutant))
    asked = f"{_dotted(mutant.file)} import"
    named = {each: asked in Path(each).read_text(encoding="utf-8") for each in tests}
    os._exit(_tested(sorted(tests, key=named.__getitem__, reverse=True)))


def _tested(tests: Sequence[str]) -> int:
    """Run tests in this process, until the first that fails; return pytest's exit code."""
    pytest = importlib.import_module("pytest")
    return int(pytest.main([*tests, "-x", "-q", "-p", "no:cacheprovider", "--assert=plain", "--tb=no"]))


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def _forget(room: Path) -> None:
    """Take out of the modules that are loaded: a room, the tests, and all that has something of them."""
    begins = (f"{_dotted(room)}.", "tests.", "conftest.")
    gone = {name for name in sys.modules if f"{name}.".startswith(begins)}
    more = gone
    while more:
        more = {
            name for name, module in list(sys.modules.items()) if name not in gone and any(
                getattr(each, "__module__", getattr(each, "__name__", None)) in gone
                for each in vars(module).values())}
        gone |= more
    above = {_dotted(each) for each in room.parents if each.name}
    for name in gone - above - {"__main__"}:
        sys.modules.pop(name, None)


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("python -m streams.bench.mutation", description=__doc__.split("\n")[0])
    parser.add_argument("--room", type=Path, default=Path("streams/core/alerting"))
    parser.add_argument("--tests", default="tests/core/test_alerting*.py")
    parser.add_argument("--sample", type=int, default=150, help="mutants at most; 0: all of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1200, help="end after so long")
    parser.add_argument("--floor", type=float, default=0.85)
    parser.add_argument("--survivors", action="store_true", help="show what survived, with its line")
    called = parser.parse_args()
    tests = sorted(str(each) for each in Path().glob(called.tests))
    with redirect_stdout(sys.stderr):
        if _tested(tests) != _SURVIVED:
            parser.error(f"the tests fail without a mutation: {' '.join(tests)}")
    patience = int(_TIMES * time.process_time()) + 1
    _forget(called.room)
    gc.freeze()
    every = [each for file in sorted(called.room.rglob("*.py")) for each in places_in(file)]
    Random(called.seed).shuffle(every)
    return _judged(every, tests, patience, called)


def _judged(
    places: Sequence[tuple[Path, str, int]], tests: Sequence[str], patience: int, called: argparse.Namespace
) -> int:
    begun, tried, alive = time.monotonic(), 0, []
    for place in places:
        if time.monotonic() - begun > called.seconds or tried == (called.sample or -1):
            break
        mutant = mutant_at(*place)
        if mutant is None:
            continue
        tried += 1
        if survives(mutant, tests, patience):
            alive.append(mutant)
            if called.survivors:
                line = mutant.code.split("\n")[mutant.line - 1].strip()
                sys.stderr.write(f"{mutant.file}:{mutant.line}: {mutant.operator}: {line}\n")
    share = 1 - len(alive) / max(1, tried)
    sys.stdout.write(json.dumps({
        "places": len(places), "tried": tried, "killed": tried - len(alive), "share": round(share, 3),
        "seed": called.seed, "holds": share >= called.floor}) + "\n")
    return int(share < called.floor)


if __name__ == "__main__":
    sys.exit(main())
