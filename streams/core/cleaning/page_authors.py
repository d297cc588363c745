"""Authors of a page: the names of the people who wrote it, in the order in which it gives them.

Asked in this order, until one gives a name: the persons in JSON-LD, meta tags, microdata and `rel=author`, elements named after
authors, elements named after bylines, an organisation in JSON-LD that is not the outlet. Cut off are "By", what stands behind a
comma and is no name, addresses, handles, dates; names of the outlet and words like "admin" are no authors.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from streams.core.cleaning.header import folded
from streams.core.cleaning.json_ld import articles, text_of, types
from streams.core.cleaning.page_tree import every
from streams.core.packs import PACKS, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resiliparse.parse.html import HTMLTree

    from streams.core.cleaning.json_ld import Thing

_LONGEST_NAME_CHARS: Final = 60
_MOST_WORDS: Final = 6
_MOST_AUTHORS: Final = 20
_LONGEST_BYLINE_CHARS: Final = 200
_MOST_ELEMENTS: Final = 12
_META: Final = tuple(
    "author article:author article.author byl dc.creator dcterms.creator parsely-author sailthru.author citation_author authors dc.contributor creator".split()  # noqa: SIM905
)
_MARKED: Final = "[itemprop=author] [itemprop=name]", "[itemprop=author]", "[rel~=author]", "[itemprop=creator]"
_NAMED: Final = (
    "[class*=author-name],[class*=author_name],[class*=authorName],[class*=AuthorName],[class*=author__name],[class~=author],[class*=byline__name]",
    "[class*=byline],[class*=Byline],[class*=byLine],[class*=ByLine]",
    "[class*=author],[class*=Author],[id*=author]",
)
_SPLIT: Final = re.compile(r"\s*(?:[;|/•·\n]|\s&\s)\s*")
_NOT_A_NAME: Final = re.compile(r"https?:|www\.|@|\d|[<>{}=_#]|\.(?:com|org|net)\b", re.IGNORECASE)
_NAME: Final = re.compile(r"[^\W\d_]")
_CREDENTIAL: Final = re.compile(r"(?:[A-Z][A-Za-z]{0,2}\.?){1,4}(?:-[A-Z]{1,3})?|[A-Z]{2,6}(?:-[A-Z]{1,4})?")


@cache
def _words() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], frozenset[str]]:
    packs = [cast("dict[str, dict[str, str | list[str]]]", read(code, "pages"))["author"] for code in PACKS]
    lead, tail, joint = (
        "|".join(cast("str", pack[key]) for pack in packs) for key in ("lead", "tail", "joint")
    )
    nobody = frozenset(word for pack in packs for word in cast("list[str]", pack["nobody"]))
    return (
        re.compile(rf"(?:{lead})\s*", re.IGNORECASE),
        re.compile(rf"\s*(?:{tail}).*", re.IGNORECASE),
        re.compile(rf"\s+(?:{joint})\s+", re.IGNORECASE),
        nobody,
    )


def page_authors(
    tree: HTMLTree, meta: Sequence[tuple[str, str]], known: Sequence[Thing], outlets: Iterable[str | None]
) -> tuple[str, ...]:
    """Return the authors' names, each once; `outlets` are names of the outlet, which are no authors."""
    not_names = frozenset(folded(each) for each in outlets if each)
    for said in _sources(tree, meta, known):
        names = tuple(dict.fromkeys(name for text in said for name in names_in(text, not_names)))
        if names:
            return names[:_MOST_AUTHORS]
    return ()


def _sources(
    tree: HTMLTree, meta: Sequence[tuple[str, str]], known: Sequence[Thing]
) -> Iterator[list[str]]:
    for thing in articles(known):
        yield _persons(thing, known, organisations=False)
    yield from ([text for name, text in meta if name == wanted] for wanted in _META)
    yield _labelled(meta)
    for path in _MARKED:
        yield _shown(tree, path, most=4)
    for path in _NAMED:
        yield _shown(tree, path, most=1)
    for thing in articles(known):
        yield _persons(thing, known, organisations=True)


def _persons(thing: Thing, known: Sequence[Thing], *, organisations: bool) -> list[str]:
    said = thing.get("author") or thing.get("creator") or ()
    found: list[str] = []
    for each in said if isinstance(said, list) else [said]:
        person = _referred(each, known) if isinstance(each, dict) else each
        if isinstance(person, dict):
            if ("Organization" in types(person)) == organisations:
                found += [text for text in [text_of(person.get("name"))] if text]
        elif isinstance(person, str) and not organisations:
            found.append(person)
    return found


def _referred(person: Thing, known: Sequence[Thing]) -> Thing:
    """Return the object that a reference (`@id` alone) means, else the object itself."""
    if person.get("name") or not person.get("@id"):
        return person
    return next((each for each in known if each.get("@id") == person["@id"] and each.get("name")), person)


def _labelled(meta: Sequence[tuple[str, str]]) -> list[str]:
    """Return what a card of two labels says behind the one that means the author."""
    lead = _words()[0]
    said = dict(meta)
    return [
        said[f"twitter:data{n}"]
        for n in "12"
        if lead.fullmatch(said.get(f"twitter:label{n}", "")) and f"twitter:data{n}" in said
    ]


def _shown(tree: HTMLTree, path: str, most: int) -> list[str]:
    """Return the texts of the first short elements that a path finds and that hold a name."""
    found: list[str] = []
    for element in every(tree, path, _MOST_ELEMENTS):
        text = element.get_attribute("content") or element.text or ""
        line = next((line for line in map(str.strip, text.split("\n")) if _NAME.search(line)), "")
        if 0 < len(text.strip()) <= _LONGEST_BYLINE_CHARS and line:
            found.append(" ".join(text.split()))
        if len(found) >= most:
            break
    return found


def names_in(text: str, outlets: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the names in what a page gives as its author.

    >>> list(names_in("By Ann Bee, MD and Cy Dee, Senior Editor"))
    ['Ann Bee', 'Cy Dee']
    """
    lead, tail, joint, nobody = _words()
    for part in _SPLIT.split(joint.sub(";", text.strip())):
        for piece in part.split(","):
            name = tail.sub("", lead.sub("", piece.strip(), count=1) if lead.match(piece.strip()) else piece).strip(" .:-–—()*\"'")
            words = name.split()
            if not words or len(name) > _LONGEST_NAME_CHARS or len(words) > _MOST_WORDS or _NOT_A_NAME.search(name):
                continue
            if not _NAME.search(name) or folded(name) in outlets or nobody & {word.lower().strip(".") for word in words}:
                continue
            if piece is not part.split(",")[0] and _CREDENTIAL.fullmatch(name):
                continue
            yield " ".join(words)
