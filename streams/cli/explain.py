"""communique explain: one article's whole walk, from the topics."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Final

import orjson
import typer

from streams import topics
from streams.cli import exits, output, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from streams.audit.walk import Known, Walk
    from streams.bus.interface import Record
    from streams.settings import Settings

METADATA: Final = (
    ("article_id",),
    ("version",),
    ("source_id",),
    ("url",),
    ("outlet", "name"),
    ("outlet", "domain"),
    ("published", "value"),
    ("published", "precision"),
    ("published", "basis"),
    ("published", "suspect"),
    ("event_time",),
    ("language", "code"),
    ("dateline", "text"),
    ("source_credit",),
    ("rights",),
)
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
        str, typer.Argument(help="Article id (its first digits do), URL, source id, or TOPIC-P-OFFSET.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Show what became of an article.

    Raw, clean, tagged, compared, enriched, refused or dead, and where it stands now.

    \b
    communique explain https://example.org/news/1
    communique explain 3f9a2c1b
    communique explain news.articles.raw.v1-0-17        any record that the audit lists
    communique explain letter.txt --json

    Mentions are coloured in the text; what was set aside of the raw text (comment forms, captchas, widgets)
    is struck through. Exit code 1 when no topic knows the article.
    """
    known = start.run(_find(start.settings(), article))
    if not known.walks:
        output.say(
            f"no topic knows {article}: give an article id, a URL, a source id, or the place of a raw record"
        )
        raise typer.Exit(exits.DOES_NOT_HOLD)
    if as_json:
        output.json_line(as_dict(known))
        return
    console = output.out()
    for walk in known.walks:
        for each in page(walk):
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


def page(walk: Walk) -> Iterator[str | Text]:
    """Yield a walk as paragraphs for a terminal."""
    from streams.render import lines, spans

    yield from _title(f"{walk.origin}: {walk.fate}")
    yield from _hops(walk)
    raw, clean = walk.last(topics.RAW.name), walk.last(topics.CLEAN.name)
    if clean:
        yield from _part("article", spans.facts(clean, METADATA))
    if raw and clean and (classed := spans.segments(raw, clean)):
        yield from _title("raw text, classed")
        yield classed
    if clean:
        yield from _part("repairs", spans.repair_lines(clean))
    if tagged := walk.last(topics.TAGGED.name) or clean:
        yield from _title("text")
        yield from (
            spans.coloured(field, tagged) for field in ("headline", "text") if spans.text_of(tagged, field)
        )
        yield from _part("mentions", spans.mention_lines(tagged))
    if enriched := walk.last(topics.ENRICHED.name):
        yield from _part("compared, as of then", [*spans.facts(enriched, DEDUP), *_matches(enriched)])
    yield from _part("refused", [lines.line_of(record) for record in walk.refusals])
    yield from _part(
        "dead letters", [f"{each.code}  {each.id}  {each.exception}: {each.message}" for each in walk.dead]
    )


def _title(words: str) -> Iterator[str | Text]:
    from rich.text import Text

    from streams.render.lines import printable

    yield ""
    yield Text(printable(words), "bold underline")


def _part(title: str, lines: list[str]) -> Iterator[str | Text]:
    from streams.render.lines import printable

    if lines:
        yield from _title(title)
        yield from (f"  {printable(each)}" for each in lines)


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
        yield from _part("at rest", spans.facts(known.assignment, names))
    if known.cluster:
        yield from _part(
            "its cluster", spans.facts(known.cluster, [("kind",), ("members",), ("first_published",)])
        )
