"""explain_page: articles as one self-contained HTML page: coloured text, statements, repairs, doubts.

Nothing is loaded and nothing runs: no script, and a content security policy that would forbid one. Every word
of an article goes through the template's escaping; hostile text stays text. What is no printable character
is shown as a space.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

from jinja2 import Environment, StrictUndefined

from streams.render import marks
from streams.render.lines import Body, at, field_text, plain, text
from streams.render.sayings import Said, objects, sayings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Template

FIELDS: Final = ("headline", "dateline", "text", "source_credit")
FACTS: Final = (
    ("url", "url"), ("outlet", "outlet.name"), ("authors", "authors"), ("published", "published.value"),
    ("precision", "published.precision"), ("date from", "published.basis"), ("place", "dateline.place"),
    ("credit", "source_credit"), ("language", "language.code"), ("extractor", "extraction.extractor"),
    ("agreement", "extraction.agreement"), ("article", "article_id"), ("version", "version"),
)  # fmt: skip
_QID: Final = re.compile(r"Q[1-9][0-9]{0,11}")


class Reading(NamedTuple):
    """An article to show: its raw content, None when it is not at hand, and its event."""

    raw: str | None
    body: Body


class _Shown(NamedTuple):
    title: str
    facts: list[tuple[str, str]]
    fields: list[tuple[str, list[marks.Piece]]]
    sayings: list[Said]
    mentions: list[dict[str, str]]
    repairs: list[dict[str, str]]
    segments: list[tuple[str, str, str]]


def page(readings: Sequence[Reading]) -> str:
    """Return the page, with one section for each article."""
    return _template().render(articles=[_shown(reading) for reading in readings])


@cache
def _template() -> Template:
    source = files("streams.render").joinpath("explain.html").read_text(encoding="utf-8")
    strict = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return strict.from_string(source)


def _shown(reading: Reading) -> _Shown:
    body = reading.body
    facts = [(label, _fact(body, path)) for label, path in FACTS]
    return _Shown(
        text(body, "headline", absent="") or text(body, "article_id", absent="") or "an article",
        [(label, value) for label, value in facts if value],
        [(field, _pieces(body, field)) for field in FIELDS if field_text(body, field)],
        sayings(body),
        [_mention(each) for each in objects(body, "mentions")],
        [_repair(each) for each in objects(body, "repairs")],
        _segments(reading),
    )


def _fact(body: Body, path: str) -> str:
    found = at(body, *path.split("."))
    return ", ".join(map(str, found)) if isinstance(found, list) else text(body, *path.split("."), absent="")


def _pieces(body: Body, field: str) -> list[marks.Piece]:
    cut = marks.pieces(field_text(body, field), marks.marks_in(body, field))
    return [piece._replace(text=_visible(piece.text)) for piece in cut]


def _visible(value: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else " " for c in value)


def _mention(mention: Body) -> dict[str, str]:
    qid = text(mention, "qid", absent="")
    names = ("text", "kind", "nil_reason", "link_method", "confidence", "metonym_for")
    others = ", ".join(text(each, "label") for each in objects(mention, "candidates"))
    role = text(mention, "role", "text", absent="")
    checked = f"{role} ({text(mention, 'role', 'check')})" if role else ""
    found = {name: text(mention, name, absent="") for name in names}
    return found | {"qid": qid if _QID.fullmatch(qid) else "", "candidates": others, "role": checked}


def _repair(repair: Body) -> dict[str, str]:
    return {name: text(repair, name, absent="") for name in ("kind", "at", "before", "after")}


def _segments(reading: Reading) -> list[tuple[str, str, str]]:
    found = []
    for segment in objects(reading.body, "segments"):
        start, end = segment.get("start"), segment.get("end")
        if reading.raw is not None and isinstance(start, int) and isinstance(end, int):
            words = plain(reading.raw[start:end])
            found.append((text(segment, "kind"), words, text(segment, "rule", absent="")))
    return found
