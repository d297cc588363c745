"""Cues: the words of a language that report, compiled once from its pack."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypedDict, cast

from schemas.statement import SpeechAct
from streams.core.packs import read
from streams.core.statements.report import CueKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Verb(NamedTuple):
    """A verb that reports. `frames` are the letters of the pack: what its content looks like."""

    lemma: str
    kind: CueKind
    frames: frozenset[str]
    prepositions: frozenset[str]
    act: SpeechAct
    factive: bool
    preposition_act: SpeechAct


class _Row(TypedDict, total=False):
    forms: str
    kind: str
    frames: str
    prepositions: str
    act: str
    factive: bool
    preposition_act: str


@dataclass(frozen=True, slots=True)
class Cues:
    """One pack's cues, in lower case.

    `verbs`: form and particle ("" without one) → verb. `nouns`: noun → kind. `light`: form → lemma of a verb
    that reports with its noun; `holding`: those whose subject has the thought (has hopes that), rather than
    says it. `words`: what makes a sentence worth parsing → words of which one must stand beside it.
    """

    verbs: Mapping[tuple[str, str], Verb]
    nouns: Mapping[str, CueKind]
    holding: frozenset[str]
    asking: str
    uttering: frozenset[str]
    citing: frozenset[str]
    adjectives: frozenset[str]
    light: Mapping[str, str]
    phrases: Mapping[str, frozenset[str]]
    media: frozenset[str]
    titles: frozenset[str]
    according: tuple[tuple[str, ...], ...]
    unsaid: Mapping[str, frozenset[str]]
    pronouns: Mapping[str, frozenset[str]]
    verbs_of_quotes: frozenset[str]
    words: Mapping[str, frozenset[str]]

    def verb(self, form: str, particle: str) -> Verb | None:
        """Return the verb of a form with its particle, else the one without."""
        return self.verbs.get((form, particle)) or self.verbs.get((form, ""))


_ALWAYS: Final[frozenset[str]] = frozenset()
_AFTER_NOUNS: Final = frozenset(("that", "to", "for", "of"))
_NEEDED: Final = {"i": "to", "o": "to", "s": "as"}
_NOUNS = {"say": CueKind.SAY, "believe": CueKind.BELIEVE, "order": CueKind.ACT}


@cache
def cues_of(language: str) -> Cues:
    """Return the cues of a language's pack. KeyError: it has none."""
    pack = read(language, "cues")
    verbs = _verbs(cast("dict[str, _Row]", pack["verbs"]))
    lists = cast("dict[str, dict[str, list[str]]]", pack)
    nouns = {noun: _NOUNS[kind] for kind, words in lists["nouns"].items() for noun in words}
    according = tuple(tuple(phrase.split()) for phrase in lists["phrases"]["according"])
    light = {
        form: lemma
        for lemma, forms in cast("dict[str, dict[str, dict[str, str]]]", pack)["light"]["verbs"].items()
        for form in forms.split()
    }
    adjectives = frozenset(lists["adjectives"]["believe"])
    phrases = lists["phrases"]
    words = _triggers(verbs) | dict.fromkeys(adjectives | set(phrases["opinions"]), _ALWAYS)
    for noun in nouns.keys() - words.keys():
        words[noun] = _AFTER_NOUNS | frozenset(light)
    for phrase in according:
        words[phrase[0] if len(phrase) == 1 else phrase[-2]] = _ALWAYS
    return Cues(
        verbs=verbs,
        nouns=nouns,
        asking=lists["uttering"]["asking"][0],
        holding=frozenset(lists["holding"]["verbs"]),
        citing=frozenset(lists["uttering"]["citing"]),
        uttering=frozenset(lists["uttering"]["verbs"]),
        adjectives=adjectives,
        light=light,
        phrases={name: frozenset(lists["phrases"][name]) for name in ("opinions", "things")},
        media=frozenset(lists["colon"]["media"]),
        titles=frozenset(lists["colon"]["speaking"]),
        according=according,
        unsaid={name: frozenset(words) for name, words in lists["unsaid"].items()},
        pronouns={name: frozenset(words) for name, words in lists["pronouns"].items()},
        verbs_of_quotes=frozenset(form for (form, _), verb in verbs.items() if "q" in verb.frames),
        words=words,
    )


def worth_parsing(cues: Cues, words: Collection[str]) -> bool:
    """Tell whether a sentence of these words (lower case) can hold a cue."""
    return any(
        not partners or not partners.isdisjoint(words)
        for partners in (cues.words.get(word) for word in words)
        if partners is not None
    )


def _triggers(verbs: Mapping[tuple[str, str], Verb]) -> dict[str, frozenset[str]]:
    """Return for each form the words of which one must stand beside it, none when it stands for itself."""
    found: dict[str, frozenset[str]] = {}
    for (form, particle), verb in verbs.items():
        partners = {particle} if particle else set(verb.prepositions)
        if not particle:
            partners |= {_NEEDED.get(frame, "") for frame in verb.frames}
        needed = _ALWAYS if "" in partners else frozenset(partners)
        before = found.get(form)
        found[form] = needed if before is None else before | needed if before and needed else _ALWAYS
    return found


def _verbs(rows: Mapping[str, _Row]) -> dict[tuple[str, str], Verb]:
    found: dict[tuple[str, str], Verb] = {}
    for lemma, row in rows.items():
        verb = Verb(
            lemma,
            CueKind(row["kind"]),
            frozenset(row["frames"]),
            frozenset(row.get("prepositions", "").split()),
            SpeechAct(row.get("act", "assert")),
            row.get("factive", False),
            SpeechAct(row.get("preposition_act", row.get("act", "assert"))),
        )
        particle = lemma.partition(" ")[2]
        for form in row["forms"].split():
            found.setdefault((form, particle), verb)
    return found
