"""xml: bytes from anywhere → a tree, bounded and without entities, whatever state the XML is in.

What feeds get wrong is mended where there is one reading: a wrong charset, letters that XML forbids, `&`
alone, HTML's entities, prefixes that nobody declared, tags left open or closed wrongly, an end that is
missing. Never: an external entity, an internal one, a fetch, more than 256 levels (libxml2's own bound; what
is deeper is left out). All in linear time: the tree that comes out is well-formed, so no other parser has to
guess again.
"""

from __future__ import annotations

import html.entities
import re
from typing import TYPE_CHECKING, Final

from feedparser.encodings import convert_to_utf8
from lxml import etree

from streams.core.feeds.entry import NotAFeed

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIXES: Final = {
    "content": "http://purl.org/rss/1.0/modules/content/", "dc": "http://purl.org/dc/elements/1.1/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/", "atom": "http://www.w3.org/2005/Atom",
    "media": "http://search.yahoo.com/mrss/", "news": "http://www.google.com/schemas/sitemap-news/0.9",
}
_OTHER: Final = "urn:undeclared:"
_ATTRIBUTES: Final = 64
_XML_OWN: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_AMPERSAND: Final = re.compile(rb"&(?:(?P<name>[A-Za-z][A-Za-z0-9]{1,31});)?(?!#[0-9A-Fa-fxX]{1,8};)")
_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def tree_of(body: bytes, headers: Mapping[str, str]) -> etree._Element:
    """Return the root. Raises `NotAFeed` for what is no XML at all.

    `headers`: those of HTTP, lower case; `content-type` may name the charset.
    """
    if not body.strip():
        raise NotAFeed("empty")
    text = _FORBIDDEN.sub(b"", convert_to_utf8(dict(headers), body, {}).lstrip())
    mended = _AMPERSAND.sub(_entity, text)
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        root = etree.fromstring(mended, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        raise NotAFeed("no XML")
    etree.strip_elements(root, etree.Entity, with_tail=False)
    for each in root.iter(etree.Element):
        _declare(each)
    return root


def _entity(found: re.Match[bytes]) -> bytes:
    """Write HTML's named letters as letters, a lone `&` as one."""
    name = found["name"].decode("ascii") if found["name"] else None
    if name is None:
        return b"&amp;"
    if name in _XML_OWN:
        return found[0]
    letter = html.entities.html5.get(f"{name};")
    return letter.encode() if letter else b"&amp;" + found[0][1:]


def _declare(element: etree._Element) -> None:
    """Give an element whose prefix nobody declared the namespace it means; such attributes go.

    So do those of an element with very many: feedparser's time grows with their square.
    """
    if len(element.attrib) > _ATTRIBUTES:
        element.attrib.clear()
    tag = str(element.tag)
    if not tag.startswith("{") and ":" in tag:
        prefix, _, local = tag.partition(":")
        element.tag = f"{{{_PREFIXES.get(prefix.lower(), _OTHER + prefix)}}}{local or 'x'}"
    for name in [each for each in map(str, element.attrib) if ":" in each and not each.startswith("{")]:
        del element.attrib[name]


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace, lower case."""
    return str(element.tag).rpartition("}")[2].lower()
