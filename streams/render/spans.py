"""spans: a text with stretches of it coloured, for terminals.

And what a clean article kept and set aside of its raw text.

Offsets are code points, half open, as in `schemas.span`. Bodies are plain JSON as it lies on the topics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from streams.render.lines import Body, at, plain, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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

_SET_ASIDE: Final = "bright_black strike"

_STRETCH_CHARS: Final = 240
"""A longer segment is shown by its beginning and its end: the whole text follows, coloured."""


def _list(body: object, name: str) -> list[Body]:
    found = at(body, name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _bounds(span: Body, start: str = "start", end: str = "end") -> tuple[int, int] | None:
    first, last = span.get(start), span.get(end)
    return (first, last) if isinstance(first, int) and isinstance(last, int) else None


def _shown(value: str) -> str:
    """Return text for a terminal: line ends stay, what else is not printable becomes a space.

    Length is kept.
    """
    return "".join(c if c.isprintable() or c == "\n" else " " for c in value)


def coloured(field: str, body: Body) -> Text:
    """Return a field of a tagged article with its mentions coloured by kind."""
    shown = Text(_shown(text_of(body, field)))
    for mention in _list(body, "mentions"):
        if mention.get("field", "text") == field and (bounds := _bounds(mention)):
            shown.stylize(COLOURS.get(str(mention.get("kind")), "underline"), *bounds)
    return shown


def text_of(body: Body, field: str) -> str:
    """Return a text field as it is, "" when there is none; a dateline's is inside it."""
    found = at(body, field, "text") if field == "dateline" else at(body, field)
    return found if isinstance(found, str) else ""


def mention_lines(body: Body) -> list[str]:
    """Return the mentions, one a line: where, what, kind, entity, role."""
    return [_mention(each) for each in _list(body, "mentions")]


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
    content = _shown(text_of(raw, "content"))
    shown = Text()
    for segment in _list(clean, "segments"):
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
        for each in _list(clean, "repairs")
    ]


def facts(body: Body, names: Iterable[Sequence[str]]) -> list[str]:
    """Return `name  value` lines of the fields that have a value; a name is a path."""
    found = [(".".join(path), text(body, *path, absent="")) for path in names]
    return [f"{name:24} {value}" for name, value in found if value]
