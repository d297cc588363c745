"""Roles said beside a name. Names in [brackets] are mentions of people, in <these> of organisations."""

import re
from pathlib import Path

import pytest

from schemas.mention import MentionKind
from streams.core.offices.model import Office
from streams.core.tagging.mentions import Found
from streams.core.tagging.roles import role_of, roles_in
from tests.core.bracketed import marked

S, G, F, D = Office.HEAD_OF_STATE, Office.HEAD_OF_GOVERNMENT, Office.FOREIGN_MINISTER, Office.DEFENCE_MINISTER
P, B, N, X = Office.SPOKESPERSON, Office.CENTRAL_BANK, Office.INTL_ORG_HEAD, Office.OTHER


def said(sentence):
    """Return (name, role, office, country) of every preferred reading."""
    text, mentions = marked(sentence)
    names = {each.start: text[each.start:each.end] for each in mentions}
    found = roles_in(text, mentions)
    assert all(text[role.start:role.end] == role.text for role in found)
    return [(names[role.person], role.text, role.office, role.country) for role in found if role.preference == 0]


@pytest.mark.parametrize(("sentence", "expected"), [
    ("Norwegian President [Ivo Marek] said", [("Ivo Marek", "Norwegian President", S, "NO")]),
    ("the president of Norway [Ivo Marek] said", [("Ivo Marek", "president of Norway", S, "NO")]),
    ("Norway's prime minister [Ivo Marek] said", [("Ivo Marek", "Norway's prime minister", G, "NO")]),
    ("U.S. Secretary of State [Ivo Marek] said", [("Ivo Marek", "U.S. Secretary of State", F, "US")]),
    ("French Foreign Minister [Ivo Marek] met [Jan Vos]", [("Ivo Marek", "French Foreign Minister", F, "FR")]),
    ("Minister of Foreign Affairs of the Russian Federation [Ivo Marek]", [("Ivo Marek", "Minister of Foreign Affairs of the Russian Federation", F, "RU")]),
    ("Defence Minister Gen. [Ivo Marek]", [("Ivo Marek", "Defence Minister Gen.", D, None)]),
    ("Iranian defence chief [Ivo Marek]", [("Ivo Marek", "Iranian defence chief", D, "IR")]),
    ("White House press secretary [Ada Lind] said", [("Ada Lind", "White House press secretary", P, "US")]),
    ("Kremlin spokesman [Ivo Marek] said", [("Ivo Marek", "Kremlin spokesman", P, "RU")]),
    ("Foreign Ministry spokeswoman [Ada Lind] said", [("Ada Lind", "Foreign Ministry spokeswoman", P, None)]),
    ("In Moscow, Foreign Ministry spokeswoman [Ada Lind] said", [("Ada Lind", "Foreign Ministry spokeswoman", P, None)]),
    ("UN Secretary-General [Ivo Marek] said", [("Ivo Marek", "UN Secretary-General", N, None)]),
    ("the head of the IAEA, [Ivo Marek], said", [("Ivo Marek", "head of the IAEA", N, None)]),
    ("Bank of England Governor [Ivo Marek] said", [("Ivo Marek", "Bank of England Governor", B, "GB")]),
    ("ECB President [Ada Lind] said", [("Ada Lind", "ECB President", B, None)]),
    ("<Acme Steel> CEO [Ivo Marek] said", [("Ivo Marek", "Acme Steel CEO", X, None)]),
    ("<Latvian Foreign Ministry> spokeswoman [Ada Lind] said", [("Ada Lind", "Latvian Foreign Ministry spokeswoman", P, "LV")]),
    ("Bank of England executive director [Ada Lind] said", [("Ada Lind", "Bank of England executive director", X, "GB")]),
    ("UNICEF Executive Director [Ada Lind] said", [("Ada Lind", "UNICEF Executive Director", N, None)]),
    ("Texas Governor [Ivo Marek] said", [("Ivo Marek", "Texas Governor", X, "US")]),
    ("Minister of Justice [Ivo Marek] and Justice [Ada Lind]", [("Ivo Marek", "Minister of Justice", Office.MINISTER, None), ("Ada Lind", "Justice", X, None)]),
    ("Côte d'Ivoire's president, [Ivo Marek], said", [("Ivo Marek", "Côte d'Ivoire's president", S, "CI")]),
    ("talks with President [Marek] went on", [("Marek", "President", S, None)]),
    ("the visit to Russia of President [Marek]", [("Marek", "President", S, None)]),
    ("the wife of President [Ivo Marek] said", [("Ivo Marek", "President", S, None)]),
    ("the government of President [Ivo Marek] said", [("Ivo Marek", "President", S, None)]),
    ("the foreign minister and President [Marek]", [("Marek", "President", S, None)]),
    ("The minister said. [Ivo Marek] left", []),
    ("[Ivo Marek] said", []),
    ("Presidential adviser\n[Ivo Marek] said", []),
])
def test_a_title_before_the_name(sentence, expected):
    assert said(sentence) == expected


@pytest.mark.parametrize(("sentence", "expected"), [
    ("[Ivo Marek], the country's foreign minister, said", [("Ivo Marek", "country's foreign minister", F, None)]),
    ("[Ivo Marek], 54, Norway's foreign minister, said", [("Ivo Marek", "Norway's foreign minister", F, "NO")]),
    ("[Ivo Marek] (the Norwegian foreign minister) said", [("Ivo Marek", "Norwegian foreign minister", F, "NO")]),
    ("[Ivo Marek], who heads the central bank, said", [("Ivo Marek", "the central bank", B, None)]),
    ("[Ivo Marek], who is the Iranian foreign minister, said", [("Ivo Marek", "Iranian foreign minister", F, "IR")]),
    ("[Ivo Marek], who was Iran's foreign minister, said", [("Ivo Marek", "Iran's foreign minister", F, "IR")]),
    ("[Ada Lind], deputy speaker of the regional assembly, said", [("Ada Lind", "deputy speaker of the regional assembly", Office.LEGISLATOR, None)]),
    ("[Ada Lind], the head of the port authority of Varna, said", [("Ada Lind", "head of the port authority of Varna", X, None)]),
    ("[Ada Lind], the head of the house said that on Monday night she would not go there", []),
    ("[Ivo Marek] is the acting head of protocol", [("Ivo Marek", "acting head", X, None)]),
    ("[Ivo Marek] as foreign minister", [("Ivo Marek", "foreign minister", F, None)]),
    ("[Ivo Marek] is the Iranian foreign minister.", [("Ivo Marek", "Iranian foreign minister", F, "IR")]),
    ("Senator [Ivo Marek] (R-Texas) said", [("Ivo Marek", "Senator", Office.LEGISLATOR, None), ("Ivo Marek", "R-Texas", Office.LEGISLATOR, "US")]),
    ("[Ivo Marek], a spokesman for the Russian foreign ministry, said", [("Ivo Marek", "spokesman for the Russian foreign ministry", P, "RU")]),
    ("[Ivo Marek], a spokesman for President [Jan Vos], said", [("Ivo Marek", "spokesman for President Jan Vos", P, None), ("Jan Vos", "President", S, None)]),
    ("According to [Ivo Marek], the president said no", []),
    ("[Ivo Marek], the minister said", []),
    ("[Ivo Marek], Russian President [Jan Vos] and others", [("Jan Vos", "Russian President", S, "RU")]),
    ("[Ivo Marek]'s foreign minister said", []),
    ("[Ivo Marek]", []),
])
def test_a_role_after_the_name(sentence, expected):
    assert said(sentence) == expected


@pytest.mark.parametrize(("sentence", "expected"), [
    ("Russian President [Jan Vos]'s spokesman [Ivo Marek] said", [("Jan Vos", "Russian President", S, "RU"), ("Ivo Marek", "Russian President Jan Vos's spokesman", P, "RU")]),
    ("the spokesman for President [Vos], [Ivo Marek], said", [("Vos", "President", S, None), ("Ivo Marek", "spokesman for President Vos", P, None)]),
    ("the president's spokesman, [Ivo Marek], said", [("Ivo Marek", "president's spokesman", P, None)]),
    ("A spokesman for President [Ivo Marek] said", [("Ivo Marek", "President", S, None)]),
    ("The spokesman for President [Marek] said", [("Marek", "President", S, None)]),
])
def test_who_is_served_and_who_serves(sentence, expected):
    assert said(sentence) == expected


def test_the_one_who_is_served_is_named():
    text, mentions = marked("Russian President [Jan Vos]'s spokesman [Ivo Marek] said")
    assert [role.of_person for role in roles_in(text, mentions)] == [None, "Jan Vos"]


@pytest.mark.parametrize("country", ["Russian", "Norwegian", "Chilean", ""])
@pytest.mark.parametrize("form", [
    "The Press Secretary of {} President [Ivo Marek] observed",
    "Press Secretary of the {} President [Ivo Marek] observed",
    "the spokeswoman of the {} president [Ada Lind] observed",
])
def test_a_garden_path_has_two_readings_and_the_one_who_serves_is_preferred(form, country):
    text, mentions = marked(re.sub(r" +", " ", form.format(country)))
    first, second = roles_in(text, mentions)
    assert (first.office, first.preference, second.office, second.preference) == (P, 0, S, 1)
    assert first.doubtful
    assert first.body == "presidency"


@pytest.mark.parametrize(("sentence", "flags"), [
    ("former President [Ivo Marek]", {"former"}), ("then-foreign minister [Ivo Marek]", {"former"}), ("ex-President [Ivo Marek]", {"former"}),
    ("acting Defence Minister [Ivo Marek]", {"acting"}), ("Deputy Foreign Minister [Ivo Marek]", {"deputy"}),
    ("Norwegian President-elect [Ivo Marek]", {"elect"}), ("the former deputy foreign minister [Ivo Marek]", {"former", "deputy"}),
    ("the former president's spokesman [Ivo Marek]", set()), ("President [Ivo Marek]", set()),
])
def test_flags(sentence, flags):
    [role] = roles_in(*marked(sentence))
    assert {flag for flag in ("former", "acting", "deputy", "elect") if getattr(role, flag)} == flags


def test_who_only_wants_an_office_has_none():
    [role] = roles_in(*marked("presidential candidate and hopeful Senator [Ivo Marek]"))
    assert role.office is not S


@pytest.mark.parametrize(("phrase", "office", "country"), [
    ("the Russian foreign minister", F, "RU"), ("a spokesman for the Iranian foreign ministry", P, "IR"), ("the minister", Office.MINISTER, None),
    ("Iran's supreme leader", S, "IR"), ("the White House national security adviser", X, "US"), ("the German chancellor", G, "DE"),
])
def test_a_noun_phrase_without_a_name(phrase, office, country):
    found = role_of(phrase)
    assert (found.office, found.country) == (office, country)


@pytest.mark.parametrize("phrase", ["the river", "", "Norway", "the foreign ministry", "…"])
def test_what_says_no_office(phrase):
    assert role_of(phrase) is None


@pytest.mark.parametrize("text", [
    "of " * 5_000, "President " * 2_000, "the President's " * 1_000, ", " * 8_000, "A. " * 5_000, "(R-" * 5_000, "’s" * 8_000,
    "Republic of the " * 1_000,
])
def test_hostile_text_is_read_in_a_window_beside_each_name(text):
    mentions = [Found(at, at + 3, MentionKind.PERSON) for at in range(10, len(text) - 10, 40)]
    found = roles_in(text, mentions)
    assert len(found) <= 4 * len(mentions)
    assert all(abs(role.start - role.person) <= 200 and role.end - role.person <= 240 for role in found)


def test_no_english_word_stands_in_the_code_of_roles():
    room = Path(__file__).parents[2] / "streams/core"
    code = "".join(path.read_text(encoding="utf-8") for path in (room / "tagging/roles.py", room / "tagging/role_runs.py", room / "offices/phrase.py"))
    strings = re.findall(r'(?<!")"([a-z ]{3,})"(?!")', re.sub(r'"""[\s\S]*?"""', "", code))
    assert not {"president", "minister", "spokesman", "former", "the", "who heads"} & set(strings)


@pytest.mark.parametrize(("sentence", "expected"), [
    ("Estonian Foreign Minister [Ann Bee] met his Moldovan counterpart [Mihai Vos] in Tallinn.", ("Mihai Vos", "Moldovan counterpart", F, "MD")),
    ("Foreign Minister [Ann Bee] spoke with her U.S. counterpart, [Tom Reed], on Monday.", ("Tom Reed", "U.S. counterpart", F, "US")),
    ("Defence Minister [Ann Bee] left. The crew met its Polish counterpart [Jan Vos].", None),
    ("[Ann Bee] met her Polish counterpart [Jan Vos].", None),
])
def test_a_counterpart_holds_the_office_of_the_one_before(sentence, expected):
    found = [each for each in said(sentence) if each[0] != "Ann Bee"]
    assert found == ([expected] if expected else [])
