"""Elsewhere: what one place of an article teaches about the others.

The recogniser sees a few words to each side. A surname alone, or a name in a headline, that it missed is put
in when the article gives the full name; a word that it takes now for a body, now for a person is what it is
most often; a surname of somebody named in full is a person.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import ahocorasick

from schemas.mention import MentionKind
from streams.core.tagging.gazetteer import whole_word
from streams.core.tagging.mentions import Found
from streams.core.tagging.merge import put_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from streams.core.tagging.names import Names

_SHORTEST_SURNAME: Final = 3
_MOST_NAMES: Final = 2_000
"""Of an article; a list of the world's mayors has no more."""
_MISTAKEN: Final = (MentionKind.ORG, MentionKind.GPE, MentionKind.NORP, MentionKind.FAC, MentionKind.LOC)
_PERSON_WORDS: Final = (2, 3)
_LEARNED: Final = (MentionKind.PERSON, MentionKind.ORG)


def completed(
    fields: Sequence[tuple[str, list[Found]]], names: Names, bodies: Collection[str]
) -> list[list[Found]]:
    """Return the mentions of each field (its text, its mentions), completed and made to agree.

    `bodies`: the words that end a body's name.
    """
    agreed = _shortened(fields, _agreed(fields), bodies)
    surnames = {
        surname: MentionKind.PERSON
        for (text, _), spans in zip(fields, agreed, strict=True)
        for found in spans
        if found.kind is MentionKind.PERSON
        for surname in _surname(text[found.start : found.end], names)
    }
    forms = {**_full_names(fields, agreed), **surnames}
    if not forms:
        return agreed
    automaton = ahocorasick.Automaton()
    for form, kind in forms.items():
        automaton.add_word(form, (len(form), kind))
        automaton.add_word(form.upper(), (len(form.upper()), kind))
    automaton.make_automaton()
    return [
        _with_hits(text, [_person(text, found, surnames) for found in spans], automaton)
        for (text, _), spans in zip(fields, agreed, strict=True)
    ]


def _agreed(fields: Sequence[tuple[str, list[Found]]]) -> list[list[Found]]:
    """Return the mentions with one kind for one name, the most frequent, where no list says its kind."""
    counts: dict[str, Counter[MentionKind]] = {}
    for text, spans in fields:
        for found in spans:
            if found.entry is None and found.kind is not MentionKind.DATE:
                counts.setdefault(text[found.start : found.end], Counter())[found.kind] += 1
    kinds = {name: count.most_common(1)[0][0] for name, count in counts.items() if len(count) > 1}
    return [
        [
            found._replace(kind=kinds[text[found.start : found.end]])
            if found.entry is None
            and found.kind is not MentionKind.DATE
            and text[found.start : found.end] in kinds
            else found
            for found in spans
        ]
        for text, spans in fields
    ]


def _shortened(
    fields: Sequence[tuple[str, list[Found]]], agreed: Sequence[list[Found]], bodies: Collection[str]
) -> list[list[Found]]:
    """Return the mentions, bodies and places as people where the article goes on with their last word alone.

    A body goes on with its first words or its letters, a place as a whole.
    """
    alone = {
        text[found.start : found.end]
        for (text, _), spans in zip(fields, agreed, strict=True)
        for found in spans
        if found.entry is None and " " not in text[found.start : found.end]
    }
    alone -= set(bodies)
    return [
        [_by_last_word(text[found.start : found.end], found, alone) for found in spans]
        for (text, _), spans in zip(fields, agreed, strict=True)
    ]


def _by_last_word(name: str, found: Found, alone: Collection[str]) -> Found:
    words = name.split()
    if (
        found.entry is None
        and found.kind in _MISTAKEN
        and len(words) in _PERSON_WORDS
        and words[-1] in alone
        and words[0] not in alone
        and all(word[0].isupper() and not word.isupper() for word in words)
    ):
        return found._replace(kind=MentionKind.PERSON, family="elsewhere")
    return found


def _surname(name: str, names: Names) -> Iterator[str]:
    words = name.split()
    if len(words) > 1 and len(words[-1]) >= _SHORTEST_SURNAME and words[-1][0].isupper():
        yield words[-1]
        first = next((at for at in range(1, len(words) - 1) if words[at].lower() in names.particles), None)
        if first is not None:  # "De Wever", "von der Leyen"
            yield " ".join(words[first:])
    if len(words) > 1 and words[0].lower() in names.family_first:
        yield words[0]


def _full_names(
    fields: Sequence[tuple[str, list[Found]]], agreed: Sequence[Sequence[Found]]
) -> Mapping[str, MentionKind]:
    """Return the names of people and bodies that have two words or more, with their kinds."""
    out: dict[str, MentionKind] = {}
    for (text, _), spans in zip(fields, agreed, strict=True):
        for found in spans:
            name = text[found.start : found.end]
            if found.kind in _LEARNED and " " in name and name[0].isupper() and len(out) < _MOST_NAMES:
                out.setdefault(name, found.kind)
    return out


def _person(text: str, found: Found, surnames: Mapping[str, MentionKind]) -> Found:
    listed = found.entry is not None and found.entry.sure
    if found.kind in _MISTAKEN and not listed and text[found.start : found.end] in surnames:
        return found._replace(kind=MentionKind.PERSON, entry=None, family="elsewhere")
    return found


def _with_hits(text: str, spans: Sequence[Found], automaton: ahocorasick.Automaton) -> list[Found]:
    hits: list[Found] = []
    for end, (length, kind) in automaton.iter(text):
        start = end + 1 - length
        if whole_word(text, start, end + 1):
            while hits and hits[-1].start >= start:
                hits.pop()
            if not hits or hits[-1].end <= start:
                hits.append(Found(start, end + 1, kind, None, "elsewhere"))
    return put_in(spans, hits)
