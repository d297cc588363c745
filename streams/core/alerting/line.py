"""line: one sourced line of at most 100 code points, in the wire's manner, made of the article's own words.

`SPEAKER: CONTENT – SOURCE, DAY`: the surname, or the body that speaks; what is said, cut where a phrase ends;
quotation marks where the article has them; the first who carried the words; the day they were said, with the
year when it is not the article's. What is denied, refused, believed, ordered keeps its verb instead of the
colon: without it the line would say the contrary, or more; words that begin with it (`did not comment on …`)
stand alone. Whatever the text holds, the line is one line, and valid.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from schemas.alert import MAX_LINE_CHARS, AlertKind
from schemas.base import Precision
from schemas.statement import SpeechAct, StatementMode
from streams.core.alerting.phrase import ELLIPSIS, LineWords, line_words, shortened

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.statement import Cue, Speaker
    from schemas.statement_event import StatementEvent

_READ_CHARS: Final = 1000
"""Of a text only so much is looked at: a line has room for less."""
_SPEAKER_CHARS: Final = 24
_VERB_CHARS: Final = 20
_TARGET_CHARS: Final = 24
_SOURCE_CHARS: Final = 30
_SHORT_SOURCE_CHARS: Final = 14
_LEAST_ROOM: Final = 28
"""Code points that what is said has at least, before target and source give way; seven are always left."""
_DOUBLE: Final = re.compile('[“”„‟«»"]')
_SINGLE: Final = re.compile("[‘’‚‛‹›]")
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""What is drawn as nothing and is no control character: fillers, selectors, the empty Braille cell."""
_TOLD_MODES: Final = (StatementMode.BELIEF, StatementMode.OFFICIAL_ACT, StatementMode.PARTIAL_DIRECT)
_REFUSING: Final = (SpeechAct.DENY, SpeechAct.DECLINE)
_QUOTED: Final = (StatementMode.DIRECT, StatementMode.PARTIAL_DIRECT)
_PREFIXES: Final = {
    AlertKind.UPDATE: "UPDATE: ", AlertKind.CONTRADICTION: "CONTRADICTION: ",
    AlertKind.CORRECTION: "CORRECTION: ", AlertKind.WITHDRAWAL: "WITHDRAWN: ",
}


def line_of(event: StatementEvent, kind: AlertKind = AlertKind.NEW, language: str = "en") -> str:
    """Return the line of a statement; 1 to 100 code points, whatever its text."""
    words = line_words(language)
    content = _plain(f" {ELLIPSIS} ".join(span.text[:_READ_CHARS] for span in event.content[:20]))
    prefix = _PREFIXES.get(kind, "")
    head, tail = f"{prefix}{_opening(event, words, content)}", _ending(event, words, _SOURCE_CHARS)
    if len(head) + len(tail) + _LEAST_ROOM > MAX_LINE_CHARS:
        head = f"{prefix}{_opening(event, words, content, bare=True)}"
        tail = _ending(event, words, _SHORT_SOURCE_CHARS)
    room = MAX_LINE_CHARS - len(head) - len(tail)
    if event.mode in _QUOTED and content:
        said = f'"{shortened(_DOUBLE.sub(chr(39), content), room - 2, words)}"'
    else:
        said = _balanced(shortened(content, room, words))
    return f"{head}{said or ELLIPSIS}{tail}"[:MAX_LINE_CHARS].strip()


def _plain(text: str) -> str:
    """Return at most so many characters of a text in capitals, on one line, with nothing that is not seen."""
    text = _SINGLE.sub("'", _DOUBLE.sub('"', _UNSEEN.sub("", text[:_READ_CHARS])))
    seen = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join("".join(seen).upper().split())


def _unmarked(text: str) -> str:
    """Return a text in capitals without quotation marks."""
    return _plain(_DOUBLE.sub("", text[:_READ_CHARS]))


def _balanced(text: str) -> str:
    """Return a text without quotation marks where one of a pair was cut off."""
    return text if text.count('"') % 2 == 0 else " ".join(text.replace('"', "").split())


def _opening(event: StatementEvent, words: LineWords, content: str, *, bare: bool = False) -> str:
    """Return the speaker, and the verb where a colon would not do; ends with a blank unless it is empty.

    `bare`: without what it is said of. What is said that begins with the verb itself needs none.
    """
    speaker = _speaker(event.speaker, words) if event.speaker else ""
    if _begins_with_cue(event, content):
        return f"{speaker} " if speaker else ""
    verb = _verb(event, words)
    if not verb:
        return f"{speaker}: " if speaker else ""
    told = None if bare or _refuses(event) else event.target
    target = _short(told.text, _TARGET_CHARS, words) if told else ""
    colon = ":" if event.mode is StatementMode.DIRECT or _refuses(event) else ""
    return f"{' '.join(part for part in (speaker, verb, target) if part)}{colon} "


def _begins_with_cue(event: StatementEvent, content: str) -> bool:
    cue = _unmarked(event.cue.text) if event.cue is not None and event.mode not in _QUOTED else ""
    return any(map(str.isalpha, cue)) and f"{content} ".startswith(f"{cue} ")


def _short(text: str, room: int, words: LineWords) -> str:
    return shortened(_unmarked(text), room, words)


def _speaker(speaker: Speaker, words: LineWords) -> str:
    """Return the surname of a person: as the text has it where it is one word; else the body's name."""
    name = _unmarked(speaker.name)
    if speaker.kind != "person":
        return shortened(name.removeprefix("THE "), _SPEAKER_CHARS, words)
    every = [word for word in name.split() if word.strip(".") not in words.after_names]
    here = _plain(speaker.mention.text) if speaker.mention else ""
    if here in every:
        return shortened(here, _SPEAKER_CHARS, words)
    first = len(every) - 1
    while first > 1 and every[first - 1] in words.particles:
        first -= 1
    return shortened(" ".join(every[max(0, first) :]).strip(","), _SPEAKER_CHARS, words)


def _refuses(event: StatementEvent) -> bool:
    return event.speech_act in _REFUSING or (event.cue is not None and event.cue.negated)


def _verb(event: StatementEvent, words: LineWords) -> str:
    """Return the words that report, where the line must not do without them; "" where a colon stands."""
    cue, refuses = event.cue, _refuses(event)
    telling = event.mode in _TOLD_MODES or event.speech_act is not SpeechAct.ASSERT
    plain = cue is None or cue.lemma.lower() in words.plain or not any(map(str.isalpha, cue.text))
    if not refuses:
        return _short(cue.text, _VERB_CHARS, words) if cue is not None and telling and not plain else ""
    if cue is None or (plain and not cue.negated):
        return words.declines if event.speech_act is SpeechAct.DECLINE else words.denies
    return _negated(cue, words)


def _negated(cue: Cue, words: LineWords) -> str:
    text = _short(cue.text, _VERB_CHARS, words)
    lacking = cue.negated and not any(map(words.negates, text.split()))
    return f"{words.negation} {_short(cue.lemma, _VERB_CHARS, words)}" if lacking else text


def _ending(event: StatementEvent, words: LineWords, room: int) -> str:
    """Return ` – SOURCE, DAY`, as far as they are known."""
    carried = [hop.actor for hop in event.chain if hop.hop or hop.relation != "said"]
    outlet = event.article.outlet.name or event.article.outlet.domain
    name = next((name for name in (*carried, outlet or "") if _plain(name)), "")
    parts = [part for part in (_short(name, room, words), _day(event, words)) if part]
    return f" – {', '.join(parts)}" if parts else ""


def _day(event: StatementEvent, words: LineWords) -> str:
    """Return the day of what was said, else of the first report of it; "" when neither is known."""
    said, precision = event.said_on.value, event.said_on.precision
    if said is None:
        said = next((hop.date for hop in event.chain if hop.date is not None), None)
        precision = Precision.DAY
    return _written(said, precision, event.event_time, words) if said is not None else ""


def _written(
    day: datetime, precision: Precision | None, event_time: datetime, words: LineWords
) -> str:
    month = words.months[day.month - 1]
    if precision is Precision.YEAR:
        return f"{day.year}"
    if precision is Precision.MONTH:
        return f"{month} {day.year}"
    return f"{month} {day.day}" if day.year == event_time.year else f"{month} {day.day}, {day.year}"
