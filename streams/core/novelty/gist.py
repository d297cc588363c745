"""gist: what a statement says, as far as two of them are compared: a function of the statement alone.

In order: names are taken out of its content and stand for themselves; what is left is read word by word:
numbers with what they count, months and days, words that turn others round with the words they turn, content
words by their meaning. Denying turns everything round. Two gists compare in `likeness`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.mention import MentionKind
from schemas.statement import SpeechAct, StatementMode
from streams.core.novelty.words import Words, plain_form, words
from streams.core.statements.cues import cues_of
from streams.core.statements.placement import normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schemas.found_statement import FoundStatement, Named

SCOPE: Final = 3
"""Content words that a negation reaches, within its clause."""
_TOKEN: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|[%$€£]|[.,;:!?—–()]")
_YEARS: Final = range(1900, 2101)
_MOST_TOKENS: Final = 400
"""Of a longer statement only the beginning is compared."""


class Figure(NamedTuple):
    """A number and what it counts; "" when that is not said."""

    unit: str
    value: str


class Gist(NamedTuple):
    """What a statement says. `text`: its words in normal form, nothing left out.

    `turned`: for each negation the words it reaches. `around`: bounds of the day it was said on, as text,
    when it speaks of a day by that ("tomorrow", "on Monday"); None when it does not.
    """

    text: str
    terms: frozenset[str]
    names: frozenset[str]
    addressed: frozenset[str]
    figures: frozenset[Figure]
    times: frozenset[str]
    turned: tuple[frozenset[str], ...]
    denied: bool
    around: tuple[str, str] | None


@dataclass(slots=True)
class _Reading:
    """One pass over the words.

    `open`: the words of the last negation, `reach`: how many more it reaches; `number`: one not yet kept.
    """

    known: Words
    language: str
    terms: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    figures: set[Figure] = field(default_factory=set)
    times: set[str] = field(default_factory=set)
    turned: list[set[str]] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    reach: int = 0
    number: float | None = None
    currency: str = ""
    previous: str = ""
    previous_form: str = ""
    relative: bool = False

    def take(self, token: str, *, name: bool) -> None:
        """Take in a token; `name`: it is written like a name."""
        word = token.lower().replace("’", "'")
        if not word[0].isalnum() and word not in self.known.units:
            self._settle("")
            self.reach = 0
        elif word[0].isdigit():
            self._number(float(word.replace(",", "")) if word.count(".") < 2 else 0.0)
        elif word in self.known.numbers:
            self._number(float(self.known.numbers[word]))
        else:
            self._word(word, name=name)
        self.previous = word

    def _number(self, value: float) -> None:
        tens = self.number is not None and self.number >= 20 and self.previous in self.known.numbers
        if self.number is not None and tens and value < 10:
            self.number += value
        else:
            self._settle("")
            self.number = value
            if self.previous in self.known.months:
                self._settle("day")
            elif value in _YEARS and self.previous in self.known.before_years:
                self._settle("year")

    def _settle(self, unit: str) -> None:
        """Keep the number read last, with what it counts."""
        if self.number is None:
            return
        year = not unit and not self.currency and self.number in _YEARS
        counted = "year" if year else self.currency or unit
        self.figures.add(Figure(counted, f"{self.number:g}" if self.number < 1e6 else f"{self.number:.4e}"))
        self.number, self.currency = None, ""

    def _word(self, word: str, *, name: bool) -> None:
        known = self.known
        if word in known.multipliers:
            self.number = (self.number or 1.0) * known.multipliers[word]
        elif word in known.units:
            self._unit(word)
        elif word in known.months and (name or word != "may"):
            self._settle("day")
            self.times.add(word)
        elif word in known.times:
            self._time(word)
        elif word in known.negators or (plain := plain_form(word, self.language)) in known.negators:
            self._turn()
        else:
            self._content(word, plain, name=name)

    def _unit(self, word: str) -> None:
        if self.number is None:
            self.currency = self.known.units[word]
        else:
            self._settle(self.known.units[word])

    def _time(self, word: str) -> None:
        self._settle("")
        self.times.add(word)
        self.relative |= word in self.known.relative

    def _turn(self) -> None:
        self.open = set()
        self.turned.append(self.open)
        self.reach = SCOPE

    def _content(self, word: str, plain: str, *, name: bool) -> None:
        known = self.known
        self.relative |= word in known.relative
        if word in known.clause:
            self.reach = 0
        if (phrase := known.phrases.get((self.previous_form, word))) is not None:
            self._add(phrase)
            return
        self.previous_form = plain
        if word in known.empty or len(word) == 1:
            return
        if name:
            self.names.add(known.names.get(word, word))
            return
        meaning = known.meaning(plain)
        if self.number is not None:
            self._settle(meaning)
            if meaning in known.measures:
                return
        self._add(meaning)

    def _add(self, meaning: str) -> None:
        opposite = self.known.opposites.get(meaning)
        if opposite is not None:
            meaning = opposite
            self.turned.append({meaning})
        self.terms.add(meaning)
        if self.reach:
            self.reach -= 1
            self.open.add(meaning)


def gist_of(found: FoundStatement) -> Gist:
    """Return the gist of a statement. KeyError when its language has no pack: then it has no statements."""
    known = words(found.language)
    content = " . ".join(span.text for span in found.content)
    reading = _Reading(known, found.language)
    rest = _without_names(content, found.names, reading)
    shouted = found.mode is StatementMode.HEADLINE and _capitals(rest) > 0.5
    first = True
    for written in _TOKEN.findall(rest)[:_MOST_TOKENS]:
        reading.take(written, name=written[:1].isupper() and not first and not shouted)
        first = written in {".", "!", "?"}
    reading.take(".", name=False)
    said = found.said_on
    denied = _denied(found, bool(reading.turned)) != (found.cue is not None and found.cue.negated)
    return Gist(
        normalised(content), frozenset(reading.terms), frozenset(reading.names),
        frozenset(key_of(each, known) for each in found.addressed),
        frozenset(reading.figures), frozenset(reading.times),
        tuple(frozenset(scope) for scope in reading.turned), denied,
        (str(said.not_before or ""), str(said.not_after or "")) if reading.relative else None,
    )


def _denied(found: FoundStatement, negated: bool) -> bool:
    """Tell whether denying turns the content round. Words that deny by their own negation are not."""
    if found.speech_act is not SpeechAct.DENY or not negated:
        return found.speech_act is SpeechAct.DENY
    form, _, particle = found.cue.lemma.partition(" ") if found.cue is not None else ("", "", "")
    verb = cues_of(found.language).verb(form, particle)
    return verb is not None and verb.act is SpeechAct.DENY


def _without_names(content: str, names: Iterable[Named], reading: _Reading) -> str:
    """Return the content with a gap for each name; the names are kept."""
    for each in sorted(names, key=lambda named: -len(named.text)):
        if each.text in content:
            content = content.replace(each.text, " the ")
        reading.names.add(key_of(each, reading.known))
    return content


def key_of(named: Named, known: Words) -> str:
    """Return what a name is compared by: a person's surname, a state's id, else its own id or normal form."""
    text = normalised(named.text).removeprefix("the ")
    if named.kind is MentionKind.PERSON:
        return text.rpartition(" ")[2]
    return known.names.get(text) or named.key


def _capitals(text: str) -> float:
    written: Sequence[str] = [token for token in _TOKEN.findall(text) if token[0].isalpha()]
    return sum(token[0].isupper() for token in written) / (len(written) or 1)
