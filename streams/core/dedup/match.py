"""match: a sketch → the articles in this shard's index that are alike; then the sketch joins the index.

Whether two versions are alike is a function of the two texts and their event times alone: shared band, event
times within the window on both sides, then what they have in common (`likeness`). Whichever comes second to a
shard finds the first, so every pair is reported by someone in any order of arrival. An article that meets
its own id is itself, in whatever version.

The state is an entry a version. A repeat finds itself, and perhaps articles that came since: more matches,
never other ones. Entries are forgotten when their lane's watermark has passed them by window and lateness
(`watermark`), a few at each step.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from schemas.dedup_state import IndexEntry, Sighting, SightingKind
from schemas.envelope import DeliveryMode, Envelope
from schemas.shard_matches import PairMatch, ShardMatches
from schemas.sketch import ArticleSketch
from streams.core.dedup.band_index import BandIndex, Held, key_of, rows_of
from streams.core.dedup.fingerprint import read
from streams.core.dedup.likeness import Likeness, Measure, covers, judged
from streams.core.dedup.watermark import Bounds, lane_of
from streams.core.outcome import Permanent, Placed

FORGET_AT_ONCE = 32
"""Entries forgotten in one step at most: more than one comes in with it, so the index cannot grow behind its
window.
"""


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """See `streams.settings.DedupSettings`. `lateness` None forgets nothing."""

    window: timedelta = timedelta(hours=72)
    lateness: timedelta | None = None
    measure: Measure = field(default_factory=Measure)


def pair(held: Held, likeness: Likeness | None, mine: int) -> PairMatch | None:
    """Return the match of a likeness, None for none; `mine`: words of the text that asks."""
    if likeness is None:
        return None
    theirs = held.fingerprint.words
    similarity = (mine * likeness.mine + theirs * likeness.theirs) / (mine + theirs)
    return PairMatch(
        article_id=held.entry.article_id, version=held.entry.version,
        event_time=held.entry.event_time, relation=likeness.relation, rule=likeness.rule,
        similarity=round(similarity, 4), containment=round(likeness.mine, 4),
        contained=round(likeness.theirs, 4),
    )


def sightings_of(sketch: ArticleSketch, envelope: Envelope) -> tuple[Sighting, ...]:
    """Return the times that an arrival is near to.

    When a dated version arrived counts on the live lane only: an archive's records all arrive today, and
    would never be forgotten for it.
    """
    lane = lane_of(envelope)
    if sketch.undated:
        return (Sighting(lane=lane, time=sketch.event_time, kind=SightingKind.UNDATED),)
    said = Sighting(lane=lane, time=sketch.event_time, kind=SightingKind.PUBLISHED)
    if envelope.came_as is not DeliveryMode.LIVE:
        return (said,)
    came = Sighting(lane=lane, time=envelope.origin_time, kind=SightingKind.ARRIVED)
    return (said, came) if said.time < came.time else (came, said)


def thinned(sightings: Iterable[Sighting], window: timedelta) -> tuple[Sighting, ...]:
    """Return sightings by time, without those between two of their lane and kind within two windows.

    What lies within the window of one that is left out lies within that of a neighbour: no pair is lost or
    won.
    """
    lanes: dict[tuple[str, SightingKind], list[Sighting]] = {}
    for sighting in sorted(set(sightings), key=lambda s: s.time):
        lane = lanes.setdefault((sighting.lane, sighting.kind), [])
        if len(lane) > 1 and sighting.time - lane[-2].time <= 2 * window:
            lane.pop()
        lane.append(sighting)
    kept = (sighting for lane in lanes.values() for sighting in lane)
    return tuple(sorted(kept, key=lambda s: (s.time, s.lane, s.kind)))


def match(
    sketch: ArticleSketch, envelope: Envelope, index: MutableMapping[str, IndexEntry], bands: BandIndex,
    options: MatchOptions,
) -> Placed:
    """Return who is like the sketch's article, and index it. `bands` is built from `index`."""
    try:
        mine, rows = read(sketch.text_print), rows_of(sketch.bands, sketch.parts)
    except ValueError as error:
        raise Permanent("SCHEMA", f"the fingerprint cannot be read: {error}") from None
    sighted = sightings_of(sketch, envelope)
    others = bands.candidates(sketch.article_id, rows, sighted, options.window, index)
    cover = covers(mine, [held.fingerprint for held in others], options.measure.least)
    found = [
        pair(held, judged(mine, held.fingerprint, shares, options.measure), mine.words)
        for held, shares in zip(others, cover, strict=True)
    ]
    matches = tuple(match for match in found if match is not None)
    if rows.size:
        _remember(sketch, sighted, index, bands, options)
    return _answer(sketch, matches=matches)


def failed(sketch: ArticleSketch, envelope: Envelope) -> Placed:  # noqa: ARG001  # the shape of a step
    """Return the answer of a shard that could not look: the article goes on without it."""
    return _answer(sketch, failed=True)


def _answer(sketch: ArticleSketch, *, matches: tuple[PairMatch, ...] = (), failed: bool = False) -> Placed:
    answer = ShardMatches(
        article_id=sketch.article_id, version=sketch.version, event_time=sketch.event_time,
        version_time=sketch.version_time, boilerplate=sketch.boilerplate, shard=sketch.shard,
        shards=sketch.shards, failed=failed, matches=matches,
    )
    return Placed(answer, ordinal=sketch.shard)


def _remember(
    sketch: ArticleSketch, sighted: tuple[Sighting, ...], index: MutableMapping[str, IndexEntry],
    bands: BandIndex, options: MatchOptions,
) -> None:
    key = key_of(sketch.article_id, sketch.version)
    known = index.get(key)
    index[key] = IndexEntry(
        article_id=sketch.article_id, version=sketch.version, bands=sketch.bands, parts=sketch.parts,
        event_time=min(sketch.event_time, known.event_time) if known else sketch.event_time,
        text_print=sketch.text_print,
        sightings=thinned((*known.sightings, *sighted), options.window) if known else sighted,
    )
    if known is not None and known.bands != sketch.bands:
        bands.drop(key, known)
        known = None
    bands.put(key, index[key], known)


def forget(
    sketch: ArticleSketch, envelope: Envelope, index: MutableMapping[str, IndexEntry], bands: BandIndex,
    options: MatchOptions, raw: Bounds,
) -> None:
    """Take an acknowledged answer into account, and forget some entries that nobody can be like any more.

    Not before the acknowledgement: a sketch whose answer was lost comes again, and must find what it found.
    """
    lane = lane_of(envelope)
    bands.watermarks.see(lane, envelope.origin, min(sketch.event_time, envelope.origin_time))
    mark = bands.watermarks.of(lane, raw)
    if mark is None or options.lateness is None:
        return
    before = _before(mark, options.window + options.lateness)
    for key in bands.oldest(lane, before, FORGET_AT_ONCE):
        entry = index.get(key)
        if entry is not None:
            left = tuple(s for s in entry.sightings if s.lane != lane or s.time >= before)
            _shorten(key, entry, left, index, bands)


def _before(mark: datetime, kept: timedelta) -> datetime:
    """Return `mark - kept`; the first moment there is, when a producer's date of year 1 leaves no room."""
    first = datetime.min.replace(tzinfo=UTC)
    return mark - kept if mark - first > kept else first


def _shorten(
    key: str, entry: IndexEntry, left: tuple[Sighting, ...], index: MutableMapping[str, IndexEntry],
    bands: BandIndex,
) -> None:
    if not left:
        bands.drop(key, entry)
        index.pop(key, None)
    elif left != entry.sightings:
        index[key] = entry.model_copy(update={"sightings": left})
        bands.put(key, index[key], entry)
