"""diff: how two runs over the same raw records differ: articles, what they name and say, their ends.

A run is what stands at the end for each raw record (`Outcome`): an enriched event, a refusal or a dead
letter. `Diff.take` gets both runs' outcome of one raw record at a time, in any order, keeps counts and a few
samples, and forgets the rest: 100,000 articles take the memory of ten. For clusters see `partition`.

The samples are those whose origin has the least hash: the same ones each time, from all over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import heappush, heappushpop
from typing import Final, NamedTuple

from streams.core.replay import pairing
from streams.core.replay.facts import ArticleFacts

KINDS: Final = ("same", "added", "removed", "changed")
MOST_SHARES: Final = 10_000
"""Outlets, and days, that are counted by name; the rest of them together as `OTHERS`."""
OTHERS: Final = "(others)"
_ALL_ZERO: Final = bytes(16)


class Outcome(NamedTuple):
    """What became of a raw record in one run: facts of its enriched event, or why it has none.

    `refusal` is a reason; `dead` the codes of its dead letters with their topics, sorted.
    """

    facts: ArticleFacts | None = None
    refusal: str | None = None
    dead: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Tell whether it came to an end at all."""
        return bool(self.facts or self.refusal or self.dead)


class Difference(NamedTuple):
    """How one raw record's outcomes differ. `fields`: of the article, sorted; empty unless it is changed."""

    origin: str
    kind: str
    """Of the article: same, added, removed, changed; "" when neither run has one."""
    fields: tuple[str, ...]
    statements: tuple[pairing.StatementPair, ...]
    """Those that are not the same."""
    refusal: tuple[str | None, str | None]
    dead: tuple[tuple[str, ...], tuple[str, ...]]
    old: ArticleFacts | None
    new: ArticleFacts | None
    lost: bool

    @property
    def nothing(self) -> bool:
        """Tell whether both runs came to the same."""
        same_end = self.refusal[0] == self.refusal[1] and self.dead[0] == self.dead[1]
        return self.kind in {"", "same"} and not self.statements and same_end and not self.lost

    @property
    def article_id(self) -> str:
        """Return the article, as the new run has it if it does; "" when neither has one."""
        facts = self.new or self.old
        return facts.article_id if facts else ""


@dataclass(slots=True)
class Share:
    """Of how many articles how many are not the same, statements removed and added."""

    articles: int = 0
    differing: int = 0
    before: int = 0
    """Statements in the old run."""
    after: int = 0


@dataclass(slots=True)
class Diff:
    """The differences counted. `wanted`: how many samples are kept of each kind of difference."""

    wanted: int = 5
    articles: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    statements: Counter[str] = field(default_factory=Counter)
    statement_fields: Counter[str] = field(default_factory=Counter)
    mentions: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    dead_letters: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    by_outlet: dict[str, Share] = field(default_factory=dict)
    by_day: dict[str, Share] = field(default_factory=dict)
    _kept: dict[str, list[tuple[bytes, str, Difference]]] = field(default_factory=dict)
    _sum: bytes = _ALL_ZERO

    def take(self, origin: str, old: Outcome, new: Outcome) -> Difference:
        """Count one raw record's outcomes in both runs; return how they differ."""
        told, said = difference(origin, old, new)
        self._count(told, said)
        self.dead_letters.update(_sets(*told.dead))
        if told.kind:
            self._share(told, said)
        if not told.nothing:
            self._remember(told)
        return told

    def _count(self, told: Difference, said: list[pairing.StatementPair]) -> None:
        self.articles.update([told.kind] if told.kind else [])
        self.fields.update(told.fields)
        self.statements.update(pair.kind for pair in said)
        self.statement_fields.update(name for pair in said for name in pair.fields)
        named = pairing.mentions(*(facts.mentions if facts else [] for facts in (told.old, told.new)))
        self.mentions.update(named._asdict())
        self.lost += told.lost
        if told.refusal != (None, None):
            self.refusals[_kind(*told.refusal)] += 1
            self.reasons[" → ".join(each or "no refusal" for each in told.refusal)] += 1

    def _share(self, told: Difference, said: list[pairing.StatementPair]) -> None:
        facts = told.new or told.old
        if facts is None:
            return
        for name, shares in ((facts.outlet, self.by_outlet), (facts.day, self.by_day)):
            known = name in shares or len(shares) < MOST_SHARES
            share = shares.setdefault(name if known else OTHERS, Share())
            share.articles += 1
            share.differing += told.kind != "same"
            share.before += sum(pair.old is not None for pair in said)
            share.after += sum(pair.new is not None for pair in said)

    def _remember(self, told: Difference) -> None:
        mark = blake2b(repr(_named(told)).encode(), digest_size=16).digest()
        self._sum = bytes(a ^ b for a, b in zip(self._sum, mark, strict=True))
        place = bytes(255 - byte for byte in blake2b(told.origin.encode(), digest_size=8).digest())
        for kind in kinds(told):
            kept = self._kept.setdefault(kind, [])
            (heappush if len(kept) < self.wanted else heappushpop)(kept, (place, told.origin, told))

    @property
    def digest(self) -> str:
        """Return a hash of all differences: the same ones, in whatever order, give the same hash."""
        return self._sum.hex()

    @property
    def samples(self) -> dict[str, list[Difference]]:
        """Return samples by kind of difference, each at most `wanted`, by origin."""
        return {
            kind: [told for _, _, told in sorted(kept, key=lambda each: each[1])]
            for kind, kept in sorted(self._kept.items())
        }


def difference(origin: str, old: Outcome, new: Outcome) -> tuple[Difference, list[pairing.StatementPair]]:
    """Return how two outcomes differ, and all pairs of their statements, the same ones too."""
    said = pairing.statements(*(each.facts.statements if each.facts else [] for each in (old, new)))
    fields = _differing(old.facts, new.facts) if old.facts and new.facts else ()
    kind = _kind(old.facts, new.facts) if old.facts or new.facts else ""
    told = Difference(
        origin, "same" if kind == "changed" and not fields else kind, fields,
        tuple(pair for pair in said if pair.kind != "same"), (old.refusal, new.refusal), (old.dead, new.dead),
        old.facts, new.facts, old.ended and not new.ended,
    )
    return told, said


def _kind(old: object, new: object) -> str:
    if old is None or new is None:
        return "added" if old is None else "removed"
    return "same" if old == new else "changed"


def _differing(old: ArticleFacts, new: ArticleFacts) -> tuple[str, ...]:
    names = old.fields.keys() | new.fields.keys()
    return tuple(sorted(name for name in names if old.fields.get(name) != new.fields.get(name)))


def _sets(old: tuple[str, ...], new: tuple[str, ...]) -> Counter[str]:
    before, after = Counter(old), Counter(new)
    same, added, removed = before & after, after - before, before - after
    return Counter(same=same.total(), added=added.total(), removed=removed.total())


def kinds(told: Difference) -> Iterator[str]:
    """Yield the kinds of difference that a raw record is a sample of."""
    if told.kind not in {"", "same"}:
        yield f"article {told.kind}"
    yield from sorted({f"statement {pair.kind}" for pair in told.statements})
    if told.refusal[0] != told.refusal[1]:
        yield "refusal"
    if told.dead[0] != told.dead[1]:
        yield "dead letter"
    if told.lost:
        yield "lost"


def _named(told: Difference) -> tuple[object, ...]:
    old, new = (facts.fields if facts else None for facts in (told.old, told.new))
    ends = [(name, (old or {}).get(name), (new or {}).get(name)) for name in told.fields]
    said = [(pair.old, pair.new) for pair in told.statements]
    return (told.origin, told.kind, ends, said, told.refusal, told.dead, told.lost)
