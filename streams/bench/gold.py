"""gold: the annotated articles of our own, read from `gold/*.toml`, every quoted string located.

An article is one TOML file: the raw text as a producer would send it, and what an expert reader finds in it,
annotated by quoting (docs/gold.md says how). The loader looks each quoted string up: it must stand in
exactly one place, else the file, the table and the string are told. Spans are half-open code points of the
raw text.

    python -m streams.bench.gold check [FILE…]
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.clean_article import SegmentKind
from schemas.mention import MentionKind, RoleCheck
from schemas.statement import Attribution, SpeechAct, StatementMode
from streams.bench.gold_table import GoldError, Quoted, Table
from streams.core.outcome import CommuniqueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FOLDER: Final = Path(str(files("streams.bench").joinpath("gold")))
REGISTRY: Final = FOLDER / "registry.jsonl"
"""Tenures of the invented people, to be read beside the shipped registry."""
UNSEEN: Final = frozenset({"byline", "comment_form", "captcha", "widget", "navigation", "disclaimer"})
"""Segments that are in no field of the event: what is named there is no mention to find."""
GIVEN: Final = ("published", "outlet", "url", "headline")
"""What a producer may give beside the text."""
SPEAKERS: Final = frozenset({"person", "organisation", "country", "office"})
KINDS: Final = frozenset({"PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "OUTLET", "WIRE"})
_MARKS: Final = '"“”„«»'
_END: Final = re.compile(r"[\s,;]$|(?<!\b[A-Za-z]\.[A-Za-z])\.$")
"""How no content ends: a full stop only after initials (U.S.)."""


@dataclass(frozen=True, slots=True)
class GoldSegment:
    """A stretch that is not body."""

    span: Quoted
    kind: SegmentKind


@dataclass(frozen=True, slots=True)
class GoldMention:
    """A named thing. `qid` is None when a link would be wrong; `also`: other ids that are not wrong.

    `metonym`: a place that stands for a body: ORG and LOC are both right.
    """

    span: Quoted
    kind: MentionKind
    qid: str | None
    also: tuple[str, ...]
    metonym: bool


@dataclass(frozen=True, slots=True)
class GoldHop:
    """One hop of a chain; `day` is None when it is not known."""

    actor: str
    day: date | None


@dataclass(frozen=True, slots=True)
class GoldStatement:
    """What somebody is reported to have said, as the guide (docs/gold.md) wants it annotated.

    None: not there, or it cannot be told.
    """

    id: str
    mode: StatementMode
    content: tuple[Quoted, ...]
    cue: Quoted | None
    speaker: Quoted | None
    name: str | None
    qid: str | None
    kind: str | None
    collective: bool
    role: str | None
    check: RoleCheck
    official: bool
    act: SpeechAct
    attribution: Attribution
    chain: tuple[GoldHop, ...]
    not_before: date | None
    not_after: date | None
    venue: Quoted | None
    addressee: Quoted | None
    target: Quoted | None
    inserts: tuple[Quoted, ...]
    rendition_of: str | None
    recurring: bool


@dataclass(frozen=True, slots=True)
class GoldArticle:
    """One annotated article. `given`: the producer's fields of the raw article, content included."""

    file: str
    id: str
    covers: tuple[str, ...]
    text: str
    given: dict[str, str]
    segments: tuple[GoldSegment, ...]
    mentions: tuple[GoldMention, ...]
    statements: tuple[GoldStatement, ...]


def load(paths: Iterable[Path] | None = None) -> tuple[GoldArticle, ...]:
    """Return the articles, by file name. Raises `GoldError` at the first thing that is wrong."""
    chosen = sorted(FOLDER.glob("*.toml")) if paths is None else list(paths)
    return tuple(read(path.read_text(encoding="utf-8"), path.name) for path in chosen)


def read(source: str, file: str) -> GoldArticle:
    """Return the article that a TOML text describes. Raises `GoldError`, saying where."""
    try:
        values = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise GoldError(f"{file}: {error}") from error
    top = Table(file, source, "article", 0, values, "")
    top.article_text = text = top.text("text")
    segments = tuple(_segment(table) for table in top.tables("segment"))
    mentions = tuple(_mentions([*top.tables("mention")], segments))
    statements = tuple(_statement(table) for table in top.tables("statement"))
    given: dict[str, str] = {key: top.text(key) for key in GIVEN if key in values}
    if "published" in given:
        top.day("published")
    content_type = top.text("content_type", "text/plain")
    if content_type != "text/plain":
        raise top.wrong(f"content_type {content_type!r}: only text/plain can be located")
    article = GoldArticle(
        file=file,
        id=top.text("id"),
        covers=top.texts("covers"),
        text=text,
        given={"content": text, "content_type": content_type} | given,
        segments=segments,
        mentions=mentions,
        statements=statements,
    )
    top.nothing_left()
    _consistent(article, top)
    return article


def _segment(table: Table) -> GoldSegment:
    span = table.quoted("text", table.excerpt())
    if span is None:
        raise table.wrong("no text")
    kind = SegmentKind(table.one_of("kind", frozenset(SegmentKind) - {"body"}))
    table.nothing_left()
    return GoldSegment(span, kind)


def _mentions(tables: Sequence[Table], segments: Iterable[GoldSegment]) -> Iterator[GoldMention]:
    """Yield the mentions in order. Inside a longer one, or where no field is, an occurrence is none."""
    hidden = [each.span for each in segments if each.kind.value in UNSEEN]
    found = [(table, mention) for table in tables for mention in _occurrences(table)]
    found.sort(key=lambda pair: (pair[1].span.start, -pair[1].span.end))
    kept: list[GoldMention] = []
    of: set[int] = set()
    for table, mention in found:
        span, last = mention.span, kept[-1].span if kept else None
        if any(span.within(each) for each in hidden):
            of.add(table.number)
        elif last is None or span.start >= last.end:
            kept.append(mention)
            of.add(table.number)
        elif not span.within(last) or span == last:
            raise table.wrong(f"{span.text!r} at {span.start} overlaps {last.text!r}")
    for table in tables:
        if table.number not in of:
            raise table.wrong(f"{table.text('text')!r} stands only inside longer mentions")
    yield from kept


def _occurrences(table: Table) -> list[GoldMention]:
    kind = MentionKind(table.one_of("kind", KINDS))
    qid, also = table.qid("qid"), tuple(table.texts("also"))
    metonym = table.flag("metonym")
    spans = table.every("text", table.excerpt())
    table.nothing_left()
    return [GoldMention(span, kind, qid, also, metonym) for span in spans]


def _statement(table: Table) -> GoldStatement:
    where = table.excerpt()
    content = tuple(table.located(text, where) for text in table.texts("content"))
    if not content:
        raise table.wrong("no content")
    statement = GoldStatement(
        id=table.text("id"),
        mode=StatementMode(table.one_of("mode", frozenset(StatementMode))),
        content=content,
        cue=table.quoted("cue", where),
        speaker=table.quoted("speaker", where),
        name=table.text("name", "") or None,
        qid=table.qid("qid"),
        kind=table.one_of("kind", SPEAKERS, "person"),
        collective=table.flag("collective"),
        role=table.text("role", "") or None,
        check=RoleCheck(table.one_of("check", frozenset(RoleCheck), "unknown")),
        official=table.flag("official"),
        act=SpeechAct(table.one_of("act", frozenset(SpeechAct), "assert")),
        attribution=Attribution(table.one_of("attribution", frozenset(Attribution), "explicit")),
        chain=tuple(_hop(text, table) for text in table.texts("chain")),
        not_before=table.day("not_before"),
        not_after=table.day("not_after"),
        venue=table.quoted("venue", where),
        addressee=table.quoted("addressee", where),
        target=table.quoted("target", where),
        inserts=tuple(table.located(text, where) for text in table.texts("inserts")),
        rendition_of=table.text("rendition_of", "") or None,
        recurring=table.flag("recurring"),
    )
    table.nothing_left()
    _sound(statement, table)
    return statement


def _hop(text: str, table: Table) -> GoldHop:
    match = re.fullmatch(r"(.+?) (\d{4}-\d\d-\d\d)", text)
    return GoldHop(match[1], table.as_day(match[2])) if match else GoldHop(text, None)


def _sound(statement: GoldStatement, table: Table) -> None:
    """Raise what one statement contradicts itself in."""
    for span in statement.content:
        marked = span.text[0] in _MARKS or span.text[-1] in _MARKS
        loose = marked and statement.mode is not StatementMode.MIXED
        if loose or span.text[0].isspace() or _END.search(span.text):
            raise table.wrong(f"content {span.text!r} begins or ends with a mark or white space")
    if statement.not_before and statement.not_after and statement.not_before > statement.not_after:
        raise table.wrong("not_before is after not_after")
    if statement.speaker and not statement.chain:
        raise table.wrong("a speaker and no chain")
    if statement.role and statement.role not in table.article_text:
        raise table.wrong(f"role {statement.role!r} is not in the text")


def _consistent(article: GoldArticle, top: Table) -> None:
    ids = [each.id for each in article.statements]
    for each in article.statements:
        if ids.count(each.id) > 1:
            raise top.wrong(f"two statements {each.id}")
        if each.rendition_of and each.rendition_of not in ids:
            raise top.wrong(f"{each.id}: rendition_of {each.rendition_of}, which is not there")
    if not article.covers:
        raise top.wrong("covers nothing")


def main(words: Sequence[str]) -> int:
    """Check the files named, or all; print what is wrong and what there is. 1 when something is wrong."""
    if not words or words[0] != "check":
        print(__doc__)
        return 2
    bad = 0
    articles: list[GoldArticle] = []
    for path in [Path(word) for word in words[1:]] or sorted(FOLDER.glob("*.toml")):
        try:
            articles += load([path])
        except CommuniqueError as error:
            bad += 1
            print(error, file=sys.stderr)
    names = [each.id for each in articles]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        bad += 1
        print(f"two articles {twice}", file=sys.stderr)
    print("\n".join(_counts(articles)))
    return 1 if bad else 0


def _counts(articles: Sequence[GoldArticle]) -> Iterator[str]:
    mentions = [each for article in articles for each in article.mentions]
    statements = [each for article in articles for each in article.statements]
    modes = [each.mode.value for each in statements]
    yield f"{len(articles)} articles, {sum(len(a.text.split()) for a in articles)} words"
    yield f"{len(mentions)} mentions, {sum(each.qid is not None for each in mentions)} linked"
    told = ", ".join(f"{mode} {modes.count(mode)}" for mode in sorted(set(modes)))
    yield f"{len(statements)} statements: {told}"
    covers = [name for article in articles for name in article.covers]
    yield "covers: " + ", ".join(f"{name} {covers.count(name)}" for name in sorted(set(covers)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
