"""Our own gold: every quoted string is located or refused, the articles are sound, and the scorer knows right from wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from schemas.clean_article import Language, Segment
from schemas.mention import Mention, MentionKind, Role
from schemas.span import Span
from schemas.statement import Cue, Hop, Official, SaidOn, Speaker, Statement, StatementMode
from schemas.tagged_article import TaggedArticle
from streams.bench.gold import GoldArticle, GoldStatement, load, read
from streams.bench.gold_run import registry
from streams.bench.gold_scores import figures, tally
from streams.bench.gold_table import GoldError, Quoted

HEAD = """
id = "x"
covers = ["nothing"]
text = '''
Port stays open

Ada Holm said the port of Riga was open. "It is open," Holm said. Rigand is no town.
'''
"""
MENTION = '[[mention]]\nkind = "GPE"\n'
STATEMENT = '[[statement]]\nid = "S1"\nmode = "indirect"\nchain = ["Ada Holm"]\n'
SENTENCE = 'in = "Ada Holm said the port of Riga was open"\n'


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (MENTION + 'text = "Oslo"', "x.toml:9 mention 'Oslo': 'Oslo' is nowhere"),
        (MENTION + 'text = "Rig"', "'Rig' is nowhere"),
        (MENTION + 'text = "Riga"\nqid = "1773"', "qid '1773' is no Wikidata id"),
        (MENTION + 'text = "Riga"\nquid = "Q1773"', "unknown key quid"),
        (MENTION + 'text = "port of Riga"\n[[mention]]\nkind = "GPE"\ntext = "Riga was"', "overlaps 'port of Riga'"),
        (MENTION + 'text = "port of Riga"\n[[mention]]\nkind = "GPE"\ntext = "Riga"', "only inside longer mentions"),
        (MENTION + 'text = "Riga"\n[[mention]]\nkind = "TOWN"\ntext = "Holm"', "kind 'TOWN' is none of"),
        (STATEMENT + 'content = ["the port"]\ncue = "said"', "'said' stands in 2 places"),
        (STATEMENT + SENTENCE + 'content = ["the port is open"]', "'the port is open' stands in 0 places"),
        (STATEMENT + 'in = "Holm said"\ncontent = ["the port"]', "in 'Holm said' stands in 2 places"),
        (STATEMENT + 'content = ["It is open,"]', "begins or ends with a mark"),
        (STATEMENT + 'content = ["the port"]\nnot_after = "May 4"', "'May 4' is no date"),
        (STATEMENT + 'content = ["the port"]\nact = "sing"', "act 'sing' is none of"),
        (STATEMENT + 'content = ["the port"]\nrendition_of = "S9"', "rendition_of S9, which is not there"),
        (STATEMENT + 'content = ["the port"]\nrole = "mayor"', "role 'mayor' is not in the text"),
        ("colour = 'red'", "unknown key colour"),
        ("id = 'y'", "x.toml: Cannot overwrite a value"),
    ],
)  # fmt: skip
def test_what_cannot_be_believed_is_refused_with_its_place(more: str, complaint: str) -> None:
    with pytest.raises(GoldError) as caught:
        read(HEAD + more, "x.toml")
    assert complaint in str(caught.value)


def test_strings_are_looked_for_in_the_excerpt_first_and_elsewhere_only_if_they_are_not_in_it() -> None:
    more = STATEMENT + SENTENCE + 'content = ["It is open"]\ncue = "said"\nspeaker = "Ada Holm"'
    one = read(HEAD + more, "x.toml").statements[0]
    assert one.cue is not None
    assert (one.cue.start, one.content[0].start) == (26, 59)


def test_a_mention_inside_a_longer_one_is_none() -> None:
    more = '[[mention]]\ntext = "Holm"\nkind = "PERSON"\n[[mention]]\ntext = "Ada Holm"\nkind = "PERSON"'
    assert [each.span.text for each in read(HEAD + more, "x.toml").mentions] == ["Ada Holm", "Holm"]


GOLD = load()


def test_there_is_enough_gold() -> None:
    statements = [each for article in GOLD for each in article.statements]
    assert len(GOLD) >= 60
    assert sum(each.qid is not None for article in GOLD for each in article.mentions) >= 300
    assert {each.mode for each in statements} == set(StatementMode)
    assert sum(not article.statements for article in GOLD) >= 3


def test_names_of_files_are_names_of_articles_and_no_text_comes_twice() -> None:
    assert [f"{article.id}.toml" for article in GOLD] == [article.file for article in GOLD]
    assert len({article.text for article in GOLD}) == len(GOLD)


def test_the_invented_people_whose_roles_are_checked_have_tenures() -> None:
    known = registry()
    checked = {
        (article.file, each.name)
        for article in GOLD
        for each in article.statements
        if each.check.value != "unknown" and each.kind == "person" and not each.qid
    }
    assert [each for each in sorted(checked, key=str) if each[1] and not known.people(each[1])] == []


def test_gold_answers_itself() -> None:
    """A reader who finds exactly what is annotated has every share 1."""
    found = figures(tally((article, _event(article)) for article in GOLD))
    assert {name: share for name, share in found.items() if share < 1} == {}


def test_nothing_found_is_nothing_right() -> None:
    found = figures(tally((article, None) for article in GOLD))
    assert {share for name, share in found.items()} == {0.0}


SAID = STATEMENT + SENTENCE + 'content = ["the port of Riga was open"]\ncue = "said"\nspeaker = "Ada Holm"\nname = "Ada Holm"'


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        ((35, 56), "Ada Holm", (1, 1, 1)),
        ((35, 56), "Ida Holm", (1, 1, 0)),
        ((39, 43), "Ada Holm", (1, 0, 1)),
        ((18, 60), "Ada Holm", (1, 1, 1)),
        ((0, 16), "Ada Holm", (0, 0, 0)),
    ],
)
def test_content_is_right_by_half_and_the_speaker_by_name(
    content: tuple[int, int], name: str, expected: tuple[int, int, int]
) -> None:
    article = read(HEAD + SAID, "x.toml")
    event = _event(article)
    span = _span(article, Quoted(*content, ""))
    said = event.statements[0].model_copy(update={"content": (span,), "speaker": Speaker(name=name, kind="person")})
    counts = tally([(article, event.model_copy(update={"statements": (said,)}))])
    assert tuple(counts.right[each] for each in ("precision", "recall", "speaker_precision")) == expected


def _event(article: GoldArticle) -> TaggedArticle:
    """Return the event of a reader who finds exactly what is annotated."""
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    return TaggedArticle(
        article_id="a",
        version="v",
        text=article.text,
        language=Language(code="en", probability=1),
        event_time=moment,
        segments=tuple(
            Segment(start=each.span.start, end=each.span.end, kind=each.kind, rule="gold") for each in article.segments
        ),
        mentions=tuple(
            _mention(article, each.span, each.kind).model_copy(update={"qid": each.qid}) for each in article.mentions
        ),
        statements=tuple(_said(article, each) for each in article.statements),
    )


def _said(article: GoldArticle, gold: GoldStatement) -> Statement:
    role = Role(text=gold.role, check=gold.check) if gold.role else None
    return Statement(
        statement_id=gold.id,
        mode=gold.mode,
        speech_act=gold.act,
        content=tuple(_span(article, each) for each in gold.content),
        cue=Cue(**_span(article, gold.cue).model_dump(), lemma="say", factive=False) if gold.cue else None,
        speaker=Speaker(
            mention=_mention(article, gold.speaker, MentionKind.PERSON) if gold.speaker else None,
            name=gold.name or (gold.speaker.text if gold.speaker else ""),
            kind="person",
            role=role,
        )
        if gold.name or gold.speaker
        else None,
        addressee=_span(article, gold.addressee) if gold.addressee else None,
        target=_span(article, gold.target) if gold.target else None,
        venue=_span(article, gold.venue) if gold.venue else None,
        recurring=gold.recurring,
        chain=tuple(
            Hop(hop=n, actor=each.actor, relation="said", date=_moment(each.day)) for n, each in enumerate(gold.chain)
        ),
        said_on=SaidOn(basis="gold", not_before=_moment(gold.not_before), not_after=_moment(gold.not_after)),
        attribution=gold.attribution,
        inserts=tuple(_span(article, each) for each in gold.inserts),
        rendition_of=gold.rendition_of,
        official=Official(is_official=gold.official),
        confidence=1,
    )


def _span(article: GoldArticle, at: Quoted) -> Span:
    text = article.text[at.start : at.end]
    return Span(start=at.start, end=at.end, raw_start=at.start, raw_end=at.end, text=text)


def _mention(article: GoldArticle, at: Quoted, kind: MentionKind) -> Mention:
    return Mention(**_span(article, at).model_dump(), kind=kind, confidence=1)


def _moment(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
