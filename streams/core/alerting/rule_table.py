"""rule_table: one rule's TOML table → the rule, or what is wrong with it."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from pydantic import ValidationError

from schemas.alert import Severity
from schemas.ids import digest
from schemas.office import Office
from schemas.quiet_hours import QuietHours, Weekday
from schemas.rule import GroupBy, Rule, SpeakerKind
from schemas.statement import SpeechAct, StatementMode
from schemas.statement_event import NoveltyKind
from streams.core.alerting.names import country_code, country_names, qid_of
from streams.core.alerting.phrases import LEAST_PREFIX_CHARS, MOST_WORD_CHARS, MOST_WORDS, split_phrase
from streams.core.alerting.quiet import endless, zone_of
from streams.core.toml_lines import near

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_NAME_CHARS: Final = 60
MOST_VALUES: Final = 500
"""Of one condition."""
MOST_VALUE_CHARS: Final = 200
MOST_HOURS: Final = 87_600.0
"""Ten years: longer bounds are mistakes, or none."""
_ABOUT_CHARS: Final = 1000

_CLOSED: Final[dict[str, type[StrEnum]]] = {
    "office": Office, "kind": SpeakerKind, "speech_act": SpeechAct, "mode": StatementMode,
    "novelty": NoveltyKind, "group_by": GroupBy, "severity": Severity,
}
_TEXTS: Final = (
    "speaker", "organisation", "country", "words", "entities", "without_words", "language", "outlet", "wire",
    "channels",
)
_CONDITIONS: Final = frozenset(
    {*_CLOSED, *_TEXTS, "official", "min_confidence", "min_independent_origins"}
    - {"novelty", "group_by", "severity", "channels", "without_words"})
_NUMBERS: Final = (
    "min_confidence", "min_independent_origins", "freshness_hours", "wait_seconds", "digest_hours",
    "expires_after_seconds",
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONG: Final = re.compile(rf"\w{{{MOST_WORD_CHARS + 1}}}")

Table: TypeAlias = "dict[str, object]"


class Wrong(NamedTuple):
    """What is wrong with a key of a table; `key` None: with the table itself."""

    key: str | None
    why: str


def rule_of(name: str, table: Mapping[str, object]) -> tuple[Rule | None, tuple[Wrong, ...]]:
    """Return the rule of a table; None with all that is wrong, of each key what is told first."""
    wrong = [
        Wrong(key, f"{key[:MOST_NAME_CHARS]} is nothing known here{near(key, Rule.model_fields)}")
        for key in table if key not in Rule.model_fields
    ]
    values = {key: _one_or_many(key, value) for key, value in table.items() if key in Rule.model_fields}
    wrong += [each for key, value in values.items() for each in _value(key, value)]
    if not _CONDITIONS & set(values):
        wrong.append(Wrong(None, "asks for nothing: give it a condition (office, speaker, words, …)"))
    told = {each.key for each in wrong}
    sound = {key: value for key, value in values.items() if key not in told}
    rule, more = _made(sound | {"name": name, "version": str(sound.get("version", "")) or "-"})
    wrong += [each for each in more if each.key not in told]
    return (None, tuple(wrong)) if wrong else (rule, ())


def _made(values: Table) -> tuple[Rule | None, tuple[Wrong, ...]]:
    if "official" in values:
        values["official"] = None if values["official"] == "any" else values["official"]
    if "expires" in values:
        values["expires"] = _moment(values["expires"])
    if "quiet_hours" in values:
        values["quiet_hours"] = _hours(values["quiet_hours"])
    try:
        rule = Rule.model_validate(values)
    except (ValidationError, OverflowError) as error:
        return None, tuple(_told(error))
    if endless(rule.quiet_hours):
        why = "quiet_hours never end: use enabled = false to be told nothing"
        return None, (Wrong("quiet_hours.ends", why),)
    return (rule if rule.version != "-" else rule.model_copy(update={"version": version_of(rule)})), ()


def version_of(rule: Rule) -> str:
    """Return the version of a rule that its writer does not number: a hash of all that it says."""
    return digest("rule", rule.model_dump_json(exclude={"version", "about"}))[:12]


def _told(error: ValidationError | OverflowError) -> Iterator[Wrong]:
    if isinstance(error, OverflowError):
        yield Wrong(None, "a number is too large")
        return
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        path = [str(part) for part in each["loc"] if not isinstance(part, int)]
        yield Wrong(".".join(path) or None, f"{'.'.join(path)}: {each['msg'].lower()}")


def _one_or_many(key: str, value: object) -> object:
    """Return a value as the model takes it: one that may be several stands alone or in a list."""
    several = key in _TEXTS or (key in _CLOSED and key != "severity")
    return [value] if several and isinstance(value, str) else value


def _value(key: str, value: object) -> Iterator[Wrong]:
    """Yield what is wrong with one value, as far as the model would not say it, or not so well."""
    if key in _TEXTS or key in _CLOSED:
        yield from _listed(key, value)
    elif key in _NUMBERS:
        yield from _number(key, value)
    elif key == "official" and value not in (True, False, "any"):
        yield Wrong(key, 'official is true, false or "any"')
    elif key == "enabled" and not isinstance(value, bool):
        yield Wrong(key, "enabled is true or false")
    elif key == "expires" and not isinstance(value, date):
        yield Wrong(key, "expires is a date or a time with its zone: 2026-12-31, 2026-12-31T18:00:00Z")
    elif key == "expires" and isinstance(value, datetime) and value.tzinfo is None:
        yield Wrong(key, "expires has no time zone: add Z, or an offset such as +01:00")
    elif key == "version" and (isinstance(value, bool) or not isinstance(value, (str, int))):
        yield Wrong(key, "version is a number or a word")
    elif key in ("version", "about"):
        yield from _text(key, str(value), _ABOUT_CHARS if key == "about" else MOST_NAME_CHARS)
    elif key == "quiet_hours":
        yield from _quiet(value)


def _number(key: str, value: object) -> Iterator[Wrong]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        yield Wrong(key, f"{key} is a number")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Wrong(key, f"{key} is a number that ends")
    elif value > MOST_HOURS * 3600 or (key.endswith("_hours") and value > MOST_HOURS):
        yield Wrong(key, f"{key} is more than ten years")


def _listed(key: str, value: object) -> Iterator[Wrong]:
    several = value if isinstance(value, list) and key != "severity" else [value]
    if len(several) > MOST_VALUES:
        yield Wrong(key, f"{key} has more than {MOST_VALUES} values: make it several rules")
        return
    for each in several:
        if not isinstance(each, str):
            yield Wrong(key, f"{key} is text, or a list of texts in brackets")
        elif key in _CLOSED:
            if each not in list(_CLOSED[key]):
                known = ", ".join(_CLOSED[key])
                hint = near(each, _CLOSED[key]) or f": there are {known}"
                yield Wrong(key, f"{key}: nobody knows {_cut(each)!r}{hint}")
        else:
            yield from _text(key, each, MOST_VALUE_CHARS)
            yield from _meaning(key, each)


def _text(key: str, value: str, most: int) -> Iterator[Wrong]:
    if not value.strip():
        yield Wrong(key, f"{key} has an empty text")
    elif len(value) > most:
        yield Wrong(key, f"{key} has a text of more than {most} characters: {_cut(value)!r}")
    elif _CONTROL.search(value):
        yield Wrong(key, f"{key} has a text with a control character: {_cut(value)!r}")


def _meaning(key: str, value: str) -> Iterator[Wrong]:
    """Yield what is wrong with a text that means something."""
    if key == "country" and country_code(value[:MOST_VALUE_CHARS]) is None:
        names = country_names()
        hint = "" if value in names or qid_of(value) else near(value, names)
        yield Wrong(key, f"country: {_cut(value)!r} is none, or several (write its two letters){hint}")
    elif key == "language" and not re.fullmatch(r"[a-z]{2}", value):
        yield Wrong(key, f"language: {_cut(value)!r} is no code of two letters such as en")
    elif key in ("words", "without_words"):
        yield from _phrase(key, value)


def _phrase(key: str, value: str) -> Iterator[Wrong]:
    words = split_phrase(value[:MOST_VALUE_CHARS])
    if not words:
        yield Wrong(key, f"{key}: {_cut(value)!r} has no word")
    elif len(words) > MOST_WORDS:
        yield Wrong(key, f"{key}: {_cut(value)!r} has more than {MOST_WORDS} words")
    elif _LONG.search(value):
        yield Wrong(key, f"{key}: {_cut(value)!r} has a word of more than {MOST_WORD_CHARS} letters")
    elif value[0] == "*" or any(len(word) <= LEAST_PREFIX_CHARS for word in words if word[-1] == "*"):
        yield Wrong(key, f"{key}: {_cut(value)!r}: before * there must be {LEAST_PREFIX_CHARS} letters")


def _quiet(value: object) -> Iterator[Wrong]:
    several = value if isinstance(value, list) else [value]
    if len(several) > MOST_VALUES:
        yield Wrong("quiet_hours", f"quiet_hours: more than {MOST_VALUES}")
        return
    for each in several:
        if not isinstance(each, dict):
            yield Wrong("quiet_hours", "write [[rule.quiet_hours]] with begins and ends below")
            return
        known = QuietHours.model_fields
        yield from (
            Wrong(f"quiet_hours.{key}", f"{_cut(key)} is nothing known here{near(key, known)}")
            for key in each if key not in known)
        zone = each.get("zone", "UTC")
        if not isinstance(zone, str) or zone_of(zone) is None:
            told = f"zone: nobody knows {_cut(str(zone))!r}: write one such as Europe/Oslo"
            yield Wrong("quiet_hours.zone", told)
        yield from _days(each.get("days", list(Weekday)))


def _days(value: object) -> Iterator[Wrong]:
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, str) or each not in list(Weekday):
            told = f"days: nobody knows {_cut(str(each))!r}: there are {', '.join(Weekday)}"
            yield Wrong("quiet_hours.days", told)


def _hours(value: object) -> list[Table]:
    """Return quiet hours as the model takes them: times that TOML reads as such become texts again."""
    several = value if isinstance(value, list) else [value]
    return [
        {key: each.strftime("%H:%M") if isinstance(each, time) else _many_days(key, each)
         for key, each in table.items()}
        for table in several if isinstance(table, dict)]


def _many_days(key: str, value: object) -> object:
    return [value] if key == "days" and isinstance(value, str) else value


def _moment(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value


def _cut(text: str) -> str:
    return text if len(text) <= MOST_NAME_CHARS else f"{text[:MOST_NAME_CHARS]}…"
