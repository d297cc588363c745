"""What gazetteers, shapes and the rest of the article add to the mentions that the model marks."""

from __future__ import annotations

import pytest

from schemas.mention import Mention, MentionKind
from streams.core.cleaning.language import language_of
from streams.core.offices.registry import Registry
from streams.core.tagging.elsewhere import completed
from streams.core.tagging.extents import extents_of
from streams.core.tagging.gazetteer import gazetteer_of
from streams.core.tagging.linking import linked
from streams.core.tagging.mentions import Found, bounded
from streams.core.tagging.merge import merged
from streams.core.tagging.names import names_of
from streams.core.tagging.resolve import Backdrop, resolved
from streams.core.tagging.shapes import shapes_of
from streams.core.tagging.tag import load_tagger
from tests.core.reading import article

NAMES, GAZETTEER, SHAPES, EXTENTS = names_of("en"), gazetteer_of("en"), shapes_of("en"), extents_of("en")


def spans(text: str, marked: dict[str, str]) -> list[Found]:
    """What the model is said to mark: name → kind, at its first place."""
    return sorted((Found(text.index(name), text.index(name) + len(name), MentionKind(kind)) for name, kind in marked.items()), key=lambda found: found.start)


def names(text: str, found: list[Found]) -> dict[str, str]:
    return {text[each.start:each.end]: each.kind.value for each in found}


def read(text: str, marked: dict[str, str]) -> dict[str, str]:
    model = [each for found in spans(text, marked) for each in bounded(text, found, NAMES)]
    return names(text, EXTENTS.fitted(text, merged(text, model, GAZETTEER, SHAPES, frozenset())))


MERGED = [
    # a listed name has its kind, and is a mention where the model sees none
    ("Norwegian boats left Tbilisi.", {"Norwegian": "ORG", "Tbilisi": "PERSON"}, {"Norwegian": "NORP", "Tbilisi": "GPE"}),
    ("NATO and the IAEA met in Geneva.", {}, {"NATO": "ORG", "IAEA": "ORG", "Geneva": "GPE"}),
    ("KREMLIN DENIES REPORT ON GENEVA TALKS", {}, {"KREMLIN": "ORG", "GENEVA": "GPE"}),
    ("Reuters reported it.", {"Reuters": "ORG"}, {"Reuters": "WIRE"}),
    # the longer stands
    ("The Bank of China said so.", {"Bank of China": "ORG"}, {"Bank of China": "ORG"}),
    ("UN Security Council members", {"Security Council": "ORG"}, {"UN Security Council": "ORG"}),
    ("Jordan Whitlock spoke.", {"Jordan Whitlock": "PERSON"}, {"Jordan Whitlock": "PERSON"}),
    # only whole words, no addresses
    ("A woman from Romania wrote to info@iran.example and @Reuters.", {}, {"Romania": "GPE"}),
    # what is also an ordinary word is no mention by itself
    ("Congress was told. The Times are bad.", {"Congress": "ORG"}, {"Congress": "ORG"}),
    ("He was a Liberal.", {"Liberal": "NORP"}, {"Liberal": "ORG"}),
    # shapes
    ("The Harbour Workers' Party won.", {"Harbour Workers": "ORG"}, {"Harbour Workers' Party": "ORG"}),
    ("The Radical Party of the Northern Isles won.", {"Radical Party": "ORG"}, {"Radical Party of the Northern Isles": "ORG"}),
    ("The Radical Party of Ann Bee won.", {"Radical Party": "ORG", "Ann Bee": "PERSON"}, {"Radical Party": "ORG", "Ann Bee": "PERSON"}),
    ("She lost the 2016 Norwegian parliamentary election.", {"Norwegian": "NORP", "2016": "DATE"}, {"2016 Norwegian parliamentary election": "EVENT"}),
    ("The FDRZ and the CEO met.", {"FDRZ": "PERSON"}, {"FDRZ": "ORG"}),
    ("in South Australia and North Macedonia", {}, {"South Australia": "GPE", "North Macedonia": "GPE"}),
    # extents
    ("Yesterday V. Melin agreed.", {"Melin": "PERSON"}, {"V. Melin": "PERSON"}),
    ("His colleague, Despina Kalo, agreed.", {"Kalo": "PERSON"}, {"Despina Kalo": "PERSON"}),
    ("The leader, President Kalo, agreed.", {"Kalo": "PERSON"}, {"Kalo": "PERSON"}),
    ("the Hemel air base and Lake Sarun", {"Hemel": "NORP", "Lake Sarun": "PERSON"}, {"Hemel air base": "FAC", "Lake Sarun": "LOC"}),
    ("the Gulf states and Oslo airport", {"Gulf states": "LOC", "Oslo": "GPE"}, {"Gulf": "LOC", "Oslo": "GPE"}),
    ("Lambros Ioan, who fishes, agreed with Mr. Pell Pellin.", {"Lambros Ioan": "ORG", "Pell Pellin": "GPE"}, {"Lambros Ioan": "PERSON", "Pell Pellin": "PERSON"}),
    ("the Union of Bakers (UB met the 7 Seas Board", {"Union of Bakers (UB": "ORG", "7 Seas Board": "ORG"}, {"Union of Bakers": "ORG", "Seas Board": "ORG"}),
    ("the Bakers' Union and Millers' League met", {"Bakers' Union and Millers' League": "ORG"}, {"Bakers' Union": "ORG", "Millers' League": "ORG"}),
    ("The River News Agency and the Elm Gazette wrote.", {"River News Agency": "ORG", "Elm Gazette": "ORG"}, {"River News Agency": "WIRE", "Elm Gazette": "OUTLET"}),
    ("Ann Bee (R-Pa.) of “Florida said MORE, and more than the XYZT: no", {"R-Pa.": "ORG", "“Florida": "GPE"}, {"Florida": "GPE"}),
    ("Sports Board\n\nAnn Bee came.", {"Sports Board\n\nAnn Bee": "ORG"}, {"Sports Board": "ORG", "Ann Bee": "ORG"}),
    ("The spokesperson, Spokesperson said", {"Spokesperson": "PERSON"}, {}),
]


@pytest.mark.parametrize(("text", "marked", "wanted"), MERGED)
def test_mentions_are_corrected_and_completed(text: str, marked: dict[str, str], wanted: dict[str, str]) -> None:
    assert read(text, marked) == wanted


ELSEWHERE = [
    (["Orlov denies it", "Dmitry Orlov denied it. Orlov left."], [{}, {"Dmitry Orlov": "PERSON"}], [{"Orlov": "PERSON"}, {"Dmitry Orlov": "PERSON", "Orlov": "PERSON"}]),
    (["ORLOV DENIES IT", "Dmitry Orlov denied it."], [{}, {"Dmitry Orlov": "PERSON"}], [{"ORLOV": "PERSON"}, {"Dmitry Orlov": "PERSON"}]),
    (["Orlov denies it", "Dmitry Orlov denied it."], [{"Orlov": "ORG"}, {"Dmitry Orlov": "PERSON"}], [{"Orlov": "PERSON"}, {"Dmitry Orlov": "PERSON"}]),
    (["Outi Karhu came. Karhu spoke."], [{"Outi Karhu": "GPE"}], [{"Outi Karhu": "GPE"}]),
    (["Outi Karhu came.", "Karhu spoke."], [{"Outi Karhu": "GPE"}, {"Karhu": "GPE"}], [{"Outi Karhu": "PERSON"}, {"Karhu": "PERSON"}]),
    (["The Seas Board came.", "The Board spoke."], [{"Seas Board": "ORG"}, {"Board": "ORG"}], [{"Seas Board": "ORG"}, {"Board": "ORG"}]),
    (["Orlovsky came.", "Dmitry Orlov denied it."], [{}, {"Dmitry Orlov": "PERSON"}], [{}, {"Dmitry Orlov": "PERSON"}]),
]


@pytest.mark.parametrize(("texts", "marked", "wanted"), ELSEWHERE)
def test_one_place_of_an_article_teaches_about_the_others(texts: list[str], marked: list[dict[str, str]], wanted: list[dict[str, str]]) -> None:
    fields = [(text, spans(text, each)) for text, each in zip(texts, marked, strict=True)]
    found = completed(fields, NAMES, EXTENTS.bodies)
    assert [names(text, each) for text, each in zip(texts, found, strict=True)] == wanted


LINKED = [
    ("Georgia", {"Tbilisi"}, "Q230", "gazetteer_context"), ("Georgia", {"Atlanta", "Republicans"}, "Q1428", "gazetteer_context"),
    ("Georgia", set(), None, "ambiguous"), ("Georgia", {"Tbilisi", "Atlanta"}, None, "ambiguous"),
    ("Washington", set(), "Q61", "gazetteer_usual"), ("Washington", {"Seattle"}, "Q1223", "gazetteer_context"), ("Congo", {"Goma"}, "Q974", "gazetteer_context"),
    ("Kremlin", set(), None, "metonym"), ("Denmark", set(), "Q35", "rigour_name"), ("Boko Haram", set(), None, "id_not_known"), ("Syrian conflict", set(), "Q178810", "gazetteer"),
    ("Odessa", set(), "Q1874", "gazetteer"), ("Odessa|, Texas", set(), None, "other_place"), ("Atlanta|, Ga.", set(), "Q23556", "gazetteer"),
    ("Congress", {"White House"}, "Q11268", "gazetteer_context"), ("Congress", {"Peru"}, None, "ambiguous"), ("America", set(), "Q30", "gazetteer_usual"),
]


@pytest.mark.parametrize(("name", "others", "qid", "how"), LINKED)
def test_a_listed_name_is_linked_or_null_with_a_reason(name: str, others: set[str], qid: str | None, how: str) -> None:
    name, after = name.split("|") if "|" in name else (name, "")
    entry = GAZETTEER.by_name[name]
    link = linked(name + after, Found(0, len(name), entry.kind, entry), {name, *others}, NAMES)
    assert (link.qid, link.method or link.nil_reason) == (qid, how)
    assert (how == "ambiguous") <= bool(link.candidates)


def test_letters_in_brackets_mean_the_body_before_them_and_nothing_else() -> None:
    text = "The Irish Creamery Council (ICC) met. The ICC left."
    found = merged(text, spans(text, {"Irish Creamery Council": "ORG"}), GAZETTEER, SHAPES, frozenset())
    links = resolved([(text, found)], NAMES, Backdrop(Registry.empty(), None, "en"), "a")
    assert [(text[each.start:each.end], link.qid, link.nil_reason) for each, (link, _) in zip(found, links, strict=True)][1:] == [("ICC", None, "stands_for_unlinked_name")] * 2
    assert len({entity for _, entity in links}) == 1


def test_no_family_is_needed() -> None:
    families = frozenset({"ambiguous", "territories", "demonyms", "cities", "regions", "international", "national", "groups", "parties", "events", "outlets", "bodies", "metonyms"})
    assert gazetteer_of("en", families).found("Norway and NATO") == []


@pytest.mark.parametrize(("text", "code"), [
    ("The leaders of Huế, Quảng Tín, Tam Kỳ and Cần Thơ met with those of Phan Thiết and Tuy Hòa.", "en"),
    ("Il presidente ha detto che la band The Who non verrà mai più a suonare nella nostra città.", "it"),
])
def test_a_short_text_full_of_foreign_names_is_in_the_language_of_its_small_words(text: str, code: str) -> None:
    assert language_of(text).code == code


def test_a_metonym_says_for_what_it_stands() -> None:
    found: dict[str, Mention] = {mention.text: mention for mention in load_tagger().tag(article("The Kremlin denied the report on Friday, and so did the White House.")).mentions}
    assert (found["Kremlin"].kind, found["Kremlin"].qid, found["Kremlin"].nil_reason, found["Kremlin"].metonym_for) == (MentionKind.ORG, None, "metonym", "Government of Russia")
    assert found["White House"].metonym_for is not None
