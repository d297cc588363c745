"""rules: what 5,000 rules cost a statement, by the index and by looking at each; the answers must be equal.

    python -m streams.bench.rules [--rules 5000] [--statements 2000] [--seed 1] [--json]

Rules are drawn as desks have them: each on a few names, topics or bodies, most with an office, a country, a
speech act besides. Words and people of statements are common and rare as in news; rules ask for rarer ones.
One core. Exit code 1: an answer differs, or fewer than 1,000 statements a second.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Final

from schemas.found_statement import Named
from schemas.mention import MentionKind
from schemas.office import Office
from schemas.rule import GroupBy, Rule, SpeakerKind
from schemas.statement import SpeechAct, StatementMode
from schemas.statement_event import NoveltyKind
from streams.core.alerting.conditions import compiled, phrases_in
from streams.core.alerting.facts import facts_of
from streams.core.alerting.matching import RuleIndex
from streams.core.alerting.phrases import Phrases
from streams.core.alerting.rule_table import version_of
from streams.testing.statements import said

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.statement_event import StatementEvent

WANTED_PER_SECOND: Final = 1000
_SYLLABLES: Final = ("ka", "ro", "mi", "ten", "sol", "var", "du", "lin", "os", "pra", "bel", "gor", "ulm")
_COUNTRIES: Final = ("RU", "US", "SY", "NO", "FR", "DE", "CN", "IR", "TR", "GB", "UA", "IL")
_ENTITIES: Final = 400
_WORDS: Final = 3000
"""Words that statements have; rules ask for none of the commonest tenth."""
_PEOPLE: Final = 3000


def _word(number: int) -> str:
    """Return an invented word, the same for a number."""
    draw = Random(number)
    return "".join(draw.choice(_SYLLABLES) for _ in range(draw.randint(2, 4)))


def _person(number: int) -> str:
    draw = Random(-number - 1)
    return f"{_word(draw.randrange(500)).title()} {_word(draw.randrange(100_000)).title()}"


def _rank(draw: Random, most: int) -> int:
    """Return a number below `most`, small ones far more often: as words and names are in news."""
    return int(most * draw.random() ** 3)


def invented_rules(draw: Random, count: int) -> list[Rule]:
    """Return rules, each with one to four conditions."""
    return [_rule(draw, f"rule-{number:05}") for number in range(count)]


def _rule(draw: Random, name: str) -> Rule:
    fields = _drawn(draw, draw.choice(_RARE))
    for condition in draw.sample(_COMMON, draw.choice((0, 1, 1, 2))):
        fields |= _drawn(draw, condition)
    if draw.random() < 0.1:
        fields |= {"without_words": (_phrase(draw),), "min_confidence": draw.choice((0.5, 0.8))}
    fields |= {"official": draw.choice((True, True, None)), "severity": draw.choice(("info", "warning"))}
    fields |= {"group_by": tuple(draw.sample(list(GroupBy), draw.randint(0, 2)))}
    rule = Rule.model_validate({"name": name, "version": "-"} | fields)
    return rule.model_copy(update={"version": version_of(rule)})


_RARE: Final = ("words", "words", "words", "speaker", "speaker", "entities", "organisation")
_COMMON: Final = (
    "words", "entities", "country", "country", "office", "outlet", "wire", "speech_act", "mode", "kind",
    "language", "novelty",
)
_CLOSED: Final = {"office": Office, "speech_act": SpeechAct, "mode": StatementMode, "kind": SpeakerKind}


def _drawn(draw: Random, condition: str) -> dict[str, object]:
    """Return a condition's values."""
    if condition in _CLOSED:
        return {condition: tuple(draw.sample(list(_CLOSED[condition]), draw.randint(1, 2)))}
    few = range(draw.randint(1, 3))
    people = [_person(draw.randrange(_PEOPLE)) for _ in few]
    values: dict[str, object] = {
        "words": tuple(_phrase(draw) for _ in few),
        "speaker": tuple(each.split()[-1] if draw.random() < 0.3 else each for each in people),
        "entities": tuple(_entity(draw.randrange(_ENTITIES))[draw.randrange(2)] for _ in few),
        "organisation": (f"{_word(_rank(draw, 800)).title()} Ministry",),
        "country": tuple(draw.sample(_COUNTRIES, len(few))),
        "outlet": (f"{_word(_rank(draw, 300)).title()} Gazette",),
        "wire": (f"{_word(_rank(draw, 300)).title()} Gazette",),
        "novelty": tuple(draw.sample(list(NoveltyKind), 2)), "language": ("en",),
    }
    return {condition: values[condition]}


def _entity(number: int) -> tuple[str, str]:
    return f"{_word(number + 50_000).title()}land", f"Q{number + 1_000_000}"


def _phrase(draw: Random) -> str:
    words = [_word(draw.randrange(_WORDS // 10, _WORDS)) for _ in range(draw.choice((1, 1, 1, 2)))]
    return " ".join(words) + ("*" if draw.random() < 0.1 else "")


def invented_statements(draw: Random, count: int) -> list[StatementEvent]:
    """Return statements of twenty to fifty words, with headlines, names and roles."""
    return list(islice(_statements(draw), count))


def _statements(draw: Random) -> Iterator[StatementEvent]:
    number = 0
    while True:
        number += 1
        names = tuple(
            Named(text=name, key=qid, kind=MentionKind.GPE)
            for name, qid in (_entity(_rank(draw, _ENTITIES)) for _ in range(draw.choice((0, 0, 1, 2)))))
        words = [_word(_rank(draw, _WORDS)) for _ in range(draw.randint(20, 50))]
        body = f"{_word(_rank(draw, 800)).title()} Ministry"
        outlet = f"{_word(_rank(draw, 300)).title()} Gazette"
        yield said(
            " ".join(words), speaker=_person(_rank(draw, _PEOPLE)), office=draw.choice(list(Office)).value,
            organization=body, country=draw.choice(_COUNTRIES), outlet=outlet, names=names,
            headline=" ".join(words[:3] + [_word(_rank(draw, _WORDS)) for _ in range(5)]),
            wire=f"{_word(_rank(draw, 300)).title()} Gazette" if draw.random() < 0.5 else None,
            act=draw.choice(list(SpeechAct)).value, official=draw.random() < 0.7, article=str(number),
            mode=draw.choice(list(StatementMode)), confidence=round(draw.random(), 2),
            event_time=datetime(2018, 2, 14, tzinfo=UTC) + timedelta(minutes=number))


def by_looking_at_each(rules: Sequence[Rule], statement: StatementEvent) -> list[str]:
    """Return the names of the rules that a statement fulfils, one rule after the other."""
    found = []
    for rule in sorted(rules, key=lambda each: each.name):
        facts = frozenset(facts_of(statement, Phrases.over(phrases_in(rule))))
        if rule.enabled and compiled(rule).holds(statement, facts):
            found.append(rule.name)
    return found


def measured(rules: Sequence[Rule], statements: Sequence[StatementEvent], compare: int) -> dict[str, float]:
    """Return what matching costs, and how many of `compare` statements look different by each rule alone."""
    begun = time.perf_counter()
    index = RuleIndex.over(rules)
    made = time.perf_counter() - begun
    begun = time.process_time()
    found = [[match.rule.name for match in index.matches(statement)] for statement in statements]
    seconds = time.process_time() - begun
    begun = time.process_time()
    differing = sum(
        by_looking_at_each(rules, statement) != names
        for statement, names in zip(statements[:compare], found, strict=False))
    naive = (time.process_time() - begun) / max(1, compare)
    return {
        "rules": len(rules), "statements": len(statements), "index_seconds": round(made, 2),
        "statements_per_second": round(len(statements) / seconds),
        "each_per_second": round(1 / naive, 2) if naive else 0.0,
        "matches_a_statement": round(sum(map(len, found)) / len(found), 2), "differing": differing,
    }


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("python -m streams.bench.rules", description=__doc__.split("\n")[0])
    parser.add_argument("--rules", type=int, default=5000)
    parser.add_argument("--statements", type=int, default=2000)
    parser.add_argument("--compare", type=int, default=5, help="statements that are looked at by each rule")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    called = parser.parse_args()
    draw = Random(called.seed)
    found = measured(
        invented_rules(draw, called.rules), invented_statements(draw, called.statements), called.compare)
    lines = (f"{name:22} {value}" for name, value in found.items())
    print(json.dumps(found) if called.json else "\n".join(lines))
    return int(bool(found["differing"]) or found["statements_per_second"] < WANTED_PER_SECOND)


if __name__ == "__main__":
    sys.exit(main())
