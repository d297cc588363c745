"""judge: how many statements a second of processor time one judge places, with one hot speaker among many.

Statements are made of words of a skewed vocabulary, with numbers, names and negations; a third of them are
said again, whole or shortened. Two ways are timed over the same statements: the step alone, on a table in
memory; and from bytes to bytes: decode, step, encode the table's changes and the events. The ratio is to the
same decoding and encoding without a step. The last fifth of the hot speaker's statements is timed for itself:
a day's load must not make him slow.
"""

from __future__ import annotations

import gc
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from time import process_time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from schemas.envelope import Envelope
from schemas.found_statement import ArticleRef, FoundStatement, Named
from schemas.ids import digest
from schemas.mention import MentionKind
from schemas.registry import type_name
from schemas.span import Span
from schemas.statement import Attribution, Hop, Official, SaidOn, Speaker, SpeechAct, StatementMode
from schemas.statements_state import JudgedStatement
from streams import topics
from streams.bus import codec
from streams.bus.codec import Limits
from streams.bus.emission import Parent, emit
from streams.bus.tables_state import State
from streams.bus.transport_thread import GC_THRESHOLDS
from streams.core.novelty.judge import Judging, judge
from streams.core.novelty.speakers import NoveltyOptions, Speakers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FLOOR_PER_SECOND: Final = 3_000
"""Of the step alone (issue 5)."""
HOT_FLOOR: Final = 0.5
"""Least speed at the hot speaker's end, as a share of the speed over all."""
DAY: Final = datetime(2024, 5, 6, tzinfo=UTC)
_LIMITS: Final = Limits(64, 100_000, 900_000)
_SYLLABLES: Final = ("ba", "de", "ki", "lor", "mun", "pas", "ril", "sto", "tan", "ver", "wol", "zen")
_NAMES: Final = ("Alvera", "Kesten", "Lindholm", "Marden", "Dorna", "Harbour Union", "North Wire")


@dataclass(frozen=True, slots=True)
class Figures:
    """Statements a second, each way. `ratio`: bytes to bytes, over the same without a step."""

    statements: int
    hot: int
    step_per_second: float
    hot_end_per_second: float
    whole_per_second: float
    ratio: float

    @property
    def holds(self) -> bool:
        """Return whether the floors are reached."""
        quick = self.step_per_second >= FLOOR_PER_SECOND
        return quick and self.hot_end_per_second >= HOT_FLOOR * FLOOR_PER_SECOND


def measure(statements: int, hot: int, seed: int = 1) -> Figures:
    """Return the figures for so many statements, `hot` of them of one speaker within a day."""
    made = list(said(Random(seed), statements, hot))
    before = gc.get_threshold()
    gc.set_threshold(*GC_THRESHOLDS)          # as in a worker
    try:
        step, end = _steps(made)
        plain, whole = _bytes(made, judged=False), _bytes(made, judged=True)
    finally:
        gc.set_threshold(*before)
    return Figures(statements, hot, statements / step, end, statements / whole, plain / whole)


def _steps(made: Sequence[FoundStatement]) -> tuple[float, float]:
    """Return the seconds of all steps, and the hot speaker's statements a second in his last fifth."""
    state = Judging({}, Speakers(NoveltyOptions()), 0)
    seconds: list[tuple[bool, float]] = []
    for number, found in enumerate(made):
        its = envelope(found, number)
        started = process_time()
        judge(found, its, state)
        seconds.append((found.placement == "hot", process_time() - started))
    hot = [spent for is_hot, spent in seconds if is_hot]
    last = hot[-len(hot) // 5 :]
    return sum(spent for _, spent in seconds), len(last) / sum(last)


def _bytes(made: Sequence[FoundStatement], *, judged: bool) -> float:
    """Return the seconds from bytes to bytes; without a step: decoded and encoded only."""
    state: State[JudgedStatement] = State({}, topics.JUDGED)
    speakers = Speakers(NoveltyOptions())
    bodies = [codec.encode(found) for found in made]
    started = process_time()
    for number, body in enumerate(bodies):
        found = codec.decode(body, FoundStatement, _LIMITS)
        assert isinstance(found, FoundStatement)  # noqa: S101  # what was encoded
        if not judged:
            codec.encode(found)
            continue
        its = envelope(found, number)
        outputs = judge(found, its, Judging(state, speakers, 0))
        emit(tuple(outputs), Parent(found, its, "statements", DAY))
        state.write(state.encode())
    return process_time() - started


def envelope(found: FoundStatement, number: int) -> Envelope:
    """Return the envelope of the `number`th statement."""
    return Envelope(
        id=str(number), type=type_name(FoundStatement), source="/communique/bench", time=found.event_time,
        origin=f"raw-0-{number}", origin_time=found.event_time)


def said(random: Random, count: int, hot: int) -> Iterator[FoundStatement]:
    """Yield statements in order of time; the hot speaker's are spread over all of them."""
    words = ["".join(random.choices(_SYLLABLES, k=random.randint(2, 4))) for _ in range(4_000)]
    weights = [1 / (rank + 5) for rank in range(len(words))]
    kept: dict[str, list[str]] = {}
    for number in range(count):
        who = "hot" if random.random() < hot / count else f"speaker {random.randint(0, count // 25)}"
        earlier = kept.setdefault(who, [])
        content = _again(random, earlier) or _content(random, words, weights)
        earlier.append(content)
        time = DAY + timedelta(days=1) * number / count
        yield _found(random, number, who, content, time)


def _again(random: Random, earlier: list[str]) -> str | None:
    if not earlier or random.random() > 0.33:
        return None
    words = random.choice(earlier[-200:]).split()
    shortened = random.random() < 0.3 and len(words) > 12
    return " ".join(words[: len(words) // 2] if shortened else words)


def _content(random: Random, words: list[str], weights: list[float]) -> str:
    made = random.choices(words, weights, k=random.randint(6, 30))
    if random.random() < 0.3:
        made.insert(random.randint(0, len(made)), str(random.randint(2, 5_000)))
    if random.random() < 0.2:
        made.insert(random.randint(0, len(made)), "not")
    return " ".join([*made, random.choice(_NAMES)])


def _found(random: Random, number: int, who: str, content: str, time: datetime) -> FoundStatement:
    named = next((name for name in _NAMES if content.endswith(name)), _NAMES[0])
    wire = Hop(hop=1, actor=random.choice(["North Wire", "South Wire", "West Wire"]), relation="reports")
    return FoundStatement(
        statement_id=digest("bench", str(number)), mode=StatementMode.INDIRECT, speech_act=SpeechAct.ASSERT,
        content=(Span(start=0, end=len(content), text=content),), cue=None,
        speaker=Speaker(name=who, kind="person"),
        chain=(Hop(hop=0, actor=who, relation="said"), wire), said_on=SaidOn(basis="none"), confidence=1,
        attribution=Attribution.EXPLICIT, placement=who,
        official=Official(is_official=True, evidence="bench"),
        article=ArticleRef(id=digest("article", str(number)), version="v"), language="en", event_time=time,
        lanes=("live",), names=(Named(text=named, key=named.lower(), kind=MentionKind.GPE),))


def page(figures: Figures) -> list[str]:
    """Return the figures as lines for a person."""
    hot = HOT_FLOOR * FLOOR_PER_SECOND
    return [
        f"statements            {figures.statements:>9,}  ({figures.hot:,} of one speaker in a day)",
        f"step alone            {figures.step_per_second:>9,.0f} a second   floor {FLOOR_PER_SECOND:,}",
        f"the hot speaker's end {figures.hot_end_per_second:>9,.0f} a second   floor {hot:,.0f}",
        f"bytes to bytes        {figures.whole_per_second:>9,.0f} a second",
        f"ratio                 {figures.ratio:>9.2f} of decoding and encoding alone",
    ]


def judging(
    *,
    statements: Annotated[int, typer.Option(min=1000, help="Statements, within a day.")] = 15_000,
    hot: Annotated[int, typer.Option(min=100, help="Of them said by one speaker.")] = 5_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
) -> None:
    """Measure how many statements one judge places in a second. Exit 1 below a floor.

    \b
    communique bench judge
    communique bench judge --statements 3000 --hot 1000 --json

    The step alone, the end of a speaker's long day, and from bytes to bytes. Needs no bus.
    """  # noqa: D301  # the letter \b, not the words: click keeps the lines below it
    figures = measure(statements, hot)
    print(json.dumps({**asdict(figures), "holds": figures.holds}) if as_json else "\n".join(page(figures)))
    raise typer.Exit(0 if figures.holds else 1)
