"""offices: how fast names are looked up, how much an import takes, and how often a role's check is right.

The import runs in a process of its own, so that its memory is its own. Roles: sentences made from tenures of
the file by templates, each asked on a day inside the tenure, on a day before the person held any office, with
an office that another held, and as a garden path to it. What is right is read from the file's rows, not from
the compiled registry.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from rigour.territories import get_territory

from schemas.mention import MentionKind, RoleCheck
from streams.core.offices.decide import decided
from streams.core.offices.names import normal
from streams.core.tagging.mentions import Found
from streams.core.tagging.roles import roles_in
from streams.offices import sources, store
from streams.offices.found import Bad

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streams.core.offices.registry import Registry
    from streams.core.offices.rows import Row

FILE: Final = "registry/officeholders.jsonl.gz"
_MOST_US, _MOST_SECONDS, _MOST_MB, _LEAST_RIGHT = 50.0, 30.0, 300, 0.95
_TEMPLATES: Final = (
    "{title} of {country} {name} said the talks would go on.",
    "{name}, the {title} of {country}, said the talks would go on.",
    "In the capital, {country}'s {title}, {name}, told reporters that he would stay.",
    "“We will go on,” {name}, who is the {title} of {country}, said on Monday.",
    "The ministry was told by {country}'s {title} {name} that nothing was decided.",
)

_GARDEN: Final = (
    "The press secretary of {country}'s {title} {name} said the talks would go on.",
    "The Press Secretary of the {title} of {country} {name} said the talks would go on.",
)
"""Read by the parse, whoever is named is the press secretary: the registry knows of no such office of his."""

_SINGLE: Final = (
    "prime minister", "minister of foreign affairs", "minister of finance", "minister of defence",
    "governor of the central bank",
)  # fmt: skip
"""Titles that nobody has beside the holder."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement with its bound; `bound` None: shown only."""

    name: str
    value: float
    bound: float | None = None
    least: bool = False

    @property
    def holds(self) -> bool:
        """Say whether the value is within its bound."""
        return self.bound is None or (self.value >= self.bound if self.least else self.value <= self.bound)


class Case(NamedTuple):
    """A sentence, where the name stands in it, the day, and what must be found."""

    kind: str
    text: str
    at: int
    name: str
    on: date
    right: RoleCheck


def measure(file: Path, folder: Path, sentences: int, seed: int = 1) -> list[Figure]:
    """Import a file into a folder and measure everything."""
    imported = _import(file, folder)
    started = time.perf_counter()
    registry = store.load(folder)
    loaded = time.perf_counter() - started
    rows = [row for row in sources.read(file, "jsonl") if not isinstance(row, Bad)]
    found = [*imported, Figure("load, seconds", round(loaded, 4), 2), *_look_up(registry, rows, seed)]
    return found + checks(registry, rows, sentences, seed)


def _import(file: Path, folder: Path) -> list[Figure]:
    command = [sys.executable, "-m", "streams.bench.offices", str(file), str(folder)]
    started = time.perf_counter()
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    seconds = time.perf_counter() - started
    return [
        Figure("people", float(told[0])), Figure("import, seconds", round(seconds, 1), _MOST_SECONDS),
        Figure("import, MB RSS", float(told[1]), _MOST_MB),
        Figure("compiled, MB", round((folder / "registry.bin").stat().st_size / 1e6, 1)),
    ]  # fmt: skip


def _look_up(registry: Registry, rows: Sequence[Row], seed: int) -> list[Figure]:
    names = [row.name for row in Random(seed).sample(rows, min(20_000, len(rows)))]
    names += [f"{name[:2]}zq {name[2:]}" for name in names[:2_000]]
    for name in names[:100]:
        registry.people(name)
    started = time.perf_counter()
    for name in names:
        registry.people(name)
    mean = (time.perf_counter() - started) / len(names) * 1e6
    return [Figure("look-up of a name, µs", round(mean, 1), _MOST_US)]


def checks(registry: Registry, rows: Sequence[Row], sentences: int, seed: int = 1) -> list[Figure]:
    """Return how often checks are right, by kind; and the share of `consistent` that is wrong."""
    right: dict[str, list[bool]] = defaultdict(list)
    wrongly = claimed = 0
    for case in cases(rows, sentences, seed):
        found = answer(case, registry)
        right[case.kind].append(found is case.right)
        claimed += found is RoleCheck.CONSISTENT
        wrongly += found is RoleCheck.CONSISTENT and case.right is not RoleCheck.CONSISTENT
    every = [each for kind in right.values() for each in kind]
    shares = [Figure(f"right, {kind}", round(sum(own) / len(own), 4)) for kind, own in right.items()]
    return [
        Figure("sentences", len(every)), *shares,
        Figure("right, all", round(sum(every) / max(1, len(every)), 4), _LEAST_RIGHT, least=True),
        Figure("consistent that is right", round(1 - wrongly / max(1, claimed), 4), 0.98, least=True),
    ]  # fmt: skip


def answer(case: Case, registry: Registry) -> RoleCheck | None:
    """Return what the product says of a case; None when it finds no role."""
    mention = Found(case.at, case.at + len(case.name), MentionKind.PERSON)
    readings = [role for role in roles_in(case.text, [mention]) if role.person == case.at]
    found = decided(readings, registry.people(case.name), registry, case.on, case.name)
    return found.role.check if found else None


def cases(rows: Sequence[Row], sentences: int, seed: int) -> list[Case]:
    """Return sentences made from tenures of well-known kinds of office with exact days."""
    random = Random(seed)
    held: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        held[normal(row.name)].append(row)
    wanted = [row for row in rows if _is_used(row)]
    peers: dict[str | None, list[Row]] = defaultdict(list)
    for row in wanted:
        peers[row.country].append(row)
    found: list[Case] = []
    for row in random.sample(wanted, min(sentences // 3, len(wanted))):
        own = [each for each in held[normal(row.name)] if each.country == row.country]
        found += _own(row, own, random)
        other = random.choice(peers[row.country])
        titles = {each.title.lower() for each in held[normal(other.name)]}
        if other.qid != row.qid and row.title.lower() not in titles:
            found += _others(row, other.name, random)
    return found


_KINDS: Final = (
    "president", "prime minister", "minister of foreign affairs", "minister of finance",
    "minister of defence", "minister of health", "minister of justice", "minister of the interior",
    "governor of the central bank",
    "government spokesperson", "presidential spokesperson", "foreign ministry spokesperson",
    "minister of education", "minister for foreign affairs", "federal chancellor",
)  # fmt: skip


def _is_used(row: Row) -> bool:
    return bool(
        row.title.lower() in _KINDS and row.country and row.start and row.end
        and row.start.first == row.start.last and row.end.first == row.end.last
        and (row.end.first - row.start.first).days > 60 and row.name.isascii() and " " in row.name
    )  # fmt: skip


def _others(row: Row, name: str, random: Random) -> Iterable[Case]:
    """Yield the office of somebody else, and a garden path to it."""
    inside = _middle(row)
    if row.title.lower() in _SINGLE:
        yield _case("of another", row, name, inside, RoleCheck.CONTRADICTED, random)
    yield _case("garden path", row, name, inside, RoleCheck.UNKNOWN, random, _GARDEN)


def _middle(row: Row) -> date:
    assert row.start  # noqa: S101  # _is_used
    assert row.end  # noqa: S101
    return row.start.first + (row.end.first - row.start.first) / 2


def _own(row: Row, others: Sequence[Row], random: Random) -> Iterable[Case]:
    """Yield the tenure on a day inside it, and on a day before the person held any office."""
    assert row.start  # noqa: S101  # _is_used
    yield _case("inside", row, row.name, _middle(row), RoleCheck.CONSISTENT, random)
    outside = row.start.first - timedelta(days=random.randint(200, 2_000))
    if all(each.start and outside < each.start.first for each in others):
        yield _case("before", row, row.name, outside, RoleCheck.CONTRADICTED, random)


def _case(
    kind: str, row: Row, name: str, on: date, right: RoleCheck, random: Random,
    templates: Sequence[str] = _TEMPLATES,
) -> Case:  # fmt: skip
    territory = get_territory((row.country or "").lower())
    title = row.title if random.random() < 0.5 else row.title.lower()
    country = territory.in_sentence if territory else ""
    text = random.choice(templates).format(title=title, country=country, name=name)
    text = text[0].upper() + text[1:]
    return Case(kind, text, text.index(name), name, on, right)


def _imported(file: Path, folder: Path) -> None:
    store.keep(folder, file, "jsonl", date(2026, 1, 1))
    people = len(store.compile_all(folder, lambda: None))
    print(people, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


if __name__ == "__main__":
    _imported(Path(sys.argv[1]), Path(sys.argv[2]))
