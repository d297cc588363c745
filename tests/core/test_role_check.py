"""Roles against the registry: consistent, contradicted, unknown; garden paths; whom a name means. All people are invented."""

from datetime import date

import pytest

from schemas.mention import RoleCheck
from streams.core.offices.check import checked
from streams.core.offices.decide import decided
from streams.core.offices.merge import merged
from streams.core.offices.model import Office, fuzzy
from streams.core.offices.people import who
from streams.core.offices.registry import Registry
from streams.core.offices.rows import Row
from streams.core.tagging.roles import roles_in
from tests.core.bracketed import marked

YES, NO, UNKNOWN = RoleCheck.CONSISTENT, RoleCheck.CONTRADICTED, RoleCheck.UNKNOWN


def row(name, title, country, start, end=None, as_of=None, **given):
    day = date.fromisoformat(as_of) if as_of else None
    return Row(name, title, country=country, start=fuzzy(start), end=fuzzy(end), as_of=day, **given)


REGISTRY = Registry.of(merged([
    row("Jan Vos", "President", "NO", "2012-05-07", as_of="2024-06-30", qid="Q90000001", position="Q90000011"),
    row("Ada Lind", "President", "NO", "2004-05-07", "2012-05-07", qid="Q90000002"),
    row("Ivo Marek", "Press Secretary of the President", "NO", "2012-05-22", as_of="2024-06-30"),
    row("Ola Berg", "Minister of Foreign Affairs", "NO", "2014", "2018-06", qid="Q90000003"),
    row("Per Dahl", "Deputy Minister of Foreign Affairs", "NO", "2012", "2020"),
    row("Kari Moe", "Minister of Foreign Affairs", "SE", "2012", "2020", qid="Q90000004"),
    row("Kari Moe", "Senator", "CA", "2001", "2009", qid="Q90000005"),
    row("Nils Aas", "Secretary General of NATO", None, "2014-10-01", "2024-10-01"),
    row("Eva Ek", "Prime Minister", "NO", "2018-01-01", as_of="2019-01-01", acting=True),
    row("Una Sand", "Governor of the Central Bank", "NO", "2011", "2018"),
    row("Bo Rask", "State Department spokesman", "US", "2015", "2019"),
]))
NOBODY = Registry.empty()


def found(sentence, on, registry=REGISTRY, name=None):
    """Return the decided role of the last person in a sentence."""
    text, mentions = marked(sentence)
    last = [each for each in mentions if each.kind.value == "PERSON"][-1]
    called = name or text[last.start:last.end]
    readings = [role for role in roles_in(text, mentions) if role.person == last.start]
    return decided(readings, registry.people(called), registry, date.fromisoformat(on) if on else None, called)


@pytest.mark.parametrize(("sentence", "on", "check"), [
    ("Norwegian President [Jan Vos] said", "2018-02-14", YES),
    ("Norwegian President [Jan Vos] said", "2012-05-06", NO),
    ("Norwegian President [Jan Vos] said", "2024-06-30", YES),
    ("Norwegian President [Jan Vos] said", "2024-07-01", UNKNOWN),
    ("President [Jan Vos] said", "2018-02-14", YES),
    ("Norwegian President [Ada Lind] said", "2018-02-14", NO),
    ("former Norwegian President [Ada Lind] said", "2018-02-14", YES),
    ("former Norwegian President [Ada Lind] said", "2008-02-14", NO),
    ("former Norwegian President [Jan Vos] said", "2018-02-14", NO),
    ("Norwegian President-elect [Jan Vos] said", "2012-04-01", YES),
    ("Norwegian President [Ivo Marek] said", "2018-02-14", NO),
    ("Norwegian President [Ivo Marek] said", "2025-02-14", UNKNOWN),
    ("Norwegian President [Eli Falk] said", "2018-02-14", NO),
    ("Norwegian President [Janne Vosz] said", "2018-02-14", NO),
    ("Norwegian President [Jann Voss] said", "2018-02-14", NO),
    ("Swedish President [Jan Vos] said", "2018-02-14", UNKNOWN),
    ("Norwegian Foreign Minister [Ola Berg] said", "2014-06-01", UNKNOWN),
    ("Norwegian Foreign Minister [Ola Berg] said", "2015-01-01", YES),
    ("Norwegian Foreign Minister [Ola Berg] said", "2018-06-15", UNKNOWN),
    ("Norwegian Foreign Minister [Ola Berg] said", "2018-07-01", NO),
    ("Norwegian Foreign Minister [Ola Berg] said", "2013-12-31", NO),
    ("Norwegian Foreign Minister [Per Dahl] said", "2016-01-01", NO),
    ("Norwegian Deputy Foreign Minister [Per Dahl] said", "2016-01-01", YES),
    ("Norwegian Deputy Foreign Minister [Ola Berg] said", "2016-01-01", UNKNOWN),
    ("Swedish Foreign Minister [Kari Moe] said", "2016-01-01", YES),
    ("NATO Secretary General [Nils Aas] said", "2016-01-01", YES),
    ("NATO Secretary General [Ivo Marek] said", "2016-01-01", NO),
    ("UN Secretary-General [Nils Aas] said", "2016-01-01", UNKNOWN),
    ("NATO chief [Nils Aas] said", "2016-01-01", YES),
    ("Norwegian Prime Minister [Eva Ek] said", "2018-06-01", YES),
    ("acting Norwegian Prime Minister [Eva Ek] said", "2018-06-01", YES),
    ("[Jan Vos], the country's president, said", "2018-06-01", YES),
    ("State Department spokesman [Bo Rask] said", "2016-06-01", YES),
    ("Secretary General [Nils Aas] said", "2016-01-01", YES),
    ("Governor [Una Sand] said", "2016-01-01", YES),
    ("President [Una Sand] said", "2016-01-01", YES),
    ("Norwegian President [Una Sand] said", "2016-01-01", NO),
    ("Norges Bank executive director [Ivo Marek] said", "2016-01-01", UNKNOWN),
    ("Pentagon spokesman [Bo Rask] said", "2016-06-01", UNKNOWN),
    ("Norwegian President [Jan Vos] said", None, UNKNOWN),
])
def test_a_role_is_checked_as_of_the_day(sentence, on, check):
    assert found(sentence, on).role.check is check


def test_a_name_spelled_like_the_holders_contradicts_nothing():
    assert found("Norwegian Foreign Minister [Olav Bergh] said", "2015-06-01").role.check is UNKNOWN


def test_a_consistent_role_is_completed_by_the_registry_and_says_its_evidence():
    role = found("President [Jan Vos] said", "2018-02-14").role
    assert (role.position_id, role.country, role.valid_on.date()) == ("Q90000011", "NO", date(2018, 2, 14))
    assert role.evidence == "President (NO), 2012-05-07 to open at 2024-06-30"


def test_a_contradicted_role_says_who_held_it():
    role = found("Norwegian President [Ivo Marek] said", "2018-02-14").role
    assert role.evidence == "2018-02-14: Jan Vos, President (NO), 2012-05-07 to open at 2024-06-30"
    assert role.position_id is None


GARDEN = (
    "The Press Secretary of Norwegian President [{}] observed",
    "The Press Secretary of the Norwegian President [{}] observed",
    "the press secretary of the President of Norway [{}] observed",
    "the spokesman of Norway's president [{}] observed",
    "The spokesman for Norwegian President [{}] observed",
)


@pytest.mark.parametrize("sentence", GARDEN)
@pytest.mark.parametrize("registry", [REGISTRY, NOBODY])
@pytest.mark.parametrize("name", ["Ivo Marek", "Eli Falk"])
def test_the_press_secretary_never_becomes_president_whoever_he_is_and_whatever_is_known(sentence, registry, name):
    """By the check where the registry knows the president, by the parse where it knows nobody."""
    decision = found(sentence.format(name), "2018-02-14", registry)
    assert decision is None or decision.said.office is Office.SPOKESPERSON
    if registry is REGISTRY:
        assert decision.role.check is (YES if name == "Ivo Marek" else UNKNOWN)


@pytest.mark.parametrize("sentence", GARDEN)
def test_the_president_is_the_president_where_the_registry_says_so(sentence):
    decision = found(sentence.format("Jan Vos"), "2018-02-14")
    assert (decision.said.office, decision.role.check) == (Office.HEAD_OF_STATE, YES)


@pytest.mark.parametrize("sentence", GARDEN[:4])
def test_of_is_read_as_the_one_who_serves_without_a_registry(sentence):
    decision = found(sentence.format("Eli Falk"), "2018-02-14", NOBODY)
    assert (decision.said.office, decision.role.check) == (Office.SPOKESPERSON, UNKNOWN)


def test_nothing_is_decided_where_nothing_is_said():
    assert found("[Jan Vos] said", "2018-02-14") is None


def test_a_role_with_office_and_country_counts_more_than_a_vague_one():
    decision = found("General [Kari Moe], the Swedish foreign minister, said", "2016-01-01")
    assert decision.said.office is Office.FOREIGN_MINISTER


@pytest.mark.parametrize(("name", "sentence", "countries", "on", "qid", "method"), [
    ("Jan Vos", "Norwegian President [Jan Vos]", (), "2018-02-14", "Q90000001", "registry_role"),
    ("Jan Vos", "[Jan Vos]", ("NO",), "2018-02-14", "Q90000001", "registry_name"),
    ("Jan Vos", "[Jan Vos]", (), "2018-02-14", None, None),
    ("Kari Moe", "Swedish Foreign Minister [Kari Moe]", (), "2016-01-01", "Q90000004", "registry_role"),
    ("Kari Moe", "Canadian Senator [Kari Moe]", (), "2005-01-01", "Q90000005", "registry_role"),
    ("Kari Moe", "[Kari Moe]", ("SE", "CA"), "2010-01-01", None, None),
    ("Kari Moe", "[Kari Moe]", ("SE",), "2016-01-01", "Q90000004", "registry_name"),
    ("Vos", "Norwegian President [Vos]", (), "2018-02-14", "Q90000001", "registry_role"),
    ("Vos", "President [Vos]", (), "2018-02-14", None, None),
    ("Lind", "Norwegian President [Lind]", (), "2018-02-14", None, None),
    ("Nobody Known", "[Nobody Known]", ("NO",), "2018-02-14", None, None),
])
def test_a_name_means_whom_the_evidence_says_or_nobody(name, sentence, countries, on, qid, method):
    roles = roles_in(*marked(sentence))
    answer = who(name, roles, countries, date.fromisoformat(on), REGISTRY)
    assert (answer.person.qid if answer.person else None, answer.method) == (qid, method)
    assert 0 <= answer.confidence <= 1


def test_homonyms_are_told_as_candidates_best_first():
    answer = who("Kari Moe", (), ("SE", "CA"), date(2010, 1, 1), REGISTRY)
    assert sorted(each.person.qid for each in answer.candidates) == ["Q90000004", "Q90000005"]
    assert [each.score for each in answer.candidates] == sorted((each.score for each in answer.candidates), reverse=True)


def test_the_check_needs_no_country_where_the_person_is_known():
    text, mentions = marked("Foreign Minister [Ola Berg]")
    [role] = roles_in(text, mentions)
    assert checked(role, REGISTRY.people("Ola Berg"), REGISTRY, date(2016, 1, 1)).check is YES
    assert checked(role, (), REGISTRY, date(2016, 1, 1), "Ola Berg").check is UNKNOWN
