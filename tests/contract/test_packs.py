"""Language packs, found by themselves: each loads, has the shape its readers expect, and holds the language that code does not.

A folder of `streams/core` with `.toml` files in it is a pack; every `.toml` in it is a part.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from time import process_time
from typing import Any

import pytest
from pydantic import BaseModel

import schemas
from schemas.clean_article import SegmentKind
from streams.core.cleaning.line_rules import LONGEST_CHARS, line_rules, with_fragments
from streams.core.cleaning.quotes import Marks
from streams.core.packs import PACKS, read
from tests.core.test_cleaning_furniture import FURNITURE, LISTS

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import sre_constants
    import sre_parse

CORE = Path(__file__).resolve().parents[2] / "streams" / "core"
FOLDERS = sorted({path.parent for path in CORE.glob("*/*.toml")})
PARTS = [(code, path.stem) for code, package in PACKS.items() for path in sorted((CORE.parents[1] / package.replace(".", "/")).glob("*.toml"))]
ROOMS = ["cleaning", "tagging", "statements", "offices"]


def strings(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every string in a table with the key it stands under."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from strings(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, key)
    elif isinstance(value, str):
        yield key, value


def keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def patterns() -> list[tuple[str, str]]:
    """Return every pattern of every pack, by a name for people."""
    found = [(f"{rule.name}", rule.pattern) for rule in line_rules()]
    for code in PACKS:
        tails = read(code, "cleaning")["tail"]
        assert isinstance(tails, list)
        found += [(tail["rule"], with_fragments(tail["pattern"], code)) for tail in tails]
    for code, part in PARTS:
        for key, text in strings(read(code, part)):
            if key == "pattern" and "%" not in text:
                found.append((f"{code}/{part}: {text[:40]}", text))
    for code in PACKS:
        fragments = read(code, "cleaning")["fragment"]
        assert isinstance(fragments, dict)
        found += [(f"{code}: %{name}%", with_fragments(f"%{name}%", code)) for name in (*fragments, "agency")]
    return found


PATTERNS = patterns()


def test_every_folder_of_tables_is_a_pack_and_every_pack_has_its_folder() -> None:
    assert [f"streams.core.{folder.name}" for folder in FOLDERS] == sorted(PACKS.values())
    assert all(re.fullmatch("[a-z]{2}", code) for code in PACKS)


@pytest.mark.parametrize(("code", "part"), PARTS)
def test_every_part_loads_and_says_where_it_is_from(code: str, part: str) -> None:
    assert read(code, part)
    lines = (CORE.parents[1] / PACKS[code].replace(".", "/") / f"{part}.toml").read_text(encoding="utf-8").splitlines()
    head = " ".join(line for line in lines if line.startswith("#"))
    assert re.search(r"\b(?:written|own|compared|read)\b", head, re.IGNORECASE), "no provenance: who wrote it, from what"


@pytest.mark.parametrize("code", PACKS)
def test_every_pack_has_the_same_parts(code: str) -> None:
    assert [part for other, part in PARTS if other == code] == [part for other, part in PARTS if other == next(iter(PACKS))]


WORDS = ["weekdays", "date_labels", "after_day", "not_places", "elisions", "agencies"]


@pytest.mark.parametrize("code", PACKS)
def test_the_cleaning_part_has_its_shape(code: str) -> None:
    pack = read(code, "cleaning")
    assert set(pack) == {*WORDS, "months", "quotes", "fragment", "line", "tail", "byline"}
    for key in WORDS:
        words = pack[key]
        assert isinstance(words, list)
        assert words
        assert len(set(words)) == len(words), key
        assert all(isinstance(word, str) and word == word.lower() and word.strip() for word in words), key
    months, quotes, lines = pack["months"], pack["quotes"], pack["line"]
    assert isinstance(months, dict)
    assert set(months.values()) == set(range(1, 13))
    assert isinstance(quotes, dict)
    assert set(quotes) == set(Marks._fields)
    assert all(len(mark) == 1 for mark in quotes.values())
    assert isinstance(lines, list)
    names = [line["rule"] for line in lines]
    assert len(set(names)) == len(names)
    for line in lines:
        assert {"kind", "rule", "pattern"} <= set(line) <= {"kind", "rule", "pattern", "after"}
        assert line["kind"] in set(SegmentKind) - {"body", "headline", "dateline"}
        assert set(line.get("after", ())) <= {*names, *SegmentKind}


def test_every_line_rule_has_an_example() -> None:
    examples = [*(line for lines in FURNITURE.values() for line in lines), *(line for lines, _ in LISTS for line in lines)]
    for rule in line_rules():
        pattern = re.compile(rule.pattern, re.IGNORECASE)
        assert any(pattern.fullmatch(line) or pattern.fullmatch(line.strip(" -–—•*()[]")) for line in examples), rule.name


def repeats(parsed: Iterable[tuple[object, Any]], inside: bool = False) -> Iterator[bool]:
    """Yield for each repetition without bound whether it stands inside another repetition."""
    for operation, argument in parsed:
        if operation in (sre_constants.MAX_REPEAT, sre_constants.MIN_REPEAT):
            _least, most, inner = argument
            if most == sre_constants.MAXREPEAT:
                yield inside
            yield from repeats(inner, inside or most > 1)
        elif operation is sre_constants.BRANCH:
            for branch in argument[1]:
                yield from repeats(branch, inside)
        elif operation is sre_constants.SUBPATTERN:
            yield from repeats(argument[-1], inside)
        elif operation in (sre_constants.ASSERT, sre_constants.ASSERT_NOT):
            yield from repeats(argument[1], inside)


@pytest.mark.parametrize(("name", "pattern"), PATTERNS, ids=[name for name, _ in PATTERNS])
def test_every_pattern_compiles_and_repeats_nothing_without_bound_inside_a_repetition(name: str, pattern: str) -> None:
    re.compile(pattern, re.IGNORECASE)
    assert not any(repeats(sre_parse.parse(pattern, re.IGNORECASE))), name


HOSTILE = ["a", " ", "a ", "Aa bb ", "1 + ", "five ", "#aa ", "> ", "aa > ", "share ", "facebook twitter ", "source: ", "sign up for ", "read more ", "© ", "by Aa Bb and ", "the views expressed ", ". ", "-", "(", "“a” ", "RIVER "]
MOST_SECONDS = 0.02
"""For one line of 400 code points; the slowest takes 2 ms here, a pattern that backtracks takes seconds."""


@pytest.mark.parametrize(("name", "pattern"), PATTERNS, ids=[name for name, _ in PATTERNS])
def test_no_line_makes_a_pattern_slow(name: str, pattern: str) -> None:
    compiled = re.compile(pattern, re.IGNORECASE)
    for unit in HOSTILE:
        for end in ("", "!", "=", " here"):
            line = (unit * LONGEST_CHARS)[:LONGEST_CHARS - len(end)] + end
            began = process_time()
            compiled.fullmatch(line)
            assert process_time() - began < MOST_SECONDS, (name, unit)


def vocabulary() -> frozenset[str]:
    """Return the words and phrases of all packs that stand for language, not for how a table is built."""
    found: set[str] = set()
    for code, part in PARTS:
        table = read(code, part)
        found |= {text.lower() for key, text in strings(table) if key not in ("pattern", "kind", "rule", "after") and not text.startswith("Q")}
        found |= {key.lower() for name in ("months", "verbs", "weekdays") for key in (table.get(name) if isinstance(table.get(name), dict) else ()) or ()}
    return frozenset(word for word in found if len(word) > 2 and word.isascii() and word.replace(" ", "").isalpha())


def names_of_the_code() -> frozenset[str]:
    """Return the words that name things in the code and its schemas: fields, values of closed sets, keys of tables."""
    found = {key for code, part in PARTS for key in keys(read(code, part))}
    for module in iter_modules(schemas.__path__):
        for value in vars(import_module(f"schemas.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, BaseModel):
                found |= set(value.model_fields)
            elif isinstance(value, type) and issubclass(value, Enum):
                found |= {str(member.value).lower() for member in value}
    return frozenset(found)


# What should move to the pack: function words that the reading of trees asks for.
NOT_YET = {"statements": frozenset({"that", "whether", "with", "about", "against", "for", "over", "than", "during", "after", "before", "under", "from", "into", "upon", "because"})}
# Words of the packs that name something else here: time zones, types in JSON-LD, parts of paths to the pages of authors,
# labels of trees, sorts of speakers, classes of elements, names of rules.
ELSEWHERE = frozenset({"head", "root", "reached", "organisation", "main", "related", "rte", "elections", "gmt", "utc", "article", "review", "contributor", "contributors", "people", "profile", "staff", "team", "menu", "advert", "newsletter", "clause"})
IN_TEXT = re.compile(r"words?\[|\.lower\(|\btext\b|\bfolded\b|lemma")


def candidates(tree: ast.Module) -> Iterator[str]:
    """Yield what a module may compare with a text: lists of words, alternatives of patterns, what words are compared with.

    A word alone may be a name of the code's own (a group of a pattern, a value of a closed set): it is none of these.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Set(elts=elements) | ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Dict(keys=elements):
                words = [each.value for each in elements if isinstance(each, ast.Constant) and isinstance(each.value, str)]
                if len(words) > 1:
                    yield from words
            case ast.Compare(left=left, comparators=[right]):
                for one, other in ((left, right), (right, left)):
                    if isinstance(one, ast.Constant) and isinstance(one.value, str) and IN_TEXT.search(ast.unparse(other)):
                        yield one.value
            case ast.Constant(value=str() as literal) if "|" in literal and " | " not in literal:
                yield from re.split(r"\(\?P<\w+>|[|()\[\]?:^$\\.+*{}<>,=]+", literal)
            case _:
                pass


@pytest.mark.parametrize("room", ROOMS)
def test_no_word_of_a_language_stands_in_the_code(room: str) -> None:
    words = vocabulary() - names_of_the_code() - ELSEWHERE - NOT_YET.get(room, frozenset())
    found = {
        (path.name, word)
        for path in (CORE / room).glob("*.py")
        for candidate in candidates(ast.parse(path.read_text(encoding="utf-8")))
        if (word := candidate.strip().lower()) in words
    }
    assert found == set(), "language belongs in a pack"


def test_the_scan_sees_words_where_they_hide() -> None:
    source = 'X = {"reuters", "tass"}\nY = r"(?:monday|spokesman)\\b"\nZ = tree.words[n] == "told"\n"""said|says"""\nW = "president"'
    assert {"reuters", "tass", "monday", "spokesman", "told"} <= set(candidates(ast.parse(source)))
    assert "president" not in set(candidates(ast.parse(source)))
