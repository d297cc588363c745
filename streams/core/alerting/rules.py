"""Rules: TOML → rules, checked whole: every mistake at once, with its line and the nearest name known.

    [[rule]]
    name = "kremlin-syria"
    office = "spokesperson"
    country = "Russia"
    words = ["Syria", "cease-fire"]

or `[rules.kremlin-syria]`. Of a condition's values one suffices; one value may stand without brackets.
Sizes are bounded before anything is parsed.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.rule import Rule
from streams.core.alerting.rule_table import MOST_NAME_CHARS, Wrong, rule_of
from streams.core.toml_lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_CHARS: Final = 4 * 1024 * 1024
"""Of one file: some ten thousand rules."""
MAX_RULES: Final = 20_000
MAX_MISTAKES: Final = 100
"""More are counted, not told."""
_MOST_DOTS: Final = 500
"""In one line: the parser's time grows with the square of a dotted key's parts."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Mistake(NamedTuple):
    """What is wrong. `line` None: it cannot be told; `rule` None: of no rule."""

    file: str
    line: int | None
    rule: str | None
    why: str

    def __str__(self) -> str:
        """Return it as editors read it: file:line: why."""
        rule = f"[{self.rule}] " if self.rule else ""
        return f"{self.file}{f':{self.line}' if self.line else ''}: {rule}{self.why}"


@dataclass(frozen=True, slots=True)
class Parsed:
    """The rules of one or several files, in order, and all that is wrong with them."""

    rules: tuple[Rule, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    places: tuple[tuple[str, int | None], ...] = ()
    """File and line of each rule."""


def parse(text: str, file: str = "rules.toml") -> Parsed:
    """Return the rules of a TOML text. Nothing is raised, whatever the text."""
    if wrong := _too_much(text):
        return Parsed(mistakes=(Mistake(file, None, None, wrong),))
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Parsed(mistakes=(_not_toml(file, text, str(error)),))
    except (RecursionError, ValueError):
        return Parsed(mistakes=(Mistake(file, None, None, "nested too deeply, or a number too long"),))
    return _Reader(file, Lines.of(text), []).read(content)


def together(parts: Iterable[Parsed]) -> Parsed:
    """Return several files as one; a name that stands twice is a mistake."""
    kept: list[Rule] = []
    mistakes: list[Mistake] = []
    places: dict[str, tuple[str, int | None]] = {}
    for part in parts:
        mistakes += part.mistakes
        for rule, (file, line) in zip(part.rules, part.places, strict=True):
            if rule.name in places:
                first = Mistake(*places[rule.name], None, "")
                where = f"{first.file}:{first.line}" if first.line else first.file
                why = f"there is a rule of this name already: {where}"
                mistakes.append(Mistake(file, line, rule.name, why))
            else:
                places[rule.name] = (file, line)
                kept.append(rule)
    if len(kept) > MAX_RULES:
        mistakes.append(Mistake(places[kept[0].name][0], None, None, f"more than {MAX_RULES} rules"))
        kept = []
    if len(mistakes) > MAX_MISTAKES:
        more = Mistake(mistakes[-1].file, None, None, f"and {len(mistakes) - MAX_MISTAKES} mistakes more")
        mistakes = [*mistakes[:MAX_MISTAKES], more]
    return Parsed(tuple(kept), tuple(mistakes), tuple(places[rule.name] for rule in kept))


def _too_much(text: str) -> str | None:
    if len(text) > MAX_CHARS:
        return f"longer than {MAX_CHARS} characters: split it into several files"
    if any(line.count(".") > _MOST_DOTS for line in text.split("\n")):
        return f"a line with more than {_MOST_DOTS} full stops: break it"
    return None


def _not_toml(file: str, text: str, told: str) -> Mistake:
    """Return the parser's complaint, its line in front: the last with words when the end is wrong."""
    found = re.search(r"\(at line (\d+), column \d+\)", told)
    line = int(found[1]) if found else text.rstrip().count("\n") + 1
    return Mistake(file, line, None, f"not TOML: {told.partition(' (at ')[0][:200]}")


@dataclass(slots=True)
class _Reader:
    file: str
    lines: Lines
    mistakes: list[Mistake]

    def read(self, content: Mapping[str, object]) -> Parsed:
        """Return what the whole file says."""
        for name in content:
            if name not in ("rule", "rules"):
                why = f"{_short(name)} is nothing known here: write [[rule]] or [rules.NAME]"
                self.mistakes.append(Mistake(self.file, self.lines.at(name), None, why))
        found = [
            (rule, line)
            for name, title, number, table in self._tables(content)
            for line in [self.lines.at(title, None, number)]
            if (rule := self._rule(name, title, number, table)) is not None
        ]
        return together([Parsed(
            tuple(rule for rule, _ in found), tuple(self.mistakes),
            tuple((self.file, line) for _, line in found))])

    def _tables(
        self, content: Mapping[str, object]
    ) -> Iterator[tuple[object, str, int, Mapping[str, object]]]:
        """Yield (name, title, place in the list, table) of each rule."""
        listed, named = content.get("rule", []), content.get("rules", {})
        for number, table in enumerate(listed if isinstance(listed, list) else [listed]):
            if isinstance(table, dict):
                yield table.get("name"), "rule", number, table
            else:
                self._wrong("rule", number, None, Wrong(None, "write [[rule]], its conditions below"))
        for name, table in named.items() if isinstance(named, dict) else ():
            if isinstance(table, dict):
                yield name, f"rules.{name}", 0, {"name": name, **table}
            else:
                why = "write [rules.NAME], its conditions below"
                self._wrong(f"rules.{name}", 0, None, Wrong(None, why))
        if not isinstance(named, dict):
            self._wrong("rules", 0, None, Wrong(None, "write [rules.NAME], or [[rule]] with a name"))

    def _rule(self, name: object, title: str, number: int, table: Mapping[str, object]) -> Rule | None:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > MOST_NAME_CHARS:
            why = f"needs a name of A-Z, a-z, 0-9, - and _, at most {MOST_NAME_CHARS}, no blank"
            self._wrong(title, number, None, Wrong("name", why))
            return None
        rule, wrong = rule_of(name, table)
        for each in wrong:
            self._wrong(title, number, name, each)
        return rule

    def _wrong(self, title: str, number: int, rule: str | None, wrong: Wrong) -> None:
        inner, _, key = (wrong.key or "").rpartition(".")
        line = self.lines.at(f"{title}.{inner}" if inner else title, key or None, number)
        self.mistakes.append(Mistake(self.file, line, rule, wrong.why))


def _short(name: str) -> str:
    return name if len(name) <= MOST_NAME_CHARS else f"{name[:MOST_NAME_CHARS]}…"
