"""Matching: which rules a statement fulfils, and why.

Conditions only: whether it is new, fresh, attributed and live is asked by whoever raises alerts. 5,000 rules
cost little: each is looked up by its rarest condition, and only rules whose rarest condition holds are
looked at. The answers are those of looking at every rule (`tests/properties`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

from streams.core.alerting.conditions import Compiled, Held, compiled, phrases_in
from streams.core.alerting.facts import facts_of
from streams.core.alerting.phrases import Phrases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from schemas.alert import AlertReason
    from schemas.rule import Rule
    from schemas.statement_event import StatementEvent


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that a statement fulfils."""

    rule: Rule
    why: Callable[[], tuple[AlertReason, ...]]
    """Gives the reasons: most matches are repeats, whose reasons nobody asks for."""

    @property
    def reasons(self) -> tuple[AlertReason, ...]:
        """Return each condition with what matched."""
        return self.why()


@dataclass(frozen=True, slots=True)
class RuleIndex:
    """Rules, ready for statements. `by_key`: rules by what their rarest condition asks for."""

    rules: tuple[Compiled, ...]
    phrases: Phrases
    by_key: Mapping[str, tuple[int, ...]]
    always: tuple[int, ...]
    """Rules without any condition."""

    @classmethod
    def over(cls, rules: Iterable[Rule]) -> RuleIndex:
        """Return the index of the rules that are enabled, in order of their names."""
        kept = tuple(compiled(rule) for rule in sorted(rules, key=lambda rule: rule.name) if rule.enabled)
        by_key: dict[str, list[int]] = {}
        for number, each in enumerate(kept):
            if each.conditions:
                for key in min(each.conditions, key=lambda condition: condition.odds).keys:
                    by_key.setdefault(key, []).append(number)
        return cls(
            kept, Phrases.over(phrase for each in kept for phrase in phrases_in(each.rule)),
            {key: tuple(numbers) for key, numbers in by_key.items()},
            tuple(number for number, each in enumerate(kept) if not each.conditions))

    def matches(self, event: StatementEvent) -> tuple[Match, ...]:
        """Return the rules that a statement fulfils, in order of their names."""
        facts = facts_of(event, self.phrases)
        keys = frozenset(facts)
        candidates = set(self.always)
        for key in keys & self.by_key.keys():
            candidates.update(self.by_key[key])
        fulfilled = (self.rules[number] for number in sorted(candidates))
        return tuple(
            Match(each.rule, partial(each.reasons, event, facts))
            for each in fulfilled if each.holds(event, keys))


def explain(rule: Rule, event: StatementEvent) -> tuple[Held, ...]:
    """Return every condition of a rule, enabled or not, with what of a statement fulfils it."""
    one = compiled(rule)
    return tuple(one.looked_at(event, facts_of(event, Phrases.over(phrases_in(rule)))))


def in_force(rule: Rule, now: datetime) -> bool:
    """Return whether a rule raises alerts at a moment: enabled, and not expired."""
    return rule.enabled and (rule.expires is None or now < rule.expires)


def fresh_until(rule: Rule, event: StatementEvent, raw_time: datetime) -> datetime | None:
    """Return until when a statement is fresh for a rule, UTC; None: never.

    The last moment at which it can have been said (the end of the day `said_on.not_after`), not after the
    timestamp of its raw record (`raw_time`), and the rule's bound.
    """
    last = event.said_on.not_after
    if last is None:
        return None
    try:
        if last.timetz().replace(tzinfo=None) == time():
            last += timedelta(days=1)
        return min(last, raw_time) + timedelta(hours=rule.freshness_hours)
    except OverflowError:
        return datetime.max.replace(tzinfo=raw_time.tzinfo)
