"""Entities: which mentions of one article name one thing.

A surname goes to the last full name before it that ends with it.

Names are compared letter by letter, without case, full stops and honorifics. "Peskov" after "Dmitry Peskov"
is Dmitry Peskov; when two people of the surname were named before (Bill and Hillary Clinton), the last one
named is meant. Things linked to one Wikidata id are one thing. A mention that is alone in its article has no
entity id.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from schemas.ids import digest
from schemas.mention import MentionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streams.core.tagging.names import Names


class Named(NamedTuple):
    """A mention's kind, its words, and the id it is linked to, None when it is not."""

    kind: MentionKind
    name: str
    qid: str | None


def entity_keys(mentions: Iterable[Named], names: Names) -> list[str | None]:
    """Return for each mention (in order of the page) what it names, the same words for the same thing.

    None for dates.
    """
    full_names: dict[str, str] = {}
    return [_key(mention, names, full_names) for mention in mentions]


def _key(mention: Named, names: Names, full_names: dict[str, str]) -> str | None:
    if mention.kind is MentionKind.DATE:
        return None
    if mention.qid:
        return f"{mention.kind.value}\t{mention.qid}" if mention.kind is MentionKind.NORP else mention.qid
    words = [word for word in mention.name.replace(".", " ").lower().split() if word not in names.honorifics]
    if mention.kind is not MentionKind.PERSON or not words:
        return f"{mention.kind.value}\t{mention.name.lower()}"
    whole = " ".join(words)
    if len(words) == 1:
        whole = full_names.get(words[0], whole)
    else:
        full_names[words[-1]] = whole
    return f"PERSON\t{whole}"


def entity_ids(article_id: str, keys: Sequence[str | None]) -> list[str | None]:
    """Return an id for each key that occurs twice or more, None for the others."""
    counts = Counter(keys)
    return [
        digest("entity", article_id, key) if key is not None and counts[key] > 1 else None for key in keys
    ]
