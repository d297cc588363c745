"""What follows from a statement's event: raised once, corrected once, repeated byte for byte, forgotten in time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.alert import AlertKind, alert_id
from schemas.alerts_state import RaisedProposition
from schemas.envelope import DeliveryMode
from schemas.found_statement import Beside
from schemas.ids import digest
from schemas.mention import Role, RoleCheck
from schemas.office import Office
from schemas.rule import GroupBy
from schemas.span import Span
from schemas.statement import SaidOn, Speaker
from schemas.statement_event import Novelty, NoveltyKind
from streams.core.alerting.evaluate import Seen, as_it_comes, as_on_its_day, evaluate, placed
from streams.core.alerting.making import group_value, rule_of
from streams.core.alerting.matching import RuleIndex
from streams.core.alerting.past import Past
from streams.core.alerting.raised import Raised, RaisedIndex
from streams.core.alerting.verdict import verdict
from streams.core.delivering.matching import group_name
from streams.testing.builders import envelope
from streams.testing.rules import rule
from streams.testing.statements import DAY, said

NOW = DAY + timedelta(hours=5)
ANY = rule(novelty=("new", "update", "contradiction"))


class Stage:
    """The agent without its bus: a dictionary for a table."""

    def __init__(self, *rules, now=NOW):
        self.rules = RuleIndex.over(rules or (ANY,))
        self.known = Raised({}, RaisedIndex())
        self.now, self.number = now, 0

    def come(self, event, its=None, **fields):
        """Let an event come by an envelope of its own, or by `its`."""
        if its is None:
            self.number += 1
            its = envelope(f"raw-0-{self.number}", **fields)
        return evaluate(event, its, as_it_comes(event, its, self.now), self.rules, self.known)

    def restarted(self):
        """Return the same state, its index built anew."""
        again = Stage(now=self.now)
        again.rules, again.number = self.rules, self.number
        again.known = Raised(self.known.table, RaisedIndex.over(self.known.table))
        return again


def novel(kind, live=None):
    return Novelty(kind=kind, live_kind=live or kind, first_seen=DAY)


def gone(event, state="withdrawn", origins=0):
    return event.model_copy(update={"state": state, "independent_origins": origins, "revision": event.revision + 1})


def kinds(alerts):
    return [alert.kind.value for alert in alerts]


BRIDGE = said("the bridge closes")


@pytest.mark.parametrize("kind", ["new", "update", "contradiction"])
def test_what_is_new_raises_one_alert_of_its_kind(kind):
    stage = Stage()
    event = said("the bridge closes", novelty=novel("repeat", kind))
    (alert,) = stage.come(event)
    assert (alert.kind.value, alert.revision, alert.corrects) == (kind, 1, None)
    assert alert.alert_id == alert_id("rule", event.proposition_id, AlertKind(kind), 1)
    assert (alert.event_time, alert.fresh_until) == (DAY, DAY + timedelta(hours=72))
    assert next(each.matched for each in alert.why if each.condition.startswith("novelty")).endswith("repeat, seen since 2018-02-14")
    assert [each.statement_id for each in alert.evidence] == [event.statement_id]
    assert stage.come(event) == []


def test_why_tells_every_condition_the_novelty_and_the_freshness():
    (alert,) = Stage(rule("quay", words=("bridge",), freshness_hours=12)).come(BRIDGE)
    told = [(each.condition, each.matched) for each in alert.why]
    assert told[0][0].startswith("words")
    assert told[-2:] == [
        ("novelty = new", "nothing like it was said before"),
        ("said within 12 hours", "said on 2018-02-14 at the latest, fresh until 2018-02-14T12:00:00Z")]


NEVER = {
    "inferred": {"attribution": "inferred"}, "ambiguous": {"attribution": "ambiguous"}, "recurring": {"recurring": True},
    "a rendition": {"rendition_of": "another"}, "a repeat": {"novelty": novel("new", "repeat")}, "withdrawn": {"state": "withdrawn"},
    "corrected": {"state": "corrected"}, "without a day": {"said_on": SaidOn(basis="none")},
    "old": {"said_on": SaidOn(basis="text", not_after=DAY - timedelta(days=4))},
}


@pytest.mark.parametrize("fields", NEVER.values(), ids=NEVER)
def test_what_never_raises(fields):
    assert Stage().come(said("the bridge closes", **fields)) == []


@pytest.mark.parametrize("mode", list(DeliveryMode))
def test_only_what_is_live_raises(mode):
    assert len(Stage().come(BRIDGE, mode=mode, job="j")) == (mode is DeliveryMode.LIVE)


def test_it_is_fresh_until_the_very_moment_and_no_longer():
    until = DAY + timedelta(hours=72)
    assert len(Stage(now=until).come(BRIDGE)) == 1
    assert Stage(now=until + timedelta(microseconds=1)).come(BRIDGE) == []


def test_a_statement_is_no_fresher_than_its_raw_record():
    late = said("the bridge closes", said_on=SaidOn(basis="text", not_after=DAY + timedelta(days=365)))
    assert Stage(now=DAY + timedelta(hours=74)).come(late, hours=1) == []
    assert len(Stage(now=DAY + timedelta(hours=72)).come(late, hours=1)) == 1


@pytest.mark.parametrize(("fields", "raises"), [
    ({"novelty": ("update",)}, False), ({"novelty": ("update", "new")}, True), ({"expires": NOW}, False),
    ({"expires": NOW + timedelta(seconds=1)}, True), ({"enabled": False}, False)])
def test_a_rule_raises_what_it_asks_for_while_it_is_in_force(fields, raises):
    assert bool(Stage(rule(**fields)).come(BRIDGE)) is raises


@pytest.mark.parametrize(("check", "office", "raises"), [
    (RoleCheck.CONTRADICTED, True, False), (RoleCheck.CONTRADICTED, False, True), (None, True, True)])
def test_a_contradicted_role_fulfils_no_office(check, office, raises):
    role = Role(text="harbour master", office=Office.MINISTER, **({"check": check} if check else {}))
    event = BRIDGE.model_copy(update={"speaker": Speaker(name="Ines Varga", kind="person", role=role)})
    asked = rule(office=(Office.MINISTER,)) if office else rule()
    assert bool(Stage(asked).come(event)) is raises


def test_each_rule_raises_its_own_and_a_changed_rule_none_again():
    stage = Stage(rule("a"), rule("b"))
    assert [alert.rule.name for alert in stage.come(BRIDGE)] == ["a", "b"]
    stage.rules = RuleIndex.over([rule("a", version="2"), rule("c")])
    assert [alert.rule.name for alert in stage.come(BRIDGE)] == ["c"]


def test_the_same_event_again_repeats_its_alerts_and_later_ones_add_nothing():
    stage, its = Stage(), envelope("raw-0-9")
    first = stage.come(BRIDGE, its)
    for each in (stage, stage.restarted()):
        each.rules = RuleIndex.over([])
        assert each.come(BRIDGE, its) == first
        assert each.come(BRIDGE) == []


def test_a_renamed_proposition_is_known_by_all_its_names():
    stage = Stage()
    (first,) = stage.come(BRIDGE)
    renamed = BRIDGE.model_copy(update={"proposition_id": "p0", "former_proposition_ids": (BRIDGE.proposition_id,)})
    earlier = said("the bridge closes", article="b", proposition_id="p0")
    assert stage.come(renamed) == []
    for each in (stage, stage.restarted()):
        assert each.come(earlier) == []
    (last,) = stage.come(gone(earlier))
    assert last.corrects == first.alert_id
    assert last.alert_id == alert_id("rule", BRIDGE.proposition_id, AlertKind.WITHDRAWAL, 1)


def test_propositions_that_become_one_are_withdrawn_each_for_its_readers():
    stage = Stage()
    other = said("the span closes", article="b")
    raised = stage.come(BRIDGE) + stage.come(other)
    for each in (BRIDGE, other):
        assert stage.come(each.model_copy(update={"proposition_id": "p0", "former_proposition_ids": (each.proposition_id,)})) == []
    assert stage.known.table["p0/"].same_as == (other.proposition_id, BRIDGE.proposition_id)
    last = stage.come(gone(said("the bridge closes", article="c", proposition_id="p0")))
    assert {alert.corrects for alert in last} == {alert.alert_id for alert in raised}


def test_a_rename_of_what_raised_nothing_is_not_noted():
    stage = Stage(rule(words=("museum",)))
    assert stage.come(BRIDGE.model_copy(update={"former_proposition_ids": ("p1",)})) == []
    assert stage.known.table == {}


@pytest.mark.parametrize("mode", list(DeliveryMode))
@pytest.mark.parametrize(("state", "kind"), [("withdrawn", "withdrawal"), ("corrected", "correction")])
def test_what_no_article_reports_any_more_is_followed_up_once_in_any_mode(state, kind, mode):
    stage, its = Stage(rule(channels=("desk",), group_by=("speaker",))), envelope("raw-0-7", mode=mode)
    (first,) = stage.come(BRIDGE)
    (last,) = stage.come(gone(BRIDGE, state), its)
    assert (last.kind.value, last.corrects, last.revision) == (kind, first.alert_id, 1)
    assert (last.rule, last.channels, last.fresh_until) == (first.rule, first.channels, first.fresh_until)
    assert [each.condition for each in last.why] == [f"alert {first.alert_id}"]
    assert stage.come(gone(BRIDGE, state), its) == [last]
    assert stage.restarted().come(gone(BRIDGE, state)) == []
    assert stage.come(BRIDGE) == []


def test_it_stands_while_another_article_reports_it():
    stage = Stage()
    stage.come(BRIDGE)
    assert stage.come(gone(BRIDGE, origins=1)) == []
    assert kinds(stage.come(gone(said("the bridge closes", article="b", proposition_id=BRIDGE.proposition_id)))) == ["withdrawal"]


def test_why_a_follow_up_came_is_told():
    whys = []
    for state in ("withdrawn", "corrected"):
        stage = Stage()
        stage.come(BRIDGE)
        whys.append(stage.come(gone(BRIDGE, state))[0].why[0].matched)
    stage = Stage()
    stage.come(BRIDGE)
    whys.append(stage.come(said("the bridge opens", corrects=BRIDGE.proposition_id))[0].why[0].matched)
    assert whys == ["no article says it any more", "its article now says otherwise", "its article now says this instead"]


@pytest.mark.parametrize("mode", list(DeliveryMode))
def test_what_stands_instead_is_the_correction_in_any_mode_and_no_alert_besides(mode):
    stage = Stage()
    (first,) = stage.come(BRIDGE)
    instead = said("the bridge opens", corrects=BRIDGE.proposition_id, novelty=novel("update"))
    (correction,) = stage.come(instead, mode=mode)
    assert (correction.kind, correction.corrects, correction.revision) == ("correction", first.alert_id, 1)
    assert correction.alert_id == alert_id("rule", instead.proposition_id, AlertKind.CORRECTION, 1)
    assert [each.statement_id for each in correction.evidence] == [instead.statement_id, BRIDGE.statement_id]
    assert correction.line.startswith("CORRECTION: ")
    assert stage.come(gone(BRIDGE, "corrected")) == []
    (last,) = stage.come(gone(instead))
    assert (last.kind, last.corrects) == ("withdrawal", correction.alert_id)
    assert [each.statement_id for each in last.evidence] == [instead.statement_id]


def test_a_rule_that_told_of_it_already_is_not_told_instead():
    stage = Stage(rule("a"), rule("b", words=("closes",)))
    stage.come(BRIDGE)
    opens = said("the bridge opens", article="b")
    assert [alert.rule.name for alert in stage.come(opens)] == ["a"]
    corrected = said("the bridge opens", proposition_id=opens.proposition_id, corrects=BRIDGE.proposition_id)
    assert [(alert.rule.name, alert.kind) for alert in stage.come(corrected)] == [("b", "correction")]
    assert [(alert.rule.name, alert.kind) for alert in stage.come(gone(BRIDGE, "corrected"))] == [("a", "correction")]


@pytest.mark.parametrize("fields", [{"attribution": "ambiguous"}, {"attribution": "inferred"}, {"rendition_of": "x"}, {"recurring": True}])
def test_what_is_not_sure_corrects_nothing_by_itself(fields):
    stage = Stage()
    stage.come(BRIDGE)
    assert stage.come(said("the bridge opens", corrects=BRIDGE.proposition_id, **fields)) == []


def test_follow_ups_of_one_kind_count_up():
    stage = Stage()
    stage.come(BRIDGE)
    instead = said("the bridge opens", corrects=BRIDGE.proposition_id)
    stage.come(instead)
    (last,) = stage.come(gone(instead, "corrected"))
    assert (last.kind, last.revision) == ("correction", 2)


def test_a_digest_is_called_so_and_waits_for_its_window():
    (alert,) = Stage(rule(digest_hours=6, wait_seconds=5)).come(BRIDGE)
    assert (alert.kind, alert.rule.wait_seconds) == ("digest", 21_600)
    (alert,) = Stage(rule(wait_seconds=5, expires_after_seconds=9, severity="critical")).come(BRIDGE)
    assert (alert.kind, alert.rule.wait_seconds, alert.rule.expires_after_seconds, alert.rule.severity) == ("new", 5, 9, "critical")


def test_evidence_says_who_where_and_how():
    event = said("the bridge closes", qid="Q1", office="minister", outlet="Gazette", wire="North Wire", headline="Quay", beside=(
        Beside(statement_id="s2", attribution="inferred", content=(Span(start=0, end=2, text="so"),)),))
    (alert,) = Stage().come(event)
    (evidence,), (apart,) = alert.evidence, alert.shown_apart
    assert (evidence.speaker, evidence.speaker_qid, evidence.role, evidence.outlet, evidence.headline) == (
        "Ines Varga", "Q1", "harbour master", "Gazette", "Quay")
    assert (evidence.article_id, evidence.url, evidence.proposition_id) == (event.article.id, event.article.url, event.proposition_id)
    assert (evidence.spans, evidence.chain, evidence.said_on, evidence.attribution) == (event.content, event.chain, event.said_on, "explicit")
    assert (apart.statement_id, apart.attribution, apart.spans[0].text, apart.speaker) == ("s2", "inferred", "so", "Ines Varga")
    assert (apart.proposition_id, apart.role, apart.speech_act, apart.chain, apart.said_on) == (None, None, None, (), None)
    assert evidence.speech_act == "assert"
    nobody = Stage().come(said("the bridge closes", speaker=None, outlet=None, domain="gazette.example"))[0].evidence[0]
    assert (nobody.speaker, nobody.speaker_qid, nobody.role, nobody.outlet) == (None, None, None, "gazette.example")


GROUPS = {
    GroupBy.SPEAKER: "Q1", GroupBy.OFFICE: "minister", GroupBy.ORGANISATION: "Ministry", GroupBy.COUNTRY: "NO", GroupBy.SPEECH_ACT: "deny",
    GroupBy.PROPOSITION: digest("proposition", "Ines Varga", "no"), GroupBy.ARTICLE: digest("article", "a"), GroupBy.CLUSTER: "c1",
    GroupBy.OUTLET: "Gazette", GroupBy.LANGUAGE: "no",
}


def test_alerts_are_grouped_by_what_the_rule_names():
    event = said("no", qid="Q1", office="minister", organization="Ministry", country="NO", act="deny", outlet="Gazette", language="no", cluster_id="c1")
    assert {by: group_value(by, event) for by in GroupBy} == GROUPS
    assert rule_of(rule(group_by=("speaker", "language")), event).group == {"speaker": "Q1", "language": "no"}
    bare = said("no", speaker=None, outlet=None, language=None)
    assert [group_value(by, bare) for by in (GroupBy.SPEAKER, GroupBy.OFFICE, GroupBy.ORGANISATION, GroupBy.COUNTRY, GroupBy.CLUSTER, GroupBy.OUTLET)] == [""] * 6
    assert (group_value(GroupBy.SPEAKER, said("no")), group_value(GroupBy.LANGUAGE, bare)) == ("Ines Varga", "en")


def test_a_groups_alerts_have_one_partition_and_each_an_ordinal_of_its_own():
    made = [placed(alert, 7) for n in range(20) for alert in Stage(rule(group_by=("speaker",))).come(said(f"matter {n}", speaker=f"S {n % 4}"))]
    places = {group_name(each.event): each.partition for each in made}
    assert all(places[group_name(each.event)] == each.partition for each in made)
    assert {0 <= each.partition < 7 for each in made} == {True}
    assert len(set(places.values())) > 1
    assert len({each.ordinal for each in made}) == 20


def test_a_groups_partition_and_an_alerts_ordinal_stay_what_they_are():
    (alert,) = Stage(rule(group_by=("speaker",))).come(BRIDGE)
    found = placed(alert, 1000)
    assert (found.event, found.partition, found.ordinal) == (alert, 360, 5016871658758)


def test_how_a_statement_is_looked_at():
    its = envelope(hours=3, mode=DeliveryMode.REPLAY)
    event = said("no", novelty=novel("repeat", "new"))
    assert as_it_comes(event, its, NOW) == Seen(live=False, kind=NoveltyKind.NEW, now=NOW, raw_time=its.origin_time)
    assert as_on_its_day(event) == Seen(live=True, kind=NoveltyKind.REPEAT, now=DAY, raw_time=DAY)


def test_the_past_would_have_raised_each_new_thing_once():
    past = Past(RuleIndex.over([ANY]))
    its = envelope(mode=DeliveryMode.BACKFILL)
    assert kinds(past.take(BRIDGE, its)) == ["new"]
    assert past.take(said("the bridge closes", article="b", novelty=novel("repeat", "new")), envelope("raw-0-1")) == []
    assert past.take(said("the quay closes", not_after=DAY - timedelta(days=9)), its) == []
    assert Past(RuleIndex.over([ANY])).take(BRIDGE, its) != []


def test_entries_are_forgotten_when_every_lane_has_passed_them():
    stage, kept = Stage(), timedelta(days=10)
    its = envelope("raw-0-0")
    stage.come(BRIDGE, its)
    late = said("the quay closes", event_time=DAY + timedelta(days=10))
    for days, mode, left in ((10, "live", 1), (30, "backfill", 1), (11, "live", 0)):
        when = envelope("raw-0-1", hours=24 * days, mode=DeliveryMode(mode), job=None)
        event = late.model_copy(update={"event_time": DAY + timedelta(days=days)})
        stage.known.forget(event, when, {0: (0, 2)}, None)
        stage.known.forget(event, when, {0: (0, 3)} if left else {0: (0, 2)}, kept)
        assert len(stage.known.table) == left, days
    assert stage.known.keys(BRIDGE.proposition_id) == []
    assert stage.known.index.rules == {}


def test_no_more_entries_are_looked_at_than_some_and_bounds_that_are_not_known_forget_none():
    stage = Stage()
    for number in range(50):
        stage.come(said(f"matter {number}"), envelope("raw-0-0"))
    late, when = said("x", event_time=DAY + timedelta(days=90)), envelope("raw-0-1", hours=24 * 90)
    stage.known.forget(late, when, {}, timedelta(days=1))
    assert len(stage.known.table) == 50
    stage.known.forget(late, when, {0: (0, 2)}, timedelta(days=1))
    assert len(stage.known.table) == 50 - 32
    again = stage.restarted()
    again.known.forget(late, when, {0: (0, 2)}, timedelta(days=1))
    assert len(again.known.table) == 0


def test_an_entry_that_was_spoken_of_again_is_kept_from_then_on():
    stage, kept = Stage(), timedelta(days=10)
    stage.come(BRIDGE, envelope("raw-0-0"))
    instead = said("the bridge opens", corrects=BRIDGE.proposition_id, event_time=DAY + timedelta(days=9))
    stage.come(gone(instead.model_copy(update={"proposition_id": BRIDGE.proposition_id}), "corrected"), envelope("raw-0-1", mode=DeliveryMode.REPLAY, job="j"))
    (entry,) = stage.known.table.values()
    assert (entry.last, entry.lanes) == (DAY + timedelta(days=9), ("live", "replay/203"))
    assert isinstance(entry, RaisedProposition)
    for lane in ({}, {"mode": DeliveryMode.REPLAY, "job": "j"}):
        event = said("x", event_time=DAY + timedelta(days=20))
        stage.known.forget(event, envelope("raw-0-2", hours=480, **lane), {0: (0, 3)}, kept)
        assert len(stage.known.table) == (not lane)
    assert stage.known.index.followed == set()


@pytest.mark.parametrize(("origins", "cause", "raises"), [(1, DeliveryMode.BACKFILL, True), (2, DeliveryMode.BACKFILL, False), (2, None, True)])
def test_what_the_past_corroborates_is_told_as_the_agent_judges_it(origins, cause, raises):
    event, its = BRIDGE.model_copy(update={"independent_origins": 2}), envelope("raw-0-1").model_copy(update={"cause_mode": cause})
    told = verdict(rule(min_independent_origins=origins), event, its, as_it_comes(event, its, NOW))
    assert (told.raises, all(each.matched for each in told.conditions)) == (raises, raises)
