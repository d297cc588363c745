"""making: an alert's parts, from a statement, the rule that asked for it, and why it was raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.alert import Alert, AlertEvidence, AlertKind, AlertReason, AlertRule, alert_id
from schemas.base import rfc3339
from schemas.rule import GroupBy
from schemas.statement_event import NoveltyKind
from streams.core.alerting.line import line_of

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.rule import Rule
    from schemas.statement_event import StatementEvent
    from streams.core.alerting.matching import Match

KINDS: Final = {
    NoveltyKind.NEW: AlertKind.NEW, NoveltyKind.UPDATE: AlertKind.UPDATE,
    NoveltyKind.CONTRADICTION: AlertKind.CONTRADICTION,
}
_NOVEL: Final = {
    NoveltyKind.NEW: "nothing like it was said before",
    NoveltyKind.UPDATE: "another number or day than before",
    NoveltyKind.CONTRADICTION: "the contrary of what was said before",
}
HOUR_SECONDS: Final = 3600


def raised(match: Match, event: StatementEvent, kind: NoveltyKind, fresh_until: datetime) -> Alert:
    """Return the alert of a rule that a statement fulfils and that nothing was raised for before."""
    rule = match.rule
    told = AlertKind.DIGEST if rule.digest_hours is not None else KINDS[kind]
    days = str(event.said_on.not_after.date()) if event.said_on.not_after else ""
    reasons = (
        *match.reasons,
        AlertReason(
            condition="novelty = " + " or ".join(rule.novelty), matched=_novel(event, kind)),
        AlertReason(
            condition=f"said within {rule.freshness_hours:g} hours",
            matched=f"said on {days} at the latest, fresh until {rfc3339(fresh_until)}"),
    )
    return Alert(
        alert_id=alert_id(rule.name, event.proposition_id, told, 1), kind=told, revision=1,
        rule=rule_of(rule, event), line=line_of(event, told, language_of(event)), why=reasons,
        evidence=(evidence_of(event),), shown_apart=apart_of(event), channels=rule.channels,
        event_time=event.event_time, fresh_until=fresh_until,
    )


def _novel(event: StatementEvent, kind: NoveltyKind) -> str:
    """Return what is new; where only live reports lack it, also since when it is known."""
    novelty = event.novelty
    if novelty.kind is kind:
        return _NOVEL[kind]
    since = novelty.first_seen.date()
    return f"live, {_NOVEL[kind]}; with what was loaded: {novelty.kind}, seen since {since}"


def follow_up(
    before: Alert, event: StatementEvent, kind: AlertKind, proposition: str, revision: int, *, instead: bool
) -> Alert:
    """Return what corrects or withdraws an alert. `instead`: the event is what the article says now.

    Else it is what was said before: its line says that it is withdrawn, whatever the kind.
    """
    why = "its article now says this instead" if instead else (
        "no article says it any more" if kind is AlertKind.WITHDRAWAL else "its article now says otherwise")
    resting = tuple(each for each in before.evidence[:1] if each.statement_id != event.statement_id)
    return Alert(
        alert_id=alert_id(before.rule.name, proposition, kind, revision), kind=kind, revision=revision,
        rule=before.rule,
        line=line_of(event, kind if instead else AlertKind.WITHDRAWAL, language_of(event)),
        why=(AlertReason(condition=f"alert {before.alert_id}", matched=why),),
        evidence=(evidence_of(event), *resting), shown_apart=apart_of(event), channels=before.channels,
        event_time=event.event_time, fresh_until=before.fresh_until, corrects=before.alert_id,
    )


def rule_of(rule: Rule, event: StatementEvent) -> AlertRule:
    """Return a rule as an alert has it; a digest waits for its whole window."""
    wait = rule.wait_seconds if rule.digest_hours is None else rule.digest_hours * HOUR_SECONDS
    return AlertRule(
        name=rule.name, version=rule.version, severity=rule.severity,
        group={each.value: group_value(each, event) for each in rule.group_by}, wait_seconds=wait,
        expires_after_seconds=rule.expires_after_seconds, quiet_hours=rule.quiet_hours,
    )


def group_value(by: GroupBy, event: StatementEvent) -> str:
    """Return what alerts are grouped by; "" when it is not known."""
    speaker, role = event.speaker, event.speaker.role if event.speaker else None
    values: dict[GroupBy, str | None] = {
        GroupBy.SPEAKER: (speaker.qid or speaker.name) if speaker else None,
        GroupBy.OFFICE: role.office.value if role and role.office else None,
        GroupBy.ORGANISATION: role.organization if role else None,
        GroupBy.COUNTRY: role.country if role else None,
        GroupBy.SPEECH_ACT: event.speech_act.value,
        GroupBy.PROPOSITION: event.proposition_id,
        GroupBy.ARTICLE: event.article.id,
        GroupBy.CLUSTER: event.cluster_id,
        GroupBy.OUTLET: event.article.outlet.name or event.article.outlet.domain,
        GroupBy.LANGUAGE: language_of(event),
    }
    return values[by] or ""


def evidence_of(event: StatementEvent) -> AlertEvidence:
    """Return a statement as evidence."""
    speaker = event.speaker
    return AlertEvidence(
        statement_id=event.statement_id, proposition_id=event.proposition_id, article_id=event.article.id,
        url=event.article.url, outlet=event.article.outlet.name or event.article.outlet.domain,
        headline=event.article.headline, speaker=speaker.name if speaker else None,
        speaker_qid=speaker.qid if speaker else None,
        role=speaker.role.text if speaker and speaker.role else None, speech_act=event.speech_act,
        attribution=event.attribution, spans=event.content, chain=event.chain, said_on=event.said_on,
    )


def apart_of(event: StatementEvent) -> tuple[AlertEvidence, ...]:
    """Return what the article has of the speaker besides, where that is not explicit."""
    told = evidence_of(event)
    return tuple(
        told.model_copy(update={
            "statement_id": each.statement_id, "proposition_id": None, "speech_act": None,
            "attribution": each.attribution, "spans": each.content, "role": None, "chain": (),
            "said_on": None})
        for each in event.beside)


def language_of(event: StatementEvent) -> str:
    """Return the language of a statement's article."""
    return event.article.language or "en"
