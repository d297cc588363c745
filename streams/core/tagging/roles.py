"""Roles: what a text says of the office of a person it names.

Per PERSON mention, in a window of 200 code points to each side: a title directly before the name ("Russian
President X"), in commas before it ("the spokesman for President Y, X, said") or after it (", the country's
foreign minister,", "(R-Texas)", ", who heads the central bank,", "as foreign minister"). No parse: the words
of a role stand together.

A garden path has two readings, and both are given: in "the Press Secretary of Russian President X" X is the
press secretary or the president. The parse prefers one (`preference` 0); `core.offices.decide` decides with
the registry.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.mention import MentionKind
from streams.core.offices.items import Item, items_of
from streams.core.offices.lexicon import Body, Title, Word, lexicon
from streams.core.offices.model import Office
from streams.core.offices.names import normal
from streams.core.offices.phrase import INSIDE, Said, Segment, office_of, phrase_office, segments
from streams.core.tagging.counterparts import counterparts
from streams.core.tagging.role_runs import MOST_ITEMS, closes, opener, run_back, run_on, unknown_body

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from streams.core.tagging.mentions import Found

_WINDOW_CHARS: Final = 200
_LOOSE: Final = (Word.OF, Word.AND, Word.ARTICLE, Word.POSSESSIVE)
"""What ends no role: the words after it are none of ours."""
_OPEN: Final = (",", "(", "-", "–", "—")


@dataclass(frozen=True, slots=True)
class RoleSaid:
    """A role as a text says it. `start`, `end`: the words `text` in the field, code points, half open.

    `office` is a deputy's too, with `deputy`. `rank`: the title's canonical word. `body`: the canonical kind
    of body (presidency, foreign_ministry, nato), or a name in normal form. `country`: ISO 3166-1 alpha-2,
    None when not said. `person`: the start of the mention it is said of; None when the phrase stands alone.
    `of_person`: the one who is served, as written. `preference`: 0 for the reading that the parse prefers, 1
    for another reading of the same words. `doubtful`: the words allow several readings.
    """

    text: str
    start: int
    end: int
    office: Office
    rank: str | None = None
    organization: str | None = None
    body: str | None = None
    country: str | None = None
    person: int | None = None
    of_person: str | None = None
    former: bool = False
    acting: bool = False
    deputy: bool = False
    elect: bool = False
    rule: str = ""
    preference: int = 0
    doubtful: bool = False


class _Around(NamedTuple):
    """A person's mention with what is known near it."""

    text: str
    mention: Found
    known: Mapping[int, Item]
    language: str


def roles_in(text: str, mentions: Sequence[Found], language: str = "en") -> list[RoleSaid]:
    """Return the roles said of the PERSON mentions of a field, in order of the page.

    Several of one mention: other readings (`preference`), or a role before the name and one after it.
    """
    found: list[RoleSaid] = []
    for at, mention in enumerate(mentions):
        if mention.kind is MentionKind.PERSON:
            around = _Around(text, mention, dict(_near(text, mentions, at, language)), language)
            found += _before(around)
            found += _after(around)
    found += counterparts(text, mentions, tuple(found), language)
    return sorted(found, key=lambda role: role.person or 0)


def _near(text: str, mentions: Sequence[Found], at: int, language: str) -> Iterator[tuple[int, Item]]:
    """Yield the mentions near one as items: people, and bodies that no pack knows."""
    here = mentions[at]
    for way in (range(at - 1, -1, -1), range(at + 1, len(mentions))):
        for other in way:
            each = mentions[other]
            if each.end < here.start - _WINDOW_CHARS or each.start > here.end + _WINDOW_CHARS:
                break
            if each.kind is MentionKind.PERSON:
                yield each.start, Item(Word.PERSON, each.start, each.end)
            elif each.kind is MentionKind.ORG and (name := _unknown(text[each.start : each.end], language)):
                yield each.start, Item(Word.BODY, each.start, each.end, (Body(name),))


def _unknown(name: str, language: str) -> str | None:
    """Return an organisation's name in normal form, None when the pack knows more of it."""
    phrases, key = lexicon(language).phrases, normal(name)
    words = key.split()
    known = any(" ".join(words[at:]) in phrases for at in range(len(words)))
    return None if known or not words else key


def _before(around: _Around) -> list[RoleSaid]:
    """Return the roles that stand before the name."""
    text, start = around.text, around.mention.start
    low = max(0, start - _WINDOW_CHARS)
    low = max(low, text.rfind("\n", low, start) + 1)
    if not _may_end(text[low:start], around.language):
        return []
    items = items_of(text, low, start, around.known, around.language)
    if not items or text[items[-1].end : start].strip(" ."):
        return []
    if items[-1].word is not Word.COMMA:
        return _readings(around, items, run_back(items), "title_before")
    closed = text[around.mention.end : around.mention.end + 1]
    if closed and closed not in ",;.)":
        return []
    return _in_commas(around, items[:-1])


def _may_end(before: str, language: str) -> bool:
    """Say whether a role may end there: most names have none, and are passed over at once."""
    last = before[-40:].rstrip(" .,").rpartition(" ")[2]
    plain = last.lower().replace(".", "").replace("-", " ").rpartition(" ")[2]
    return plain in lexicon(language).ends or last[:1].isupper() or before.endswith((", ", ","))


def _in_commas(around: _Around, items: Sequence[Item]) -> list[RoleSaid]:
    """Return the roles of "the spokesman for President Y, X, said": X's, not Y's."""
    run = run_back(items, served=True)
    parts = segments(run)
    if run and run[-1].word is Word.PERSON:
        heads = [at for at, part in enumerate(parts[:-1]) if part.head is not None]
        return [said for at in heads[:1] if (said := _said(around, parts, at, "in_commas"))]
    return _readings(around, items, run, "in_commas")


def _readings(
    around: _Around, items: Sequence[Item], run: Sequence[Item], rule: str
) -> list[RoleSaid]:
    """Return one role, or the two readings of a garden path, the preferred first."""
    parts = segments(run)
    heads = [at for at, part in enumerate(parts) if part.head is not None]
    if not heads:
        return []
    inner = _said(around, parts, heads[-1], rule)
    if len(heads) == 1 or _is_taken(around, parts[heads[0]], items, run, rule):
        return [inner] if inner else []
    outer = _said(around, parts, heads[0], f"{rule}_of")
    sure = rule == "title_before" and _names_the_served(around, parts, heads[0])
    if inner and sure:
        return [inner]
    both = (inner, outer) if rule == "title_before" and _serves(around, parts, heads) else (outer, inner)
    return [replace(said, preference=n, doubtful=True) for n, said in enumerate(both) if said]


def _is_taken(
    around: _Around, outer: Segment, items: Sequence[Item], run: Sequence[Item], rule: str
) -> bool:
    """Say whether the outer title is another's: "Y, the spokesman for President X", "a spokesman for X"."""
    first = around.text[outer.items[0].start : outer.items[0].end].lower()
    if rule == "title_before" and first in lexicon(around.language).indefinite:
        return True
    before = items[: len(items) - len(run)]
    return len(before) > 1 and before[-1].word is Word.COMMA and before[-2].word is Word.PERSON


def _names_the_served(around: _Around, parts: Sequence[Segment], outer: int) -> bool:
    """Say whether a bare surname follows: "the spokesman for President X" is not X."""
    text, mention, last = around.text, around.mention, parts[-1].items
    bare = " " not in text[mention.start : mention.end]
    return bare and bool(last) and last[0].word is not Word.ARTICLE and _serving(around, parts[outer + 1])


def _serves(around: _Around, parts: Sequence[Segment], heads: Sequence[int]) -> bool:
    """Say whether the inner reading is preferred: "for President X", not "of the President of Y X"."""
    inner = parts[heads[-1]]
    if inner.items[0].word is Word.ARTICLE or heads[-1] < len(parts) - 1:
        return False
    return _serving(around, parts[heads[0] + 1])


def _serving(around: _Around, part: Segment) -> bool:
    return part.of is not None and around.text[part.of.start : part.of.end].lower() in lexicon(
        around.language
    ).serving


def _after(around: _Around) -> list[RoleSaid]:
    """Return the role that stands after the name."""
    text, end = around.text, around.mention.end
    line = text.find("\n", end, end + _WINDOW_CHARS)
    high = line if line >= 0 else min(len(text), end + _WINDOW_CHARS)
    if not _may_open(text[end : end + 12], around.language):
        return []
    items = items_of(text, end, high, around.known, around.language)[: 2 * MOST_ITEMS]
    if said := _party(around, items):
        return [said]
    at, opened, how = opener(text, items)
    run = run_on(items[at:]) if opened else []
    run += unknown_body(text, run, items[at + len(run) :])
    rest = items[at + len(run) :]
    if not run or not closes(text, run, rest, opened, around.language):
        return []
    said = _first(around, run, how)
    if said and how is Word.WAS:
        said = replace(said, former=True)
    return [said] if said else []


def _may_open(after: str, language: str) -> bool:
    """Say whether a role may begin there: after a mark or a small word."""
    first = after.split(maxsplit=1)[0] if after[:1].isspace() and after.strip() else after[:1]
    phrases = lexicon(language).phrases
    return first[:1] in _OPEN or (first in phrases and phrases[first][0][0] in (Word.IS, Word.AS))


def _first(around: _Around, run: Sequence[Item], how: Word | None) -> RoleSaid | None:
    parts = segments(run)
    if how is Word.HEADS:
        return _headed(around, run)
    heads = [at for at, part in enumerate(parts) if part.head is not None]
    rule = f"after_{how.value}" if how else "after"
    return _said(around, parts, heads[0], rule) if heads else None


def _headed(around: _Around, run: Sequence[Item]) -> RoleSaid | None:
    """Return the office of one "who heads the central bank"."""
    body = next((item.body for item in run if item.word is Word.BODY and item.body), None)
    if body is None or body.office is None:
        return None
    head = Title(body.rank or "head", body.office, heads=True)
    item = Item(Word.TITLE, run[0].start, run[0].start, (head,))
    return _said(around, [Segment((item,)), Segment(tuple(run))], 0, "after_heads")


def _party(around: _Around, items: Sequence[Item]) -> RoleSaid | None:
    """Return the legislator of "X (R-Texas)"."""
    text, words = around.text, lexicon(around.language)
    if len(items) < 2 or text[items[0].start : items[0].end] != "(":
        return None
    start = items[1].start
    close = text.find(")", start, start + 24)
    mark = text[start : start + 2]
    if close < 0 or mark[:1].lower() not in words.parties or mark[1:] not in ("-", "–"):
        return None
    return RoleSaid(
        text[start:close], start, close, Office.LEGISLATOR, "legislator", country="US",
        person=around.mention.start, rule="party_state",
    )  # fmt: skip


def _said(around: _Around, parts: Sequence[Segment], at: int, rule: str) -> RoleSaid | None:
    """Return the role whose head is in `parts[at]`, with all that comes after it."""
    said = office_of(parts[at], parts[at + 1 :])
    if said is None:
        return None
    items = [item for part in parts[at:] for item in ((part.of, *part.items) if part.of else part.items)]
    own = items[1:] if parts[at].of else items
    first = next(item for item in own if item.word is not Word.ARTICLE)
    last = next(item for item in reversed(items) if item.word not in _LOOSE)
    return _role(around.text, said, first.start, last.end, rule, around.mention.start)


def _role(text: str, said: Said, start: int, end: int, rule: str, person: int | None) -> RoleSaid:
    organization = said.organization
    return RoleSaid(
        text[start:end], start, end, said.office, said.rank,
        text[slice(*organization)] if isinstance(organization, tuple) else organization,
        said.body, said.country, person,
        text[said.person.start : said.person.end] if said.person else None,
        said.former, said.acting, said.deputy, said.elect, rule,
    )  # fmt: skip


def role_of(phrase: str, language: str = "en") -> RoleSaid | None:
    """Return the role that a noun phrase without a name says ("the Russian foreign minister").

    None: it is none.

    >>> role_of("the Russian foreign minister").office.value
    'foreign_minister'
    """
    items = items_of(phrase, 0, len(phrase), None, language)
    said = phrase_office(items)
    if said is None:
        return None
    own = [item for item in items if item.word in INSIDE and item.word is not Word.ARTICLE]
    return _role(phrase, said, own[0].start, own[-1].end, "phrase", None)
