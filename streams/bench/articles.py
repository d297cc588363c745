"""Articles for benchmarks: invented, by number, the same at every run.

What real input has is there: articles of eight sentences, near-duplicates with one sentence changed, exact
copies under another address, new versions of an address, HTML, text too short to keep, and bytes that are no
article. Near-duplicates arrive some articles after their first.

>>> raw(7).value == raw(7).value
True
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, NamedTuple

START: Final = datetime(2019, 3, 14, 6, tzinfo=UTC)
"""When the first article was published; the others follow by the minute."""

PEOPLE: Final = ("Mara Quillon", "Tobias Fenwarden", "Ilse Brandt", "Joren Pike", "Adaeze Obi", "Petra Holm")
OFFICES: Final = ("the harbour ministry", "the city council", "the Coastal League", "the river board")
PLACES: Final = ("Port Averin", "Keel", "Orrin", "Sundmark", "Lower Wend", "Germany", "Norway", "Canada")
THINGS: Final = ("the ferry line", "the new bridge", "the flood wall", "the grain harbour", "the observatory")
SHAPES: Final = (
    "{person} of {office} said on Monday that {thing} near {place} would open in {n} days.",
    "According to {person}, work on {thing} in {place} has cost {n} million so far.",
    "Residents of {place} have waited {n} weeks for {thing}, a survey by {office} found.",
    "“We will not leave {place} without {thing},” {person} told reporters, {n} hours after the vote.",
    "A spokeswoman for {office} denied that {n} workers had left {thing} in {place}.",
    "In {place}, {n} people signed a petition that asks {office} to repair {thing}.",
)


class RawRecord(NamedTuple):
    """What is sent to the raw topic."""

    key: bytes
    value: bytes


def sentences(number: int) -> list[str]:
    """Return the eight sentences of article `number`."""
    draw = Random(number)
    return [
        draw.choice(SHAPES).format(
            person=draw.choice(PEOPLE), office=draw.choice(OFFICES), thing=draw.choice(THINGS),
            place=draw.choice(PLACES), n=draw.randrange(2, 900),
        )
        for _ in range(8)
    ]


def whole(number: int) -> bool:
    """Return whether `number` is an article that comes out: bytes that are one, and long enough to keep."""
    return not (_broken(number) or _short(number))


def _broken(number: int) -> bool:
    return number % 37 == 36


def _short(number: int) -> bool:
    return number % 29 == 28


def raw(number: int) -> RawRecord:
    """Return the raw record of `number`, from 0."""
    if _broken(number):
        return RawRecord(b"broken", b'{"content": ' + str(number).encode())
    if _short(number):
        return _record(number, ["Too short."])
    first = number - number % 10
    if number % 10 == 7:
        return _record(number, [*sentences(first)[:7], f"This was report number {number}."])
    if number % 10 == 8:
        return _record(number, sentences(first))
    if number % 10 == 9:
        return _record(first, [*sentences(first), f"Added in version {number}."], minutes=number)
    return _record(number, sentences(number), html=number % 10 == 4)


def _record(number: int, lines: list[str], *, html: bool = False, minutes: int | None = None) -> RawRecord:
    url = f"https://wire-{number % 7}.example/articles/{number}"
    published = START + timedelta(minutes=number if minutes is None else minutes)
    body = "\n\n".join(lines)
    if html:
        body = f"<html><body><article>{''.join(f'<p>{line}</p>' for line in lines)}</article></body></html>"
    article = {
        "url": url,
        "headline": lines[0][:80],
        "published": published.isoformat(),
        "content_type": "text/html" if html else "text/plain",
        "content": body,
    }
    return RawRecord(url.encode(), json.dumps(article).encode())
