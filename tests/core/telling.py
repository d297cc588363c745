"""Builders for the tests of statements in context: an article, its mentions and its reports, all by quoting."""

from __future__ import annotations

import re
from typing import Any

from schemas.mention import Mention, MentionKind
from schemas.span import SpanField
from schemas.statement import SpeechAct, Statement, StatementMode
from streams.core.offices.registry import Registry
from streams.core.statements.assemble import assembled
from streams.core.statements.report import Bounds, CueFound, CueKind, Report
from streams.core.tagging.entities import Named, entity_ids, entity_keys, people_of_article
from streams.core.tagging.fields import Field, fields_of
from streams.core.tagging.names import names_of
from tests.core.reading import article

P, ORG, G, N, W, U = (MentionKind(kind) for kind in ("PERSON", "ORG", "GPE", "NORP", "WIRE", "OUTLET"))
LAST = "\n\nThe harbour was closed to ships for the rest of the day, and nobody was seen on the pier."
"""A paragraph of nobody's words, so that the body is one."""


def at(text: str, wanted: str, after: int = 0) -> Bounds:
    start = text.index(wanted, after)
    return Bounds(start, start + len(wanted))


def report(field: Field, sentence: str, content: str | list[str], **parts: Any) -> Report:
    """A report in `sentence`: its parts are quoted from it."""
    where = at(field.text, sentence)

    def place(wanted: str | None) -> Bounds | None:
        return at(field.text, wanted, where.start) if wanted else None

    pieces = [content] if isinstance(content, str) else content
    cue = place(parts.get("cue", "said"))
    found = CueFound(cue, parts.get("lemma", "say"), parts.get("kind", CueKind.SAY), False, parts.get("act", SpeechAct.ASSERT)) if cue else None
    return Report(
        field=field.name, mode=parts.get("mode", StatementMode.INDIRECT), content=tuple(at(field.text, piece) for piece in pieces), sentence=where,
        cue=found, source=place(parts.get("source")), source_head=place(parts.get("head")), collective=parts.get("collective", False),
        recurring=parts.get("recurring", False), when=place(parts.get("when")), venue=place(parts.get("venue")),
        addressee=place(parts.get("addressee")), target=place(parts.get("target")))


def mentions(fields: dict[SpanField, Field], named: dict[str, Any]) -> list[Mention]:
    """Every occurrence of each name that is not inside a longer one."""
    found: list[tuple[SpanField, int, int, str]] = []
    for field in fields.values():
        taken: list[tuple[int, int]] = []
        for name in sorted(named, key=len, reverse=True):
            for match in re.finditer(rf"\b{re.escape(name)}\b", field.text):
                if all(match.end() <= start or match.start() >= end for start, end in taken):
                    taken.append(match.span())
                    found.append((field.name, *match.span(), name))
    order = list(fields)
    found.sort(key=lambda each: (order.index(each[0]), each[1]))
    names = names_of("en")
    bare = [Named(kind_of(named[name]), name, qid_of(named[name])) for *_, name in found]
    ids = entity_ids("x", entity_keys(bare, people_of_article(bare, names), {}))
    return [
        Mention(field=field, start=start, end=end, raw_start=None, raw_end=None, text=name, kind=kind_of(named[name]), entity_id=entity,
                qid=qid_of(named[name]), confidence=1.0)
        for (field, start, end, name), entity in zip(found, ids, strict=True)
    ]


def kind_of(value: Any) -> MentionKind:
    return value[0] if isinstance(value, tuple) else value


def qid_of(value: Any) -> str | None:
    return value[1] if isinstance(value, tuple) else None


def statements(
    text: str, named: dict[str, Any], specs: list[tuple[Any, ...]], *, registry: Registry | None = None, **given: Any
) -> list[Statement]:
    """The statements of a body of text. A spec: sentence, content, parts, and the field when it is not the text."""
    given = {"published": "2019-03-05T09:00:00Z"} | given
    found = article(text + LAST, **{key: value for key, value in given.items() if value is not None})
    fields = {field.name: field for field in fields_of(found)}
    reports = [report(fields[spec[3] if len(spec) > 3 else SpanField.TEXT], spec[0], spec[1], **spec[2]) for spec in specs]
    return list(assembled(found, fields, mentions(fields, named), reports, registry or Registry.empty()).statements)
