"""Said on: the day a report's words were said, with bounds and where that comes from.

In this order: the phrase that dates the saying; one at the beginning of its sentence; the time that an
earlier sentence of the paragraph set, or an earlier report of the same speaker; the day an agency reported it
(an upper bound, taken as the day); the day of the dateline or of publication (an upper bound only). Never the
time of a crawl.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.base import Precision
from schemas.statement import SaidOn
from streams.core.statements.context_words import person_words
from streams.core.statements.days_said import dated, earlier, month_end, phrases_in, time_words
from streams.core.statements.report import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.clean_article import CleanArticle
    from streams.core.statements.days_said import Dated
    from streams.core.statements.report import CueFound, Report
    from streams.core.tagging.fields import Field

_PAST: Final = timedelta(days=6)
"""What was said longer before the report is background: no agency of the lead carried it."""
_FRAME_CHARS: Final = 60
"""Code points beside the parts of a report in which a phrase dates it."""
_LEAD_CHARS: Final = 600
_NESTED: Final = 6
"""Contents that may hold one another."""
_BESIDE: Final = 2
_SENTENCE_ENDS: Final = '.!?…\n”"'


class Filed(NamedTuple):
    """The day an article was filed, else published. None: not known; `last`: the upper bound it gives.

    `published`: the day of publication, which may be later.
    """

    day: date | None
    last: date | None
    basis: str
    published: date | None = None


class Opening(NamedTuple):
    """A phrase at the beginning of a sentence that sets the time: of the rest of its paragraph."""

    bounds: Bounds
    paragraph: int
    dated: Dated


@dataclass(frozen=True, slots=True)
class Times:
    """What dates the sayings of one field."""

    text: Field
    language: str
    filed: Filed
    openings: Sequence[Opening]
    starts: Sequence[int]
    relative: frozenset[str]

    def own(self, report: Report, before: Dated | None) -> Dated | None:
        """Return the time that the report's own sentence gives its saying, None when it gives none.

        `before`: the last time that the text told, from which "a day earlier" counts.
        """
        for phrase in self._phrases(report):
            found = dated(phrase, self.filed.day, self.language)
            if found:
                return found
            found = earlier(phrase, before, self.language)
            if found:
                return found
        at = bisect_left(self.starts, report.sentence.start)
        if at < len(self.openings):
            opening = self.openings[at]
            if opening.bounds.start == report.sentence.start and not _in_content(opening.bounds, report):
                return opening.dated
        return None

    def of_lead(self, report: Report, undated: Sequence[Bounds]) -> Dated | None:
        """Return the recent day of the events of a lead's sentence, of which the saying is one.

        `undated`: where a day does not count, in order: what is said, what dates an agency; nor does one in a
        clause about somebody ("whom she met on Monday").
        """
        text, start = self.text.text, report.sentence.start
        for match in phrases_in(text, start, min(report.sentence.end, start + _LEAD_CHARS), self.language):
            found = dated(match[0], self.filed.day, self.language)
            clause = text[start : match.start()].rsplit(",", 1)[-1].lower().split()
            if (
                found
                and found.precision is Precision.DAY
                and not self.is_past(found)
                and not self.relative.intersection(clause)
                and not inside(match.start(), undated)
            ):
                return found._replace(rule="lead")
        return None

    def set_before(self, report: Report, paragraph: int) -> Opening | None:
        """Return the past time that an earlier sentence of the paragraph set, None when none did."""
        at = bisect_left(self.starts, report.sentence.start) - 1
        if at < 0 or self.openings[at].paragraph != paragraph:
            return None
        return self.openings[at] if self.is_past(self.openings[at].dated) else None

    def is_past(self, found: Dated | None) -> bool:
        """Say whether a time lies so far back that what was said then is background."""
        return bool(found and self.filed.day and self.filed.day - found.last > _PAST)

    def day(self, phrase: Bounds | None) -> date | None:
        """Return the one day that a phrase means."""
        if phrase is None:
            return None
        found = dated(self.text.text[phrase.start : phrase.end], self.filed.day, self.language)
        return found.first if found and found.precision is Precision.DAY else None

    def _phrases(self, report: Report) -> Iterator[str]:
        """Yield the words that date a saying: those the grammar found, those beside its parts."""
        text, cue = self.text.text, report.cue
        if report.when and not _in_content(report.when, report):
            yield text[report.when.start : report.when.end]
        if cue is not None:
            yield from self._beside(report, cue)

    def _beside(self, report: Report, cue: CueFound) -> Iterator[str]:
        """Yield the words that date beside source, cue, addressee, venue and content."""
        text, language = self.text.text, self.language
        if report.source and report.source.end < cue.bounds.start:
            until = min(cue.bounds.start, report.source.end + _FRAME_CHARS)
            for found in phrases_in(text, report.source.end, until, language):
                if found.start() <= report.source.end + _BESIDE or found.end() >= cue.bounds.start - _BESIDE:
                    yield found[0]
        if report.venue:
            yield from (m[0] for m in phrases_in(text, report.venue.start, report.venue.end, language))
        any_of = time_words(language).any_of
        for part in (cue.bounds, report.addressee, report.venue):
            match = any_of.match(text, part.end + (text[part.end : part.end + 1] == " ")) if part else None
            if match and not _in_content(Bounds(*match.span()), report):
                yield match[0]
        behind = max(cue.bounds.end, *(each.end for each in report.content))
        if behind < report.sentence.end:
            last = text[behind : behind + 3]
            match = any_of.match(text, behind + len(last) - len(last.lstrip(' ,”"')))
            if match:
                yield match[0]


def inside(at: int, contents: Sequence[Bounds]) -> bool:
    """Say whether a code point is in one of the contents, which are in order of their beginnings."""
    number = bisect_right(contents, at, key=lambda each: each.start)
    return any(at < each.end for each in contents[max(0, number - _NESTED) : number])


def _in_content(bounds: Bounds, report: Report) -> bool:
    return any(each.start <= bounds.start < each.end for each in report.content)


def times_of(text: Field, language: str, filed: Filed, paragraph_of: Sequence[int]) -> Times:
    """Return what dates the sayings of a field; `paragraph_of`: where paragraphs end, in order."""
    openings = []
    for match in phrases_in(text.text, 0, len(text.text), language):
        before = text.text[max(0, match.start() - 2) : match.start()].rstrip(" ")
        if before and before[-1] not in _SENTENCE_ENDS:
            continue
        if match.start() and not text.text[match.start()].isupper():
            continue
        found = dated(match[0], filed.day, language)
        if found:
            openings.append(
                Opening(Bounds(*match.span()), bisect_left(paragraph_of, match.start() + 1), found)
            )
    starts = [each.bounds.start for each in openings]
    return Times(text, language, filed, openings, starts, person_words(language).relative)


def filed_of(article: CleanArticle) -> Filed:
    """Return the day of an article: its dateline's, else the published one unless that is suspect."""
    published = _published(article)
    if article.dateline and article.dateline.date:
        day = article.dateline.date.date()
        return Filed(day, day, "dateline", published.published if published else None)
    if article.dateline and article.dateline.ambiguous and not published:
        return Filed(None, max(each.date() for each in article.dateline.ambiguous), "dateline")
    return published or Filed(None, None, "none")


def _published(article: CleanArticle) -> Filed | None:
    if not article.published or article.published.suspect:
        return None
    day = article.published.value.astimezone(UTC).date()
    match article.published.precision:
        case Precision.YEAR:
            return Filed(None, day.replace(month=12, day=31), "published")
        case Precision.MONTH:
            return Filed(None, month_end(day), "published")
        case _:
            return Filed(day, day, "published", day)


def said_on(
    found: Dated | None, *, inherited: bool, reported: date | None, filed: Filed, recurring: bool
) -> SaidOn:
    """Return the day with its bounds. `found`: the time of the saying; `reported`: an agency's day."""
    last = min((day for day in (reported, filed.last) if day), default=None)
    if recurring and found is None:
        return SaidOn(basis="recurring", not_after=moment(last))
    if found is None and reported:
        return SaidOn(value=moment(last), precision=Precision.DAY, basis="wire", not_after=moment(last))
    if found is None:
        return SaidOn(basis=filed.basis if last else "none", not_after=moment(last))
    basis = f"{'inherited' if inherited else 'text'}:{found.rule}{',year_inferred' if found.inferred else ''}"
    bound = min(found.last, reported) if reported and found.first <= reported else found.last
    return SaidOn(
        value=moment(found.first) if found.precision else None,
        precision=found.precision,
        basis=basis,
        not_before=moment(found.first),
        not_after=moment(bound),
    )


def moment(day: date | None) -> datetime | None:
    """Return midnight UTC of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
