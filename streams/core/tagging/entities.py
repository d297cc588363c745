"""Entities: which mentions of one article name one thing.

A surname goes to the person of the article who is named in full with it, before it or after (a headline comes
before the full name); a first name alone goes to nobody. When two people of one surname are named, the
surname alone is ambiguous: no entity, no id.

Names are compared word by word, without case, full stops and honorifics. Of a full name stand for it: its end
from any word but the first on (López Obrador, von der Leyen, al-Assad), the last word but one of three (Pedro
Sánchez Castejón), and the first of a name whose family name comes first (Xi Jinping). "D. Peskov" and "Dmitry
S. Peskov" are Dmitry Peskov. A body's letters in brackets after its name mean it in the whole article.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from schemas.ids import digest
from schemas.mention import MentionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from streams.core.tagging.names import Names

AMBIGUOUS = "?"
"""The key of a surname that two people of the article bear."""


class Named(NamedTuple):
    """A mention's kind, its words, and the id it is linked to, None when it is not."""

    kind: MentionKind
    name: str
    qid: str | None


def people_of_article(mentions: Iterable[Named], names: Names) -> list[str | None]:
    """Return for each mention (in order of the page) the full name of the person it means.

    None when it names no person, `AMBIGUOUS` when it may mean two; its own words when nobody is named
    more fully.
    """
    mentions = list(mentions)
    words = [_words(each.name, names) if each.kind is MentionKind.PERSON else () for each in mentions]
    fulls = _persons(_not_inside([each for each in words if len(each) > 1]))
    short: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for full in dict.fromkeys(fulls.values()):
        for part in _parts(full, names):
            short.setdefault(part, set()).add(full)
    return [_whole(each, fulls, short) if each else None for each in words]


def _words(name: str, names: Names) -> tuple[str, ...]:
    words = name.replace(".", " ").replace("’", "'").lower().split()
    return tuple(word for word in words if word not in names.honorifics) or tuple(words)


def _not_inside(names: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the names that are not the end of a longer one."""
    names = list(dict.fromkeys(names))
    ends = {name[at:] for name in names for at in range(1, len(name))}
    return [name for name in names if name not in ends]


def _persons(fulls: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Map each full name to the fullest of the same person: one last word, and first words that agree."""
    by_last: dict[str, list[tuple[str, ...]]] = {}
    for full in dict.fromkeys(fulls):
        by_last.setdefault(full[-1], []).append(full)
    return {full: _fullest(full, rivals) for rivals in by_last.values() for full in rivals}


def _fullest(full: tuple[str, ...], rivals: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    same = [each for each in rivals if _agree(each[0], full[0])]
    firsts = {each[0] for each in same if len(each[0]) > 1}
    if len(firsts) > 1:
        return full
    return max(same, key=lambda each: (len(each[0]) > 1, -len(each)))


def _agree(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


def _parts(full: tuple[str, ...], names: Names) -> set[tuple[str, ...]]:
    """Return what may stand for a full name."""
    out = {full[at:] for at in range(1, len(full))}
    if len(full) > 2 and full[-2] not in names.particles and len(full[-2]) > 1:  # two words before the last
        out.add((full[-2],))
    if full[0] in names.family_first:
        out.add((full[0],))
    return out


def _whole(
    words: tuple[str, ...],
    fulls: Mapping[tuple[str, ...], tuple[str, ...]],
    short: Mapping[tuple[str, ...], set[tuple[str, ...]]],
) -> str:
    if words in fulls:
        return " ".join(fulls[words])
    meant = short.get(words, set())
    if len(meant) > 1:
        return AMBIGUOUS
    return " ".join(next(iter(meant), words))


def entity_keys(
    mentions: Sequence[Named], people: Sequence[str | None], aliases: Mapping[str, str]
) -> list[str | None]:
    """Return for each mention what it names, the same words for the same thing.

    None for dates and for what is ambiguous. `aliases`: letters → the body's name that they stand for.
    """
    qids = {who: each.qid for each, who in zip(mentions, people, strict=True) if who and each.qid}
    return [_key(each, who, qids, aliases) for each, who in zip(mentions, people, strict=True)]


def _key(
    mention: Named, who: str | None, qids: Mapping[str, str | None], aliases: Mapping[str, str]
) -> str | None:
    if mention.kind is MentionKind.DATE or who == AMBIGUOUS:
        return None
    if who:
        return qids.get(who) or f"PERSON\t{who}"
    if mention.qid:
        return f"{mention.kind.value}\t{mention.qid}" if mention.kind is MentionKind.NORP else mention.qid
    name = aliases.get(mention.name, mention.name)
    return f"{mention.kind.value}\t{name.lower()}"


def entity_ids(article_id: str, keys: Sequence[str | None]) -> list[str | None]:
    """Return an id for each key that occurs twice or more, None for the others."""
    counts = Counter(keys)
    return [
        digest("entity", article_id, key) if key is not None and counts[key] > 1 else None for key in keys
    ]
