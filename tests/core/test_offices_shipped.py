"""The registry that ships: sound, understood whole, and right where it matters most."""

from datetime import date

import pytest

from schemas.mention import RoleCheck
from streams.core.offices.decide import decided
from streams.core.offices.merge import merged
from streams.core.offices.model import Held, Office, held
from streams.core.offices.registry import Registry
from streams.core.offices.rows import tenure_of, wrong
from streams.core.tagging.roles import roles_in
from streams.offices import shipped
from tests.core.bracketed import marked

ROWS = list(shipped.rows())
REGISTRY = Registry.of(merged(ROWS))


def test_it_holds_the_offices_most_quoted():
    assert len(ROWS) >= 450
    kinds = {tenure_of(row).office for row in ROWS}
    assert kinds >= {
        Office.HEAD_OF_STATE, Office.HEAD_OF_GOVERNMENT, Office.FOREIGN_MINISTER, Office.DEFENCE_MINISTER,
        Office.SPOKESPERSON, Office.CENTRAL_BANK, Office.INTL_ORG_HEAD,
    }
    assert len({row.country for row in ROWS}) >= 45


def test_every_row_is_sound_and_its_days_are_in_order():
    assert [(row.name, why) for row in ROWS if (why := wrong(row))] == []
    assert [row.name for row in ROWS if row.start is None or (row.end and row.start.first > row.end.last)] == []
    assert [row.name for row in ROWS if row.end is None and row.start.first > row.as_of] == []


def test_every_title_is_understood_and_says_where_it_is():
    for row in ROWS:
        tenure = tenure_of(row)
        assert tenure.country or tenure.body, row.title
        assert tenure.rank in {"national_security_adviser", "security_secretary", "special_envoy"} or tenure.office is not Office.OTHER, row.title


def test_a_name_is_one_person_and_an_id_one_name():
    assert len({row.qid for row in ROWS if row.qid}) == len({row.name for row in ROWS if row.qid})
    assert [row.name for row in ROWS if len(REGISTRY.people(row.name)) != 1] == []


@pytest.mark.parametrize("office", [Office.HEAD_OF_STATE, Office.HEAD_OF_GOVERNMENT, Office.FOREIGN_MINISTER, Office.DEFENCE_MINISTER])
def test_nobody_holds_an_office_that_another_holds_that_day(office):
    tenures = {(tenure.country, tenure.rank, row.name): [] for row in ROWS if (tenure := tenure_of(row)).office is office and not tenure.deputy}
    for row in ROWS:
        tenure = tenure_of(row)
        if (tenure.country, tenure.rank, row.name) in tenures and tenure.start:
            tenures[tenure.country, tenure.rank, row.name].append(tenure)
    for (country, rank, name), own in tenures.items():
        for tenure in own:
            on = tenure.start.last
            others = [other for (c, r, n), known in tenures.items() for each in known for other in [n] if (c, r) == (country, rank) and n != name
                      and held(each, on) is Held.YES and each.end.first != on]
            assert others == [], (name, country, on)


@pytest.mark.parametrize(("sentence", "on", "check"), [
    ("The Press Secretary of Russian President [Dmitry Peskov] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("Russian President [Vladimir Putin] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("Russian President [Dmitry Peskov] spoke", "2018-02-14", RoleCheck.CONTRADICTED),
    ("Russian President [Vladimir Putin] spoke", "2010-02-14", RoleCheck.CONTRADICTED),
    ("Russian Prime Minister [Vladimir Putin] spoke", "2010-02-14", RoleCheck.CONSISTENT),
    ("Russian Foreign Minister [Sergei Lavrov] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("Foreign Ministry spokeswoman [Maria Zakharova] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("White House press secretary [Sarah Sanders] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("White House press secretary [Sarah Sanders] spoke", "2021-02-14", RoleCheck.CONTRADICTED),
    ("State Department spokeswoman [Heather Nauert] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("U.S. Secretary of State [Rex Tillerson] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("German Chancellor [Angela Merkel] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("former German Chancellor [Angela Merkel] spoke", "2023-02-14", RoleCheck.CONSISTENT),
    ("UN Secretary-General [Antonio Guterres] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("NATO Secretary-General [Jens Stoltenberg] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("Turkish President [Tayyip Erdogan] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("Federal Reserve Chair [Jerome Powell] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("EU foreign policy chief [Federica Mogherini] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("Chinese Foreign Ministry spokesman [Geng Shuang] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("the IAEA's director general, [Yukiya Amano], spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("British Foreign Secretary [Boris Johnson] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("[Boris Johnson], Britain's prime minister, spoke", "2018-02-14", RoleCheck.CONTRADICTED),
    ("North Korean leader [Kim Jong Un] spoke", "2018-02-14", RoleCheck.CONSISTENT),
    ("Russian President [Vladimir Putin] spoke", "2030-02-14", RoleCheck.UNKNOWN),
])
def test_roles_in_the_news_are_checked_by_what_ships(sentence, on, check):
    text, mentions = marked(sentence)
    name = text[mentions[0].start:mentions[0].end]
    decision = decided(roles_in(text, mentions), REGISTRY.people(name), REGISTRY, date.fromisoformat(on), name)
    assert decision.role.check is check


def test_who_has_no_confirmed_id_has_none():
    [peskov] = REGISTRY.people("Dmitry Peskov")
    [putin] = REGISTRY.people("Vladimir Putin")
    assert (peskov.qid, putin.qid) == (None, "Q7747")
