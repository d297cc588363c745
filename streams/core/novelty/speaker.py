"""speaker: the propositions of one speaker, as a function of his statements alone. Star clustering by time.

In order of event time, then id, each statement joins the earliest proposition whose first statement says the
same, else it begins one itself. A chain of small changes does not carry one proposition into another, and it
does not matter in which order the statements came. Renditions of one utterance in one article go where the
best of them goes. What is new is told by the earlier statements that are alike (`novel`), who else reports it
by those of the proposition (`origins`). A change settles again only what depends on it.

Source: Aslam, Pelekhov, Rus 2004, "The Star Clustering Algorithm", as in `streams.core.dedup.forest`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.statement_event import NoveltyKind, StatementState
from streams.core.buckets import discard
from streams.core.novelty.gist import Gist
from streams.core.novelty.likeness import Likeness, Relation
from streams.core.novelty.novel import Novel, novel
from streams.core.novelty.origins import Tally, Way, count
from streams.core.novelty.wordings import Wordings

KEPT_TALLY = 16
"""From so many statements on the origins of a proposition are counted on, not anew."""


class Node(NamedTuple):
    """A statement as far as its place depends on it. `best`: the rendition it goes with, None for itself.

    `instead_of`: what its article said before.
    """

    name: str
    time: datetime
    best: str | None
    gist: Gist
    way: Way
    live: bool
    withdrawn: bool
    recurring: bool
    lanes: tuple[str, ...]
    instead_of: tuple[str, ...] = ()


class Verdict(NamedTuple):
    """What is known of a statement: the first of its proposition, its novelty, who else reports it.

    `corrects`: the first of the proposition that its article reported before, and now otherwise.
    """

    root: str
    first_seen: datetime
    novel: Novel
    origins: int
    state: StatementState
    corrects: str | None = None


@dataclass(slots=True)
class Speaker:
    """One speaker's statements. Heads are those that are no other's rendition: they have a `root`."""

    window: timedelta
    most_origins: int
    wordings: Wordings = field(default_factory=Wordings)
    nodes: dict[str, Node] = field(default_factory=dict)
    renditions: dict[str, set[str]] = field(default_factory=dict)
    articles: dict[str, set[str]] = field(default_factory=dict)
    root: dict[str, str] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    novels: dict[str, Novel] = field(default_factory=dict)
    origins: dict[str, int] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    correcting: dict[str, set[str]] = field(default_factory=dict)
    """By article: its statements that stand instead of others."""
    stale: set[str] = field(default_factory=set)
    """Roots whose origins are to be counted again."""
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    def put(self, *nodes: Node) -> list[str]:
        """Take in statements; return, by id, the others of which something else is known now."""
        touched: set[str] = set()
        moved: set[str] = set()
        for node in nodes:
            moved |= self._move(node, touched)
        self._settle({name for name in moved if name in self.wordings.of}, touched)
        return self._judged(touched | moved)

    def verdict(self, name: str) -> Verdict:
        """Return what is known of a statement. KeyError: it is not here."""
        return self.verdicts[name]

    def head(self, name: str) -> str:
        """Return the best rendition of a statement that is here: the one that is placed."""
        seen = [name]
        while (best := self.nodes[seen[-1]].best) is not None and best in self.nodes:
            if best in seen:
                return min(seen[seen.index(best) :])
            seen.append(best)
        return seen[-1]

    def proposition(self, name: str) -> list[str]:
        """Return every statement of a statement's proposition, the first of it last."""
        root = self.root[self.head(name)]
        listed = set(self._with_renditions(self.members[root])) - {root}
        return [*sorted(listed), root]

    def forget(self, names: Iterable[str]) -> None:
        """Forget a whole proposition, as `proposition` gives it; nothing else is placed by it any more."""
        for name in names:
            node = self.nodes.pop(name)
            self.wordings.drop(name)
            discard(self.articles, node.way.article_id, name)
            discard(self.correcting, node.way.article_id, name)
            if node.best is not None:
                discard(self.renditions, node.best, name)
            for table in (self.root, self.members, self.novels, self.origins, self.tallies, self.verdicts):
                table.pop(name, None)

    def _move(self, node: Node, touched: set[str]) -> set[str]:
        """Put a node where it belongs; return who is to be settled. `touched`: who may be known otherwise."""
        old = self.nodes.get(node.name)
        around = set(self._with_renditions([node.name]))
        later = set(self._later(around))
        self._recount(around)
        self.nodes[node.name] = node
        self.articles.setdefault(node.way.article_id, set()).add(node.name)
        if node.instead_of:
            self.correcting.setdefault(node.way.article_id, set()).add(node.name)
        else:
            discard(self.correcting, node.way.article_id, node.name)
        if old is not None and old.best is not None:
            discard(self.renditions, old.best, node.name)
        if node.best is not None:
            self.renditions.setdefault(node.best, set()).add(node.name)
        gone = {name for name in around if self._reword(name)}
        later |= set(self._later(around))
        touched |= around | later | self.articles[node.way.article_id]
        for name in gone:
            self._unplace(name, touched)
        for name in later | around:
            self.novels.pop(name, None)
        self._recount(around)
        return later | around

    def _recount(self, names: Iterable[str]) -> None:
        """Have the origins counted again where these are."""
        heads = (self.head(name) for name in names if name in self.nodes)
        self.stale |= {self.root[head] for head in heads if head in self.root}

    def _reword(self, name: str) -> bool:
        """Keep heads among the wordings, others out; return whether this was placed and is no head now."""
        wording, gist = self.wordings.of.get(name), self.nodes[name].gist
        head = self.head(name) == name
        if wording is not None and (not head or wording.gist != gist):
            self.wordings.drop(name)
        if head and name not in self.wordings.of:
            self.wordings.add(name, gist)
        return not head and name in self.root

    def _unplace(self, name: str, touched: set[str]) -> None:
        root = self.root.pop(name)
        touched |= {root, *self.members[root]}
        self.stale.add(root)
        discard(self.members, root, name)

    def _order(self, name: str) -> tuple[datetime, str]:
        return self.nodes[name].time, name

    def near(self, name: str) -> Iterator[tuple[str, Likeness]]:
        """Yield the heads that are alike and within the window, and how."""
        time = self.nodes[name].time
        for other, found in self.wordings.alike(name):
            if abs(self.nodes[other].time - time) <= self.window:
                yield other, found

    def _later(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the heads whose place or novelty depends on these: alike, and later."""
        for name in names:
            if name in self.wordings.of:
                order = self._order(name)
                yield from (other for other, _ in self.near(name) if self._order(other) > order)

    def _settle(self, heads: set[str], touched: set[str]) -> None:
        """Place heads in order, and who depends on one that now begins a proposition, or no longer does."""
        waiting = [self._order(name) for name in heads]
        heapq.heapify(waiting)
        done = None
        while waiting:
            entry = heapq.heappop(waiting)
            if entry == done:
                continue
            done, name = entry, entry[1]
            before, now = self.root.get(name), self._placed(name)
            self._place(name, before, now, touched)
            if (before == name) != (now == name):
                for other, found in self.near(name):
                    if found.relation is Relation.SAME and self._order(other) > entry:
                        heapq.heappush(waiting, self._order(other))

    def _placed(self, name: str) -> str:
        order, time = self._order(name), self.nodes[name].time
        earlier = (self._order(other) for other in self.wordings.roots(name))
        return min(
            (each for each in earlier if each < order and time - each[0] <= self.window), default=order
        )[1]

    def _place(self, name: str, before: str | None, now: str, touched: set[str]) -> None:
        roots = self.wordings.of[name].roots
        (roots.add if now == name else roots.discard)(name)
        if before == now:
            return
        if before is not None:
            discard(self.members, before, name)
            self.stale.add(before)
        self.root[name] = now
        self.novels.pop(name, None)
        self.members.setdefault(now, set()).add(name)
        self.stale.add(now)
        touched.add(name)

    def _judged(self, touched: set[str]) -> list[str]:
        """Work out what is known of these, and of all whose origins changed; return of whom it changed."""
        here = [self.nodes[name] for name in touched if name in self.nodes]
        names = {name for node in here for name in self.correcting.get(node.way.article_id, ())}
        heads = {self.head(name) for name in names | {node.name for node in here}}
        for root in self.stale:
            found = self._origins(root) if root in self.members else None
            if found is not None and self.origins.get(root) != found:
                self.origins[root] = found
                heads |= self.members[root]
        self.stale.clear()
        changed = []
        for name in sorted(self._with_renditions(heads)):
            known, now = self.verdicts.get(name), self._verdict(name)
            self.verdicts[name] = now
            if known is not None and known != now:
                changed.append(name)
        return changed

    def _with_renditions(self, heads: Iterable[str]) -> Iterator[str]:
        waiting, seen = list(heads), set(heads)
        while waiting:
            name = waiting.pop()
            yield name
            for other in self.renditions.get(name, ()):
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)

    def _origins(self, root: str) -> int:
        nodes = [self.nodes[name] for name in self._with_renditions(self.members[root])]
        ways = {node.name: node.way for node in nodes if not node.withdrawn}
        if len(ways) < KEPT_TALLY:
            return count(ways.values(), self.most_origins)
        tally = self.tallies[root] = self.tallies.get(root, Tally()).grown(ways)
        return min(self.most_origins, tally.groups.number)

    def _verdict(self, name: str) -> Verdict:
        head = self.head(name)
        root = self.root[head]
        if head not in self.novels:
            self.novels[head] = self._novel(head, root)
        found = self.novels[head]
        if self.nodes[name].recurring:
            found = found.never_new()
        return Verdict(
            root, self.nodes[root].time, found, self.origins[root], self._state(name, root),
            self._corrects(name, head))

    def _novel(self, head: str, root: str) -> Novel:
        first = self.wordings.relation(head, root) if root != head else None
        if first is not None and self.nodes[root].live:
            return Novel(NoveltyKind.REPEAT, NoveltyKind.REPEAT, root, first.similarity)
        return novel(self.nodes[head], root, self.near(head), self.nodes)

    def _corrects(self, name: str, head: str) -> str | None:
        """Return the first of the proposition that a statement's article said before, and now otherwise."""
        before = {self.head(each) for each in self.nodes[name].instead_of if each in self.nodes}
        changed = [
            self._order(each) for each in before
            if (found := self.wordings.relation(head, each)) and found.relation is not Relation.SAME]
        return self.root[max(changed)[1]] if changed else None

    def _state(self, name: str, root: str) -> StatementState:
        node = self.nodes[name]
        if not node.withdrawn:
            return StatementState.CORROBORATED if self.origins[root] > 1 else StatementState.REPORTED
        head = self.head(name)
        instead = (other for other in self.articles[node.way.article_id] if not self.nodes[other].withdrawn)
        others = {self.head(each) for each in instead}
        said = head in others or any(self.wordings.relation(head, other) for other in others)
        return StatementState.CORRECTED if said else StatementState.WITHDRAWN
