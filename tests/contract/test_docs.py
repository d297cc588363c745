"""README and docs: short enough, linked, generated where they can be, and their blocks run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from streams.cli.app import COMMANDS
from tests.contract.command_line import parse

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```(?:sh|shell|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def named(path):
    return path.relative_to(ROOT).as_posix()


def text(path):
    return path.read_text(encoding="utf-8")


def blocks(pattern):
    return [pytest.param(block, id=f"{named(path)}-{place}")
            for path in PAGES for place, block in enumerate(pattern.findall(text(path)))]


def test_the_readme_has_at_most_two_hundred_lines():
    assert text(ROOT / "README.md").count("\n") <= 200


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_link_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", text(path)):
        file, _, anchor = target.partition("#")
        if target.startswith(("http://", "https://")):
            continue
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), target
        if anchor and there.suffix == ".md":
            heads = re.findall(r"^#+ (.+)$", text(there), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor in slugs, target


@pytest.mark.parametrize("path", sorted((ROOT / "docs/adr").glob("*.md")), ids=named)
def test_a_decision_is_one_page_with_its_four_parts(path):
    heads = re.findall(r"^## (.+)$", text(path), re.MULTILINE)
    assert heads == ["Context", "Decision", "Consequences", "Would change our mind"]
    assert text(path).count("\n") <= 80
    assert re.match(r"# \d+\. ", text(path))


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.md")), ids=named)
def test_every_page_can_be_reached_from_the_index(path):
    assert path.name == "index.md" or f"({path.name})" in text(ROOT / "docs/index.md")


def test_the_generated_parts_are_up_to_date():
    pages = [named(path) for path in PAGES if "[[[cog" in text(path)]
    assert pages
    call = [sys.executable, "-m", "cogapp", "--check", "--diff", *pages]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run make docs\n{done.stdout}{done.stderr}"


def test_make_knows_every_page_that_is_generated():
    pages = {named(path) for path in PAGES if "[[[cog" in text(path)}
    line = re.search(r"^PAGES := (.+)$", text(ROOT / "Makefile"), re.MULTILINE)[1]
    assert set(line.split()) == pages


@pytest.mark.parametrize("block", blocks(PYTHON))
def test_a_python_block_runs(block, monkeypatch):
    monkeypatch.chdir(ROOT)
    exec(compile(block, "<block>", "exec"), {"__name__": "block"})  # noqa: S102  # our own documentation


def calls(block):
    """Yield the words of each `communique …` of a shell block, comments, pipes and variables aside."""
    for line in block.replace("\\\n", " ").splitlines():
        for part in re.split(r"&&|\|\||[|;]", line.partition(" #")[0]):
            words = shlex.split(part.lstrip("$ ").partition(" > ")[0])
            while words and re.fullmatch(r"\w+=.*", words[0]):
                words = words[1:]
            if words and Path(words[0]).name == "communique":
                yield words[1:]


CALLS = [pytest.param(words, id=" ".join(words)) for path in PAGES for block in SHELL.findall(text(path)) for words in calls(block)]


@pytest.mark.parametrize("words", CALLS)
def test_a_command_in_a_shell_block_is_understood(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for word in words:
        if re.fullmatch(r"[\w./-]+\.(toml|json|jsonl|gz|txt|html)", word):
            (tmp_path / word.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / word.lstrip("/")).touch()
    name = next(word for word in words if word in COMMANDS)
    parse(words[words.index(name):])


def test_every_make_word_in_the_pages_is_one():
    known = set(re.findall(r"^(\w+):", text(ROOT / "Makefile"), re.MULTILINE))
    for path in PAGES:
        used = {line.split()[1] for block in SHELL.findall(text(path)) for line in block.splitlines() if line.startswith("make ")}
        assert used <= known, path
