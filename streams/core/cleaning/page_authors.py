"""Authors of a page: the names of those who wrote it, in the order in which it gives them.

Asked in this order, until one gives a name (`author_names`): persons in JSON-LD, meta tags, microdata and
`rel=author`, elements named after an author's name, bylines, links to an author's page, lines that are a
byline, other elements named after authors. The outlet is no author, unless it has a person's name: a site
of one's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.cleaning.author_names import byline_in, looks_like_a_person, names_in, says_author
from streams.core.cleaning.header import folded
from streams.core.cleaning.json_ld import articles, referred, text_of, types
from streams.core.cleaning.page_tree import every, line_of, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from resiliparse.parse.html import HTMLTree

    from streams.core.cleaning.json_ld import Thing
    from streams.core.cleaning.page_facts import PageFacts

_MOST_AUTHORS: Final = 20
_LONGEST_CHARS: Final = 240
_MOST_ELEMENTS: Final = 12
_MOST_LINES: Final = 400
_META: Final = (
    "author", "article:author", "article.author", "byl", "dc.creator", "dcterms.creator", "parsely-author",
    "sailthru.author", "citation_author", "authors", "creator",
)  # fmt: skip
_MARKED: Final = "[itemprop=author] [itemprop=name]", "[itemprop=author],[rel~=author]"
_NAMED: Final = (
    (
        "[class*=author-name],[class*=author_name],[class*=authorName],[class*=AuthorName],[class*=author__name],"
        "[class*=byline-name],[class*=byline__name],[class*=author-box__name]"
    ),
    "[class*=byline],[class*=Byline],[class*=byLine],[class*=ByLine]",
)
_PEOPLE: Final = (
    "author", "authors", "contributor", "contributors", "profile", "team", "people", "staff", "producers",
)  # fmt: skip
_LINKS: Final = ",".join(f'a[href*="/{each}/"]' for each in _PEOPLE)
_LOOSE: Final = "[class*=author],[class*=Author],[id*=author]"


def page_authors(facts: PageFacts, outlets: Iterable[str | None]) -> tuple[str, ...]:
    """Return the authors' names, each once; `outlets` are names of the outlet."""
    not_names = frozenset(folded(each) for each in outlets if each)
    own_site: tuple[str, ...] = ()
    for said in _sources(facts):
        found = dict.fromkeys(name for text in said for name in names_in(text))
        names = tuple(name for name in found if folded(name) not in not_names)
        if names:
            return names[:_MOST_AUTHORS]
        own_site = own_site or tuple(name for name in found if looks_like_a_person(name))
    return own_site


def _sources(facts: PageFacts) -> Iterator[list[str]]:
    yield from (_persons(thing, facts.things) for thing in articles(facts.things))
    yield from ([text for name, text in facts.tags if name == wanted] for wanted in _META)
    yield _labelled(facts.meta)
    yield from (_shown(facts.tree, path, 4) for path in _MARKED)
    if not facts.thorough:
        return
    yield from (_shown(facts.tree, path, 1) for path in _NAMED)
    yield _linked(facts.tree)
    yield next((names for line in facts.lines()[:_MOST_LINES] if (names := byline_in(line))), [])
    yield _shown(facts.tree, _LOOSE, 1)


def _persons(thing: Thing, known: Sequence[Thing]) -> list[str]:
    """Return the names of the persons that an object gives as its authors, organisations left out."""
    said = thing.get("author") or thing.get("creator") or ()
    found: list[str] = []
    for each in said if isinstance(said, list) else [said]:
        person = referred(each, known) if isinstance(each, dict) else {"name": each}
        if "Organization" not in types(person):
            names = person.get("name")
            texts = map(text_of, names if isinstance(names, list) else [names])
            found += [text for text in texts if text]
    return found


def _labelled(said: Mapping[str, str]) -> list[str]:
    """Return what a card of two labels says behind the one that means the author."""
    return [
        said[f"twitter:data{n}"]
        for n in "12"
        if says_author(said.get(f"twitter:label{n}", "")) and f"twitter:data{n}" in said
    ]


def _linked(tree: HTMLTree) -> list[str]:
    """Return the text of the first link to a page about a person whose address has the last word of it."""
    for element in every(tree, _LINKS, _MOST_ELEMENTS):
        name, address = line_of(element), (element.get_attribute("href") or "").lower()
        words = [folded(word) for word in name.split()]
        wanted = words if "/author" in address else words[-1:]
        if any(len(word) > 2 and word in address for word in wanted) and any(names_in(name)):
            return [name]
    return []


def _shown(tree: HTMLTree, path: str, most: int) -> list[str]:
    """Return the lines with a name in the first `most` short elements that have one."""
    found: list[str] = []
    for element in every(tree, path, _MOST_ELEMENTS):
        given = element.get_attribute("content")
        lines = [given] if given else lines_of(element, _LONGEST_CHARS)
        named = next((line for line in lines if any(map(looks_like_a_person, names_in(line)))), None)
        if named:
            found.append(named)
            if len(found) == most:
                break
    return found
