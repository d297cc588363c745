"""facts: what of an enriched event two runs are compared by, in a few hundred bytes.

Of each field of the article a digest; of mentions and statements also what names them. Left out are the
as-of fields (`dedup`: clusters are compared at rest), and where a span stands: text that was cleaned
otherwise moves every span behind it, which is no change of what is said. `segments`, `repairs` and
`clean_to_raw` tell of moved text, and are compared as they are.

Bodies are plain JSON objects, never validated: a field that only one version of the code knows is a change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple, TypeAlias

import orjson

Body: TypeAlias = Mapping[str, object]

AS_OF: Final = frozenset({"dedup"})
"""Fields of an enriched event that say what was known then."""

_WHERE: Final = frozenset({"start", "end", "raw_start", "raw_end"})
_WIDEST: Final = 300
"""Characters of a statement's content that are kept to find it again; its digest is of all."""
STANDING: Final = ("novelty", "proposition_id", "independent_origins", "state")
"""Fields of a statement that depend on all others: judged at rest, counted apart."""


class MentionFact(NamedTuple):
    """A mention by its words; `qid`: what it is linked to, "" for nothing."""

    text: str
    kind: str
    qid: str


class StatementFact(NamedTuple):
    """A statement: its id, what finds it again under another id, and a digest of each field."""

    statement_id: str
    speaker: str
    cue: str
    content: str
    fields: dict[str, str]


class ArticleFacts(NamedTuple):
    """An enriched event. `day`: of its event time, YYYY-MM-DD; `outlet`: name or domain; "" when unknown."""

    article_id: str
    headline: str
    outlet: str
    day: str
    fields: dict[str, str]
    mentions: list[MentionFact]
    statements: list[StatementFact]


def facts_of(body: Body) -> ArticleFacts:
    """Return the facts of an enriched event."""
    outlet = _object(body.get("outlet"))
    return ArticleFacts(
        str(body.get("article_id") or ""),
        str(body.get("headline") or "")[:_WIDEST],
        str(outlet.get("name") or outlet.get("domain") or ""),
        str(body.get("event_time") or "")[:10],
        {name: digest(unplaced(value)) for name, value in body.items() if name not in AS_OF},
        [_mention(each) for each in _objects(body.get("mentions"))],
        [_statement(each) for each in _objects(body.get("statements"))],
    )


def standing_of(body: Body) -> str:
    """Return a digest of where a statement event stands at rest. Its own words are not in it."""
    novelty = _object(body.get("novelty"))
    return digest([novelty.get("kind"), *(body.get(name) for name in STANDING[1:])])


def packed(facts: ArticleFacts) -> bytes:
    """Return the facts as bytes for `unpacked`."""
    mentions, statements = ([[*each] for each in side] for side in (facts.mentions, facts.statements))
    return orjson.dumps([*facts[:5], mentions, statements])


def unpacked(value: bytes) -> ArticleFacts:
    """Return what `packed` was given."""
    article_id, headline, outlet, day, fields, mentions, statements = orjson.loads(value)
    return ArticleFacts(
        article_id, headline, outlet, day, fields,
        [MentionFact(*each) for each in mentions], [StatementFact(*each) for each in statements],
    )


def digest(value: object) -> str:
    """Return 16 hex digits over a JSON value; the order of an object's names does not count."""
    return blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()


def unplaced(value: object) -> object:
    """Return a JSON value without the places of its spans. What is no span keeps its `start` and `end`."""
    if isinstance(value, Mapping):
        left_out = _WHERE if {"text", "start", "end"} <= value.keys() else frozenset()
        return {name: unplaced(each) for name, each in value.items() if name not in left_out}
    return [unplaced(each) for each in value] if isinstance(value, list) else value


def _mention(mention: Body) -> MentionFact:
    return MentionFact(str(mention.get("text")), str(mention.get("kind")), str(mention.get("qid") or ""))


def _statement(statement: Body) -> StatementFact:
    told = {name: each for name, each in statement.items() if name not in {"statement_id", "rendition_of"}}
    content = " … ".join(str(span.get("text")) for span in _objects(statement.get("content")))
    return StatementFact(
        str(statement.get("statement_id")),
        str(_object(statement.get("speaker")).get("name") or ""),
        str(_object(statement.get("cue")).get("text") or ""),
        content[:_WIDEST],
        {name: digest(unplaced(value)) for name, value in told.items()},
    )


def _object(value: object) -> Body:
    return value if isinstance(value, Mapping) else {}


def _objects(value: object) -> Iterator[Body]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        yield from (each for each in value if isinstance(each, Mapping))
