"""sayings: an article's statements in words, for a person: who, what, through whom, when, and why.

One list of labelled lines serves the terminal and the page. Bodies are plain JSON as it lies on the topics;
nothing is validated, and what is missing is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from streams.render.lines import Body, at, plain, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SURE_ENOUGH: Final = 0.7
"""A statement with a lower confidence has it named among its doubts."""

_DAY_CHARS: Final = 10


class Said(NamedTuple):
    """One statement in words. `key` is its short name on the page, `lines` are label and words."""

    key: str
    heading: str
    content: str
    lines: tuple[tuple[str, str], ...]
    doubts: tuple[str, ...]
    why: tuple[str, ...]


def objects(body: object, *path: str) -> list[Body]:
    """Return the objects of the list at `path`, none when there is no list."""
    found = at(body, *path)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def sayings(body: Body) -> list[Said]:
    """Return the statements of a tagged or enriched article in words, in order."""
    found = objects(body, "statements")
    keys = {text(each, "statement_id"): f"S{number}" for number, each in enumerate(found, 1)}
    return [_said(f"S{number}", each, keys) for number, each in enumerate(found, 1)]


def _said(key: str, statement: Body, keys: Mapping[str, str]) -> Said:
    official = "official" if at(statement, "official", "is_official") is True else "not official"
    words = [text(statement, name) for name in ("mode", "speech_act", "attribution")]
    recurring = ["recurring"] if statement.get("recurring") is True else []
    return Said(
        key,
        " · ".join([*words, official, *recurring]),
        " … ".join(text(span, "text") for span in objects(statement, "content")),
        tuple((label, words) for label, words in _lines(statement, keys) if words),
        tuple(_doubts(statement)),
        tuple(_strings(statement, "rules")),
    )


def _lines(statement: Body, keys: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "who", _speaker(at(statement, "speaker"))
    yield "as", _role(at(statement, "speaker", "role"))
    yield "cue", _cue(at(statement, "cue"))
    yield "through", " → ".join(_hop(hop) for hop in objects(statement, "chain"))
    yield "said", said_on(at(statement, "said_on"))
    for label in ("target", "addressee", "venue"):
        yield label, text(statement, label, "text", absent="")
    yield "insert", "; ".join(text(span, "text") for span in objects(statement, "inserts"))
    same = text(statement, "rendition_of", absent="")
    yield "same as", keys.get(same, same)
    yield "official", text(statement, "official", "evidence", absent="")


def _speaker(speaker: object) -> str:
    name = text(speaker, "name", absent="")
    more = [text(speaker, "kind", absent=""), text(speaker, "qid", absent="")]
    more.append("several as one" if at(speaker, "collective") is True else "")
    written = text(speaker, "mention", "text", absent="")
    more.append(f"written “{written}”" if written and written != name else "")
    told = ", ".join(each for each in more if each)
    return f"{name} ({told})" if name else ""


def _role(role: object) -> str:
    if at(role, "text") is None:
        return ""
    named = (text(role, "organization", absent=""), text(role, "country", absent=""))
    of = ", ".join(each for each in named if each)
    evidence = text(role, "evidence", absent="")
    checked = f"{text(role, 'check')}{f': {evidence}' if evidence else ''}"
    return f"{text(role, 'text')}{f' ({of})' if of else ''}, registry: {checked}"


def _cue(cue: object) -> str:
    if at(cue, "text") is None:
        return ""
    factive = ", presents it as true" if at(cue, "factive") is True else ""
    return f"{text(cue, 'text')} ({text(cue, 'lemma')}{factive})"


def _hop(hop: Body) -> str:
    day = text(hop, "date", absent="")[:_DAY_CHARS]
    return f"{text(hop, 'actor')} ({text(hop, 'relation')}{f', {day}' if day else ''})"


def said_on(said: object) -> str:
    """Return the day and its bounds in words, "" when there is none."""
    names = ("value", "not_before", "not_after")
    day, first, last = (text(said, name, absent="")[:_DAY_CHARS] for name in names)
    bounds = [f"not before {first}" if first else "", f"not after {last}" if last else ""]
    known = [day and f"{day} ({text(said, 'precision')})", *([] if first == last == day else bounds)]
    told = ", ".join(each for each in known if each)
    return f"{told}, from {text(said, 'basis')}" if told else ""


def _doubts(statement: Body) -> Iterator[str]:
    if text(statement, "attribution") != "explicit":
        yield f"who said it is {text(statement, 'attribution')}: shown, never the reason for an alert"
    if at(statement, "speaker") is not None and text(statement, "speaker", "role", "check") == "contradicted":
        yield "the registry of offices contradicts the role"
    confidence = statement.get("confidence")
    if isinstance(confidence, (int, float)) and confidence < SURE_ENOUGH:
        yield f"confidence {confidence:.2f}"
    yield from (f"quotation marks: {each}" for each in _strings(statement, "quote_defects"))


def _strings(body: Body, name: str) -> Iterator[str]:
    found = body.get(name)
    yield from (plain(str(each)) for each in (found if isinstance(found, list) else ()))
