"""communique explain: an article's whole walk from the topics, or what we read in a file, and why."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import orjson
import typer

from streams import topics
from streams.cli import exits, explain_file, output, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from streams.audit.walk import Known, Walk
    from streams.bus.interface import Record
    from streams.render.explain_page import Reading
    from streams.settings import Settings

DEDUP: Final = (
    ("dedup", "role"),
    ("dedup", "cluster_id"),
    ("dedup", "canonical_id"),
    ("dedup", "revision"),
    ("dedup", "is_new_article"),
    ("dedup", "version_of"),
)


def explain(
    article: Annotated[
        str, typer.Argument(help="File, article id (its first digits do), URL, source id, or TOPIC-P-OFFSET.")
    ],
    page: Annotated[
        Path | None, typer.Argument(help="Where --html writes; default: stdout.", metavar="[PAGE]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="Write a self-contained page to look at.")] = False,
    now: Annotated[
        str | None, typer.Option(help="Time of an undated file. Default: its own.", metavar="TIME")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of a text or HTML file, e.g. cp1251.", metavar="NAME")
    ] = None,
) -> None:
    """Show what an article says, who says it, and why we think so.

    Of a file: its text coloured, its statements with chain and role, repairs, doubts, and the rules that
    decided; no topic is read or written. Of an article on the topics: that, and its whole walk (raw, clean,
    tagged, compared, enriched, refused or dead), and where it stands now.

    \b
    communique explain letter.txt
    communique explain letter.txt --html letter.page.html
    communique explain https://example.org/news/1
    communique explain 3f9a2c1b
    communique explain news.articles.raw.v1-0-17        any record that the audit lists

    Mentions are coloured in the text, what is said is underlined; what was set aside of the raw text (comment
    forms, captchas, widgets) is struck through. Exit code 1 when no topic knows the article, or a file was
    refused.
    """
    if page and not as_html:
        raise exits.Usage(f"{page}: a second name is where --html writes; explain takes one article")
    if as_html and as_json:
        raise exits.Usage("--html and --json: one of the two")
    if Path(article).is_file():
        ended = explain_file.explained(article, page, encoding, now, as_json=as_json, as_html=as_html)
        raise typer.Exit(ended)
    known = start.run(_find(start.settings(), article))
    if not known.walks:
        output.say(
            f"no file {article} is here, and no topic knows it: "
            "give a file, an article id, a URL, a source id, or the place of a raw record"
        )
        raise typer.Exit(exits.DOES_NOT_HOLD)
    if as_html:
        explain_file.write_page([_reading(walk) for walk in known.walks], page)
        return
    if as_json:
        output.json_line(as_dict(known))
        return
    console = output.out()
    for walk in known.walks:
        for each in whole(walk):
            console.print(each)
    for each in at_rest(known):
        console.print(each)


async def _find(settings: Settings, article: str) -> Known:
    from streams.audit.walk import find
    from streams.bus.connect import connect

    return await find(connect(settings), article)


def as_dict(known: Known) -> dict[str, object]:
    """Return all that is known as one object; bodies as they lie on the topics."""
    return {
        "walks": [
            {
                "origin": walk.origin,
                "fate": walk.fate,
                "events": [
                    _event(record) for spec in topics.TOPICS for record in walk.records.get(spec.name, ())
                ],
                "refusals": [_event(record) for record in walk.refusals],
                "dead_letters": [letter.as_dict() for letter in walk.dead],
            }
            for walk in known.walks
        ],
        "assignment": known.assignment,
        "cluster": known.cluster,
    }


def _event(record: Record) -> dict[str, object]:
    body: object = None
    if record.value is not None:
        try:
            body = orjson.loads(record.value)
        except orjson.JSONDecodeError:
            body = {"not_json_base64": base64.b64encode(record.value).decode()}
    headers = {name: value.decode("utf-8", "replace") for name, value in record.headers}
    return {
        "topic": record.topic,
        "at": record.at,
        "timestamp_ms": record.timestamp_ms,
        "headers": headers,
        "body": body,
    }


def _reading(walk: Walk) -> Reading:
    from streams.render.explain_page import Reading

    raw = walk.last(topics.RAW.name)
    content = raw.get("content") if raw else None
    read = walk.last(topics.ENRICHED.name) or walk.last(topics.TAGGED.name) or walk.last(topics.CLEAN.name)
    return Reading(content if isinstance(content, str) else None, read or raw or {})


def whole(walk: Walk) -> Iterator[str | Text]:
    """Yield a walk as paragraphs for a terminal."""
    from streams.render import lines, spans

    yield from explain_file.title(f"{walk.origin}: {walk.fate}")
    yield from _hops(walk)
    clean = walk.last(topics.CLEAN.name)
    if tagged := walk.last(topics.TAGGED.name) or clean:
        yield from explain_file.paragraphs(walk.last(topics.RAW.name), tagged)
    if enriched := walk.last(topics.ENRICHED.name):
        compared = [*spans.facts(enriched, DEDUP), *_matches(enriched)]
        yield from explain_file.part("compared, as of then", compared)
    yield from explain_file.part("refused", [lines.line_of(record) for record in walk.refusals])
    yield from explain_file.part(
        "dead letters", [f"{each.code}  {each.id}  {each.exception}: {each.message}" for each in walk.dead]
    )


def _hops(walk: Walk) -> Iterator[str]:
    """Yield each record of the walk with its delay after the raw record."""
    raw = walk.records.get(topics.RAW.name)
    began = raw[0].timestamp_ms if raw else None
    for spec in topics.TOPICS:
        for record in walk.records.get(spec.name, ()):
            delay = "" if began is None else f"+{(record.timestamp_ms - began) / 1000:.3f} s"
            yield f"  {record.at:40} {delay:>12}"


def _matches(enriched: dict[str, object]) -> list[str]:
    from streams.render.lines import at, text

    found = at(enriched, "dedup", "matches")
    matches = found if isinstance(found, list) else []
    return [
        f"{'like':24} {text(each, 'article_id')}  {text(each, 'relation')}"
        f"  similarity {text(each, 'similarity')}"
        f"  containment {text(each, 'containment')}"
        for each in matches
    ]


def at_rest(known: Known) -> Iterator[str | Text]:
    """Yield where the article stands once everything is read."""
    from streams.render import spans

    if known.assignment:
        names = [(name,) for name in ("cluster_id", "canonical_id", "role", "part_of", "versions")]
        yield from explain_file.part("at rest", spans.facts(known.assignment, names))
    if known.cluster:
        yield from explain_file.part(
            "its cluster", spans.facts(known.cluster, [("kind",), ("members",), ("first_published",)])
        )
