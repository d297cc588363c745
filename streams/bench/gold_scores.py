"""gold_scores: how well found events answer the gold of our own, in figures, by class, and miss by miss.

Figures are shares from 0 to 1. Of statements: `precision` and `recall` of contents; `speaker_precision`:
right content and right speaker (name, or a mention that overlaps) among all found; the shares of mode, cue,
speech act, … are among the annotated statements that were found, each by its closest answer. `said_on`: both
bounds as annotated; `said_on_sound`: they contain the annotated ones.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Final

from streams.bench.gold_match import (
    GROUPS,
    Matched,
    Place,
    bare,
    matched,
    name_place,
    named,
    of,
    same_kind,
)
from streams.bench.gold_tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

    from schemas.mention import Mention
    from schemas.statement import Statement
    from schemas.tagged_article import TaggedArticle
    from streams.bench.gold import GoldArticle, GoldMention, GoldStatement

_SAME_ACTOR: Final = {
    "ap": "associated press",
    "afp": "agence france-presse",
    "imf": "international monetary fund",
}


def tally(pairs: Iterable[tuple[GoldArticle, TaggedArticle | None]]) -> Tally:
    """Return what was right in events, each beside its gold; None is an article that got no event."""
    counts = Tally()
    for gold, event in pairs:
        _segments(counts, gold, event)
        _mentions(counts, gold, event)
        _links(counts, gold, event)
        _statements(counts, gold, event)
    return counts


def figures(counts: Tally) -> dict[str, float]:
    """Return the shares by name, f1 beside precision and recall."""
    pairs = {
        "segments": ("segments_precision", "segments_recall"),
        "mentions": ("mentions_precision", "mentions_recall"),
        "statements": ("precision", "recall"),
        "with_speaker": ("speaker_precision", "speaker_recall"),
        "rendition": ("rendition_precision", "rendition_recall"),
    }
    whole = {f"{name}_f1": round(counts.f1(*each), 4) for name, each in pairs.items()}
    inner = ("segments_precision", "segments_recall", "rendition_precision", "rendition_recall")
    shares = {name: round(counts.share(name), 4) for name in counts.asked if name not in inner}
    return whole | shares


def by_class(pairs: Sequence[tuple[GoldArticle, TaggedArticle | None]]) -> Iterator[tuple[str, Tally]]:
    """Yield each class that articles cover, and the tally of those articles."""
    for name in sorted({each for gold, _ in pairs for each in gold.covers}):
        yield name, tally([pair for pair in pairs if name in pair[0].covers])


def _segments(counts: Tally, gold: GoldArticle, event: TaggedArticle | None) -> None:
    want = {(bare(gold.text, Place(s.span.start, s.span.end)), s.kind.value) for s in gold.segments}
    found = [s for s in event.segments if s.kind.value != "body"] if event else []
    got = {(bare(gold.text, Place(s.start, s.end)), s.kind.value) for s in found}
    got = {(place, kind) for place, kind in got if place.start < place.end}
    for place, kind in sorted(want):
        counts.count("segments_recall", gold, kind, _at(gold, place), "", ok=(place, kind) in got)
    for place, kind in sorted(got):
        counts.count("segments_precision", gold, kind, "", _at(gold, place), ok=(place, kind) in want)


def _mentions(counts: Tally, gold: GoldArticle, event: TaggedArticle | None) -> None:
    got = {each for mention in (event.mentions if event else ()) if (each := named(gold.text, mention))}
    want = {_place(gold, each): each for each in gold.mentions}
    for place, group in sorted(got):
        ok = place in want and same_kind(want[place], group)
        counts.count("mentions_precision", gold, group, "", _at(gold, place), ok=ok)
    for place, mention in want.items():
        kind = mention.kind.value
        ok = any(place == at and same_kind(mention, group) for at, group in got)
        counts.count("mentions_recall", gold, kind, _at(gold, place), _nearest(gold, place, got), ok=ok)


def _nearest(gold: GoldArticle, place: Place, got: Iterable[tuple[Place, str]]) -> str:
    return "; ".join(f"{group} {_at(gold, at)}" for at, group in sorted(got) if at.meets(place))


def _links(counts: Tally, gold: GoldArticle, event: TaggedArticle | None) -> None:
    """Count links: found ones against what stands there, wanted ones against what was found there."""
    linked = [each for each in (event.mentions if event else ()) if each.qid and each.kind.value in GROUPS]
    for mention in linked:
        there = _annotated(gold, mention)
        ok = any(mention.qid in (each.qid, *each.also) for each in there)
        if ok and not any(each.qid for each in there):
            continue
        wanted = (there[0].qid or "no link") if there else "no mention"
        counts.count("qid_precision", gold, mention.text, wanted, mention.qid, ok=ok)
    for want in gold.mentions:
        if want.qid:
            place = _place(gold, want)
            ids = {m.qid for m in linked if (at := of(m)) and name_place(gold.text, at) == place}
            ok = bool(ids & {want.qid, *want.also})
            counts.count("qid_recall", gold, _at(gold, place), want.qid, ids, ok=ok)


def _annotated(gold: GoldArticle, mention: Mention) -> list[GoldMention]:
    place = of(mention)
    return [each for each in gold.mentions if place and place.meets(_place(gold, each))]


def _place(gold: GoldArticle, mention: GoldMention) -> Place:
    return name_place(gold.text, Place(mention.span.start, mention.span.end))


def _statements(counts: Tally, gold: GoldArticle, event: TaggedArticle | None) -> None:
    match = matched(gold, event)
    for stray in match.stray:
        for aspect in ("precision", "speaker_precision", *_explicit(stray)):
            counts.count(aspect, gold, "-", "", told(stray), ok=False)
    for number, want in enumerate(gold.statements):
        answers = match.answers.get(number, [])
        found = number in match.found
        heard = [each for each in answers if speaker_right(want, each)]
        for each in answers:
            ok = each in heard
            counts.count("precision", gold, want.id, "", "", ok=True)
            for aspect in ("speaker_precision", *_explicit(each)):
                counts.count(aspect, gold, want.id, want.name, told(each), ok=ok)
        content = " … ".join(each.text for each in want.content)
        counts.count("recall", gold, want.id, content, "; ".join(map(told, answers)), ok=found)
        counts.asked["speaker_recall"] += 1
        counts.right["speaker_recall"] += found and bool(heard)
        if found:
            _facets(counts, gold, want, answers[0])
    _renditions(counts, gold, match)


def _explicit(statement: Statement) -> tuple[str, ...]:
    return ("explicit_speaker_precision",) if statement.attribution.value == "explicit" else ()


def speaker_right(want: GoldStatement, got: Statement) -> bool:
    """Return whether the speaker is meant: by name, or a mention that overlaps; nobody where nobody is."""
    if got.speaker is None:
        return want.name is None and want.speaker is None
    place = of(got.speaker.mention)
    if place and want.speaker and place.meets(Place(want.speaker.start, want.speaker.end)):
        return True
    return bool(want.name) and actor(got.speaker.name) == actor(want.name or "")


def actor(name: str) -> str:
    """Return a name as compared: folded, without article."""
    bare_name = re.sub(r"^(?:the|an?) ", "", " ".join(name.casefold().split()))
    return _SAME_ACTOR.get(bare_name, bare_name)


def _facets(counts: Tally, gold: GoldArticle, want: GoldStatement, got: Statement) -> None:
    """Count what is said of one statement beside content and speaker."""

    def same(aspect: str, wanted: object, found: object) -> None:
        counts.count(aspect, gold, want.id, wanted, found, ok=wanted == found)

    same("mode", want.mode.value, got.mode.value)
    same("act", want.act.value, got.speech_act.value)
    same("attribution", want.attribution.value, got.attribution.value)
    same("recurring", want.recurring, got.recurring)
    cue = Place(want.cue.start, want.cue.end) if want.cue else None
    ok = cue == of(got.cue)
    counts.count("cue", gold, want.id, want.cue and want.cue.text, got.cue and got.cue.text, ok=ok)
    hops = [(actor(hop.actor), _day(hop.date)) for hop in got.chain][1 if got.speaker else 0 :]
    tail = [(actor(hop.actor), _iso(hop.day)) for hop in want.chain]
    tail = tail[1 if tail and any(tail[0][0] in each for each in _names(want)) else 0 :]
    same("chain", [name for name, _ in tail], [name for name, _ in hops])
    same("chain_days", tail, hops)
    bounds = (_day(got.said_on.not_before), _day(got.said_on.not_after))
    same("said_on", _bounds(want), bounds)
    counts.count("said_on_sound", gold, want.id, _bounds(want), bounds, ok=_sound(want, *bounds))
    same("official", want.official, got.official.is_official)
    if got.official.is_official:
        counts.count("official_precision", gold, want.id, want.official, told(got), ok=want.official)
    _role(counts, gold, want, got)
    for aspect in ("venue", "addressee", "target"):
        _located(counts, gold, want, got, aspect)
    for insert in want.inserts:
        place = Place(insert.start, insert.end)
        ok = any((at := of(each)) and at.meets(place) for each in got.inserts)
        counts.count("insert", gold, want.id, insert.text, [each.text for each in got.inserts], ok=ok)


def _names(want: GoldStatement) -> set[str]:
    """Return what the first hop is called when it is the speaker."""
    return {actor(each) for each in (want.name, want.speaker and want.speaker.text) if each}


def _bounds(want: GoldStatement) -> tuple[str | None, str | None]:
    return _iso(want.not_before), _iso(want.not_after)


def _sound(want: GoldStatement, first: str | None, last: str | None) -> bool:
    """Return whether the bounds hold, however wide: they contain all days on which it may have been said."""
    begins, ends = _bounds(want)
    return (first is None or (begins is not None and first <= begins)) and (
        last is None or (ends is not None and last >= ends)
    )


def _role(counts: Tally, gold: GoldArticle, want: GoldStatement, got: Statement) -> None:
    role = got.speaker.role if got.speaker else None
    if want.role:
        ok = bool(role and _alike(role.text, want.role))
        counts.count("role_text", gold, want.id, want.role, role and role.text, ok=ok)
    if want.role or role:
        check = role.check.value if role else "unknown"
        counts.count("role_check", gold, want.id, want.check.value, check, ok=check == want.check.value)


def _alike(a: str, b: str) -> bool:
    """Return whether more than half of the shorter role's words are in the other."""
    one, other = (set(re.findall(r"\w+", each.casefold())) - {"the", "of", "a"} for each in (a, b))
    return 2 * len(one & other) > min(len(one), len(other))


def _located(counts: Tally, gold: GoldArticle, want: GoldStatement, got: Statement, aspect: str) -> None:
    span, found = getattr(want, aspect), getattr(got, aspect)
    if span:
        place = of(found)
        ok = bool(place and place.meets(Place(span.start, span.end)))
        counts.count(aspect, gold, want.id, span.text, found and found.text, ok=ok)


def _renditions(counts: Tally, gold: GoldArticle, match: Matched) -> None:
    """Count pairs of renderings of one utterance: wanted, and said to be."""
    best = {number: match.answers[number][0] for number in match.found}
    group_of = {each.id: each.rendition_of or each.id for each in gold.statements}
    for (a, one), (b, other) in combinations(enumerate(gold.statements), 2):
        want = group_of[one.id] == group_of[other.id]
        said = a in best and b in best and _group(best[a]) == _group(best[b])
        name = f"{one.id}={other.id}"
        if want:
            counts.count("rendition_recall", gold, name, "one utterance", "", ok=said)
        if said:
            counts.count("rendition_precision", gold, name, "", "one utterance", ok=want)


def _group(statement: Statement) -> str:
    return statement.rendition_of or statement.statement_id


def told(statement: Statement) -> str:
    """Return a found statement in a line."""
    name = statement.speaker.name if statement.speaker else "?"
    cue = statement.cue.text if statement.cue else "-"
    content = " … ".join(each.text for each in statement.content)
    return f"[{statement.mode.value}] {name} | {cue} | {content[:100]}"


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None


def _at(gold: GoldArticle, place: Place) -> str:
    return gold.text[place.start : place.end]
