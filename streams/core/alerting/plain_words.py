"""plain_words: a rule as a person would say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.alerting.conditions import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.quiet_hours import QuietHours
    from schemas.rule import Rule


def in_words(rule: Rule) -> tuple[str, ...]:
    """Return a rule as sentences."""
    return tuple(_sentences(rule))


def _sentences(rule: Rule) -> Iterator[str]:
    if not rule.enabled:
        yield "It is switched off: it raises nothing."
    if rule.expires is not None:
        yield f"It raises nothing from {rule.expires:%Y-%m-%d %H:%M} UTC on."
    yield f"It raises an alert ({rule.severity.value}) when {_who(rule)} {_says(rule)}"
    yield from (f"{each[0].upper()}{each[1:]}." for each in _also(rule))
    yield "Never for what is inferred or ambiguous; one alert for one thing said, however many report it."
    if not rule.speech_act:
        yield "Never for a refusal to say something."
    yield from _where(rule)


def _who(rule: Rule) -> str:
    kind = f" (one that is {_or([each.value for each in rule.kind])})" if rule.kind else ""
    told = [f"somebody{kind}"]
    if rule.speaker:
        told.append(f"called {_or(rule.speaker)}")
    if rule.office:
        told.append(f"who is {_or([each.value.replace('_', ' ') for each in rule.office])}")
    if rule.organisation:
        told.append(f"of (or being) {_or(rule.organisation)}")
    if rule.country:
        told.append(f"of {_or(rule.country)}")
    return " ".join(told)


def _says(rule: Rule) -> str:
    official = {True: "officially ", False: "not officially ", None: ""}[rule.official]
    kinds = _or([each.value for each in rule.novelty])
    act = f", as {_or([each.value for each in rule.speech_act])}" if rule.speech_act else ""
    mode = f", reported as {_or([each.value for each in rule.mode])}" if rule.mode else ""
    return f"{official}says something ({kinds}) within {rule.freshness_hours:g} hours{act}{mode}."


def _also(rule: Rule) -> Iterator[str]:
    topic = [f'the word {_or([f"“{each}”" for each in rule.words])}'] if rule.words else []
    topic += [f"the name {_or(rule.entities)}"] if rule.entities else []
    if topic:
        yield f"the statement or its article's headline must have {' or '.join(topic)}"
    if rule.without_words:
        yield f"the statement must not have {_or([f'“{each}”' for each in rule.without_words])}"
    if rule.language:
        yield f"the article must be in {_or(rule.language)}"
    if rule.outlet:
        yield f"it must be published by {_or(rule.outlet)}"
    if rule.wire:
        yield f"it must have come through {_or(rule.wire)}"
    if rule.min_confidence:
        yield f"confidence must be {rule.min_confidence:g} or more"
    if rule.min_independent_origins > 1:
        yield f"{rule.min_independent_origins} independent origins must report it"


def _where(rule: Rule) -> Iterator[str]:
    by = "one notification for all that comes together"
    if rule.group_by:
        by = f"one notification for each {' and '.join(each.value for each in rule.group_by)}"
    wait = "" if rule.wait_seconds is None else f", {rule.wait_seconds:g} seconds after the first"
    yield f"It goes to {_or(rule.channels) if rule.channels else 'log'}: {by}{wait}."
    if rule.digest_hours is not None:
        yield f"As a digest of {rule.digest_hours:g} hours."
    yield from (f"It waits {_hours(each)}." for each in rule.quiet_hours)
    if rule.expires_after_seconds is not None:
        yield f"It is not delivered later than {rule.expires_after_seconds:g} seconds after it was raised."


def _hours(hours: QuietHours) -> str:
    critical = ", unless it is critical" if hours.critical_passes else ""
    return f"from {hours.begins} to {hours.ends} ({', '.join(hours.days)}; {hours.zone}){critical}"


def _or(values: Sequence[str]) -> str:
    return listed(tuple(values), " or ")
