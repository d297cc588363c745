"""spans: a text with stretches of it coloured, for terminals.

And what a clean article kept and set aside of its raw text.

Offsets are code points, half open, as in `schemas.span`. Bodies are plain JSON as it lies on the topics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from streams.render.lines import Body, field_text, plain, text
from streams.render.marks import CONTENT, CUE, INSERT, SPEAKER, marks_in
from streams.render.sayings import objects, sayings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

COLOURS: Final[dict[str, str]] = {
    "PERSON": "bold magenta",
    "ORG": "bold cyan",
    "GPE": "bold green",
    "LOC": "green",
    "FAC": "yellow",
    "NORP": "blue",
    "EVENT": "bold yellow",
    "POSITION": "magenta",
    "OUTLET": "bold blue",
    "WIRE": "bold blue",
    "DATE": "bright_black",
    "body": "",
    "headline": "bold",
}
"""Kind of a mention or a segment → style; a kind that is not here is underlined."""

PARTS: Final = {CONTENT: "underline", CUE: "bold reverse", SPEAKER: "italic", INSERT: "strike"}
"""Part of a statement → style."""

_SET_ASIDE: Final = "bright_black strike"

_STRETCH_CHARS: Final = 240
"""A longer segment is shown by its beginning and its end: the whole text follows, coloured."""


def _bounds(span: Body, start: str = "start", end: str = "end") -> tuple[int, int] | None:
    first, last = span.get(start), span.get(end)
    return (first, last) if isinstance(first, int) and isinstance(last, int) else None


def _shown(value: str) -> str:
    """Return text for a terminal: line ends stay, what else is not printable becomes a space.

    Length is kept.
    """
    return "".join(c if c.isprintable() or c == "\n" else " " for c in value)


def coloured(field: str, body: Body) -> Text:
    """Return a field of a tagged article: mentions coloured by kind, what is said underlined."""
    shown = Text(_shown(field_text(body, field)))
    for mark in marks_in(body, field):
        shown.stylize(PARTS.get(mark.name) or COLOURS.get(mark.kind, "underline"), mark.start, mark.end)
    return shown


def statement_lines(body: Body) -> Iterator[Text]:
    """Yield the statements in words: what, then who, through whom, when, doubts, rules."""
    for said in sayings(body):
        yield Text.assemble((f"{said.key:4}", "bold"), (said.heading, "dim"))
        yield Text(f"    “{said.content}”", "bold")
        yield from (Text(f"    {label:10}{words}") for label, words in said.lines)
        yield from (Text(f"    doubt     {doubt}", "yellow") for doubt in said.doubts)
        if said.why:
            yield Text(f"    why       {' → '.join(said.why)}", "dim")


def mention_lines(body: Body) -> list[str]:
    """Return the mentions, one a line: where, what, kind, entity, role."""
    return [_mention(each) for each in objects(body, "mentions")]


def _mention(mention: Body) -> str:
    place = f"{mention.get('field', 'text')}:{mention.get('start')}-{mention.get('end')}"
    link = text(mention, "qid", absent="") or text(mention, "nil_reason", absent="")
    role = text(mention, "role", "text", absent="")
    parts = [
        f"{place:16}",
        f"{text(mention, 'kind'):9}",
        text(mention, "text"),
        link,
        f"({role})" if role else "",
    ]
    return "  ".join(part for part in parts if part)


def segments(raw: Body, clean: Body) -> Text:
    """Return the raw text with what is not body struck through and named.

    Empty when nothing was classed (HTML).
    """
    content = _shown(field_text(raw, "content"))
    shown = Text()
    for segment in objects(clean, "segments"):
        if bounds := _bounds(segment):
            kind = str(segment.get("kind"))
            shown.append(f"[{kind}] ", "dim")
            stretch = content[bounds[0] : bounds[1]].strip("\n")
            shown.append(f"{_shortened(stretch)}\n", COLOURS.get(kind, _SET_ASIDE))
    return shown


def _shortened(stretch: str) -> str:
    if len(stretch) <= _STRETCH_CHARS:
        return stretch
    half = _STRETCH_CHARS // 2
    return f"{stretch[:half]} … {stretch[-half:]}"


def repair_lines(clean: Body) -> list[str]:
    """Return the repairs, one a line."""
    return [
        f"{text(each, 'kind')} at {each.get('at')}: "
        f"{plain(repr(each.get('before')))} → {plain(repr(each.get('after')))}"
        for each in objects(clean, "repairs")
    ]


def facts(body: Body, names: Iterable[Sequence[str]]) -> list[str]:
    """Return `name  value` lines of the fields that have a value; a name is a path."""
    found = [(".".join(path), text(body, *path, absent="")) for path in names]
    return [f"{name:24} {value}" for name, value in found if value]
