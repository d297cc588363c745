"""pairing: which statement and which mention of a run is which of the other's.

Statements of one article event are paired by id; then, what is left, by the same content, by the same cue
and speaker, by the same cue: each in order. So a statement whose content was cut otherwise (its id is made
of it) shows as changed, not as one removed and one added. Mentions have no id: those with the same words and
kind are the same, in what number they come; another link is a change.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Final, NamedTuple

from streams.core.replay.facts import MentionFact, StatementFact


class StatementPair(NamedTuple):
    """A statement in both runs; None where a run has none. `fields`: those that differ, sorted."""

    old: StatementFact | None
    new: StatementFact | None
    fields: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Return same, added, removed or changed."""
        if self.old is None or self.new is None:
            return "added" if self.old is None else "removed"
        return "changed" if self.fields else "same"


_WAYS: Final[tuple[Callable[[StatementFact], Hashable], ...]] = (
    lambda each: each.statement_id,
    lambda each: each.content or None,
    lambda each: (each.cue, each.speaker) if each.cue else None,
    lambda each: each.cue or None,
)
"""What two statements must share to be paired, surest first; None pairs with nothing."""


def statements(old: Sequence[StatementFact], new: Sequence[StatementFact]) -> list[StatementPair]:
    """Return the pairs: those found in both first, then the removed, then the added."""
    pairs: list[StatementPair] = []
    before, after = list(old), list(new)
    for way in _WAYS:
        found = list(_by(way, before, after))
        pairs += [StatementPair(a, b, _differing(a.fields, b.fields)) for a, b in found]
        gone, come = {id(a) for a, _ in found}, {id(b) for _, b in found}
        before = [each for each in before if id(each) not in gone]
        after = [each for each in after if id(each) not in come]
    return [*pairs, *(StatementPair(a, None) for a in before), *(StatementPair(None, b) for b in after)]


def _by(
    way: Callable[[StatementFact], Hashable], old: Sequence[StatementFact], new: Sequence[StatementFact]
) -> Iterator[tuple[StatementFact, StatementFact]]:
    waiting: defaultdict[Hashable, deque[StatementFact]] = defaultdict(deque)
    for each in new:
        waiting[way(each)].append(each)
    for each in old:
        if (key := way(each)) is not None and waiting[key]:
            yield each, waiting[key].popleft()


def _differing(old: dict[str, str], new: dict[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))


class MentionChanges(NamedTuple):
    """How many mentions are the same, only in the new run, only in the old, in both with another link."""

    same: int
    added: int
    removed: int
    changed: int


def mentions(old: Sequence[MentionFact], new: Sequence[MentionFact]) -> MentionChanges:
    """Return how the mentions of two events of an article differ."""
    before, after = Counter(old), Counter(new)
    same = (before & after).total()
    gone = Counter(_unlinked(before - after))
    come = Counter(_unlinked(after - before))
    relinked = (gone & come).total()
    return MentionChanges(same, come.total() - relinked, gone.total() - relinked, relinked)


def _unlinked(found: Counter[MentionFact]) -> Iterator[tuple[str, str]]:
    return ((each.text, each.kind) for each in found.elements())
