"""Facts: what a statement is, as keys that conditions ask for, each with the words that say so.

A condition holds when one of its keys is among the facts: matching is comparison of sets, and nothing that
a person writes in a rule can take long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.statement import SpeechAct
from streams.core.alerting.names import body_keys, countries_in, country_code, person_keys
from streams.core.offices.names import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from schemas.found_statement import Named
    from schemas.mention import Role
    from schemas.statement import Speaker, Statement
    from schemas.statement_event import StatementEvent
    from streams.core.alerting.phrases import Phrases

Facts = dict[str, str]
"""Key → what of the statement or its article says so. A key is `<condition> <value>`."""

MOST_NAMED: Final = 200
"""Things named that are looked at: no statement names more but one that means harm."""
UNSAID: Final = "unsaid"
"""Of a statement that is a refusal to say something. A refusal to do something ("refused to sign") is not."""
_REFUSED_TO_DO: Final = ("infinitive",)
_BODIES: Final = ("organisation", "country", "office")


def facts_of(event: StatementEvent, phrases: Phrases) -> Facts:
    """Return the facts of a statement; of words those that `phrases` has."""
    found: Facts = {}
    for key, told in (*_said(event), *_article(event)):
        found.setdefault(key, told)
    if event.speaker is not None:
        for key, told in _speaker(event.speaker):
            found.setdefault(key, told)
    _topic(event, phrases, found)
    return found


def _said(event: StatementEvent) -> Iterator[tuple[str, str]]:
    official = event.official
    yield f"official {official.is_official}".lower(), official.evidence or _yes(official.is_official)
    yield f"speech_act {event.speech_act.value}", event.speech_act.value
    yield f"mode {event.mode.value}", event.mode.value
    if event.speech_act is SpeechAct.DECLINE and event.rules[:1] != _REFUSED_TO_DO:
        yield UNSAID, event.speech_act.value


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _article(event: StatementEvent) -> Iterator[tuple[str, str]]:
    article = event.article
    if article.language:
        yield f"language {article.language}", article.language
    outlet = article.outlet
    for value in (outlet.qid, outlet.domain):
        if value:
            yield f"outlet {value}", value
    if outlet.name:
        yield from ((f"outlet {key}", outlet.name) for key in body_keys(outlet.name))
    for hop in event.chain[1:]:
        yield from ((f"wire {key}", f"{hop.actor} {hop.relation}") for key in body_keys(hop.actor))


def _speaker(speaker: Speaker) -> Iterator[tuple[str, str]]:
    yield f"kind {speaker.kind}", speaker.kind
    if speaker.qid:
        yield f"speaker {speaker.qid}", f"{speaker.name} ({speaker.qid})"
    body = speaker.kind in _BODIES
    for key in body_keys(speaker.name) if body else person_keys(speaker.name):
        yield f"speaker {key}", speaker.name
    if speaker.role is not None:
        yield from _role(speaker.role)
    if body:
        yield from _body(speaker)


def _role(role: Role) -> Iterator[tuple[str, str]]:
    if role.office is not None:
        yield f"office {'deputy ' if role.deputy else ''}{role.office.value}", role.text
    if role.organization:
        yield from ((f"organisation {key}", role.organization) for key in body_keys(role.organization))
    yield from ((f"organisation {key}", role.text) for key in body_keys(role.text))
    if role.country:
        yield f"country {role.country}", f"{role.text} ({role.country})"


def _body(speaker: Speaker) -> Iterator[tuple[str, str]]:
    """Yield what a body or a state is that speaks itself."""
    if speaker.qid:
        yield f"organisation {speaker.qid}", f"{speaker.name} ({speaker.qid})"
        if code := country_code(speaker.qid):
            yield f"country {code}", f"{speaker.name} ({code})"
    yield from ((f"organisation {key}", speaker.name) for key in body_keys(speaker.name))
    yield from ((f"country {code}", f"{speaker.name} ({code})") for code in countries_in(speaker.name))


def _topic(event: StatementEvent, phrases: Phrases, found: Facts) -> None:
    """Add what the statement is about, then what its headline is."""
    for phrase, told in phrases.found(own_words(event)).items():
        found[f"word {phrase}"] = found[f"said {phrase}"] = told
    for key, told in _named((*event.names, *event.addressed)):
        found.setdefault(f"entity {key}", told)
    headline = event.article.headline
    if headline:
        for phrase, told in phrases.found(headline).items():
            found.setdefault(f"word {phrase}", f"{told} (headline)")
    for key, told in _named(event.article.headline_names):
        found.setdefault(f"entity {key}", f"{told} (headline)")


def _named(names: Iterable[Named]) -> Iterator[tuple[str, str]]:
    for each in tuple(names)[:MOST_NAMED]:
        yield each.key if each.key[:1] == "Q" else normal(each.key), each.text
        yield from ((key, each.text) for key in person_keys(each.text))


def own_words(statement: Statement) -> str:
    """Return what is said, without what an editor put in, its pieces parted by a mark that ends phrases."""
    return "\n".join(_without_inserts(statement))


def _without_inserts(statement: Statement) -> Iterator[str]:
    for span in statement.content:
        at = span.start
        for insert in statement.inserts:
            if insert.field is span.field and at <= insert.start and insert.end <= span.end:
                yield span.text[at - span.start : insert.start - span.start]
                at = insert.end
        yield span.text[at - span.start :]
