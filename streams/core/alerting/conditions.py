"""Conditions: a rule as what it asks for: for each condition the keys of which one must be a fact.

A deputy counts for the office of spokespeople and central banks, whose deputies speak for the same body. Who
refuses to say something has said nothing: a rule is told of it only when it asks for speech acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.alert import AlertReason
from schemas.office import Office
from streams.core.alerting.facts import UNSAID
from streams.core.alerting.names import country_code, wanted
from streams.core.alerting.phrases import split_phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from schemas.rule import Rule
    from schemas.statement_event import StatementEvent
    from streams.core.alerting.facts import Facts

_TOLD_VALUES: Final = 5
_DEPUTIES_COUNT: Final = frozenset({Office.SPOKESPERSON, Office.CENTRAL_BANK})


class Condition(NamedTuple):
    """One condition. `text` as the rule has it; one of `keys` must be among the facts.

    `odds`: the share of statements that it holds of, roughly: what a rule is looked up by is what is rare.
    """

    text: str
    keys: frozenset[str]
    odds: float


class Held(NamedTuple):
    """A condition, and what of the statement fulfilled it; `matched` None: it does not hold."""

    condition: str
    matched: str | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule, ready to be compared with facts."""

    rule: Rule
    conditions: tuple[Condition, ...]
    unwanted: frozenset[str]

    def holds(self, event: StatementEvent, keys: frozenset[str]) -> bool:
        """Return whether every condition holds; `keys`: those of the statement's facts.

        Sets, as comparing two of them goes through the smaller one only.
        """
        for each in self.conditions:
            if each.keys.isdisjoint(keys):
                return False
        return (
            self.unwanted.isdisjoint(keys)
            and event.confidence >= self.rule.min_confidence
            and event.independent_origins >= self.rule.min_independent_origins
        )

    def looked_at(self, event: StatementEvent, facts: Facts) -> Iterator[Held]:
        """Yield every condition with what fulfils it."""
        for each in self.conditions:
            matched = [facts[key] for key in sorted(each.keys & facts.keys())]
            yield Held(each.text, ", ".join(dict.fromkeys(matched)) or None)
        yield from self._absent(facts)
        rule = self.rule
        if rule.min_confidence:
            holds = event.confidence >= rule.min_confidence
            yield Held(f"confidence ≥ {rule.min_confidence:g}", f"{event.confidence:g}" if holds else None)
        if rule.min_independent_origins > 1:
            count = event.independent_origins
            told = str(count) if count >= rule.min_independent_origins else None
            yield Held(f"independent origins ≥ {rule.min_independent_origins}", told)

    def _absent(self, facts: Facts) -> Iterator[Held]:
        if UNSAID in self.unwanted and UNSAID in facts:
            yield Held("no refusal to say something (speech_act = decline asks for those)", None)
        if self.rule.without_words:
            told = "none of them" if (self.unwanted - {UNSAID}).isdisjoint(facts) else None
            yield Held(f"without {listed(self.rule.without_words)}", told)

    def reasons(self, event: StatementEvent, facts: Facts) -> tuple[AlertReason, ...]:
        """Return each condition with what fulfilled it, of a rule that holds."""
        return tuple(
            AlertReason(condition=each.condition, matched=each.matched or "")
            for each in self.looked_at(event, facts))


def compiled(rule: Rule) -> Compiled:
    """Return a rule as what it asks for."""
    unwanted = {f"said {each}" for each in rule.without_words} | (set() if rule.speech_act else {UNSAID})
    return Compiled(rule, tuple(_conditions(rule)), frozenset(unwanted))


def phrases_in(rule: Rule) -> tuple[str, ...]:
    """Return the words and phrases that a rule looks for."""
    return (*rule.words, *rule.without_words)


def _conditions(rule: Rule) -> Iterator[Condition]:
    for name, values, keys_of, odds in (
        ("speaker", rule.speaker, wanted, 0.002),
        ("office", tuple(each.value for each in rule.office), _offices, 0.1),
        ("organisation", rule.organisation, wanted, 0.004),
        ("country", rule.country, _country, 0.04),
        ("kind", tuple(each.value for each in rule.kind), _itself, 0.5),
        ("speech_act", tuple(each.value for each in rule.speech_act), _itself, 0.3),
        ("mode", tuple(each.value for each in rule.mode), _itself, 0.4),
        ("language", rule.language, _itself, 0.9),
        ("outlet", rule.outlet, _outlet, 0.01),
        ("wire", rule.wire, wanted, 0.1),
    ):
        if values:
            yield _condition(name, values, keys_of, odds)
    yield from _topic(rule)
    if rule.official is not None:
        yield _condition("official", (str(rule.official).lower(),), _itself, 0.6)


def _condition(
    name: str, values: tuple[str, ...], keys_of: Callable[[str], Iterable[str]], odds: float
) -> Condition:
    keys = frozenset(f"{name} {key}" for value in values for key in keys_of(value))
    return Condition(f"{name} = {listed(values)}", keys, odds * len(values))


def _topic(rule: Rule) -> Iterator[Condition]:
    told = " or ".join(
        f"{name} = {listed(values)}" for name, values in (("words", rule.words), ("entities", rule.entities))
        if values)
    if told:
        keys = {f"word {each}" for each in rule.words if split_phrase(each)}
        keys |= {f"entity {key}" for each in rule.entities for key in wanted(each)}
        yield Condition(told, frozenset(keys), 0.008 * (len(rule.words) + len(rule.entities)))


def listed(values: tuple[str, ...], between: str = ", ") -> str:
    """Return values as text, the first few of many.

    >>> listed(("a", "b")), listed(tuple("abcdefg"))
    ('a, b', 'a, b, c, d, e and 2 more')
    """
    more = f" and {len(values) - _TOLD_VALUES} more" if len(values) > _TOLD_VALUES else ""
    return between.join(values[:_TOLD_VALUES]) + more


def _itself(value: str) -> tuple[str, ...]:
    return (value,)


def _offices(value: str) -> tuple[str, ...]:
    return (value, f"deputy {value}") if Office(value) in _DEPUTIES_COUNT else (value,)


def _country(value: str) -> tuple[str, ...]:
    code = country_code(value)
    return (code,) if code else ()


def _outlet(value: str) -> frozenset[str]:
    return wanted(value) | {value.casefold()}
