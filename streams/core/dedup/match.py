"""match: a sketch → the articles in this shard's index that are alike; then the sketch joins the index.

Whether two versions are alike is a function of the two texts and their event times alone: shared band, event
times within the window on both sides, then the shares of common shingles. Each share is of one side's
shingles: near-duplicates cover *both* sides, a part is covered by the other. Whichever comes second to a
shard finds the first, so every pair is reported by someone in any order of arrival. An article that meets
its own id is itself, in whatever version.

The state is an entry a version. A repeat finds itself, and perhaps articles that came since: more matches,
never other ones. Entries are forgotten when their lane's watermark has passed them by window and lateness
(`watermark`), a few at each step.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schemas.dedup_state import IndexEntry, Sighting
from schemas.envelope import Envelope
from schemas.shard_matches import PairMatch, Relation, ShardMatches
from schemas.sketch import ArticleSketch
from streams.core.dedup.band_index import BandIndex, Overlap, key_of, overlaps
from streams.core.dedup.fingerprint import unpack
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
    contained_share: float = 0.5
    merge_share: float = 0.6


def relation(containment: float, contained: float, options: MatchOptions) -> Relation | None:
    """Return how two texts are alike, by the share of each inside the other; None when they are not.

    >>> [relation(*shares, MatchOptions()) for shares in ((0.9, 0.7), (0.9, 0.1), (0.4, 0.4))]
    [<Relation.NEAR_DUPLICATE: 'near_duplicate'>, <Relation.PART_OF: 'part_of'>, None]
    """
    if min(containment, contained) >= options.merge_share:
        return Relation.NEAR_DUPLICATE
    return Relation.PART_OF if max(containment, contained) >= options.contained_share else None


def judged(overlap: Overlap, options: MatchOptions) -> PairMatch | None:
    """Return the match that an overlap makes; None when the two are not alike."""
    if not overlap.shared:
        return None
    containment, contained = overlap.shared / overlap.mine, overlap.shared / overlap.theirs
    alike = relation(containment, contained, options)
    if alike is None:
        return None
    entry = overlap.held.entry
    return PairMatch(
        article_id=entry.article_id, version=entry.version, event_time=entry.sightings[0].event_time,
        relation=alike,
        similarity=round(overlap.shared / (overlap.mine + overlap.theirs - overlap.shared), 4),
        containment=round(containment, 4), contained=round(contained, 4),
    )


def thinned(sightings: Iterable[Sighting], window: timedelta) -> tuple[Sighting, ...]:
    """Return arrivals by event time, without those between two of their lane that are within two windows.

    What lies within the window of one that is left out lies within that of a neighbour: no pair is lost or
    won.
    """
    lanes: dict[str, list[Sighting]] = {}
    for sighting in sorted(set(sightings), key=lambda s: s.event_time):
        lane = lanes.setdefault(sighting.lane, [])
        if len(lane) > 1 and sighting.event_time - lane[-2].event_time <= 2 * window:
            lane.pop()
        lane.append(sighting)
    kept = (sighting for lane in lanes.values() for sighting in lane)
    return tuple(sorted(kept, key=lambda s: (s.event_time, s.lane)))


def match(
    sketch: ArticleSketch, envelope: Envelope, index: MutableMapping[str, IndexEntry], bands: BandIndex,
    options: MatchOptions,
) -> Placed:
    """Return who is like the sketch's article, and index it. `bands` is built from `index`."""
    try:
        hashes = unpack(sketch.fingerprint)
    except ValueError as error:
        raise Permanent("SCHEMA", f"the fingerprint cannot be read: {error}") from None
    others = bands.candidates(sketch.article_id, sketch.bands, sketch.event_time, options.window)
    found = (judged(overlap, options) for overlap in overlaps(hashes, sketch.scale, others))
    matches = tuple(match for match in found if match is not None)
    _remember(sketch, envelope, index, bands, options)
    return _answer(sketch, matches=matches)


def failed(sketch: ArticleSketch, envelope: Envelope) -> Placed:  # noqa: ARG001  # the shape of a step
    """Return the answer of a shard that could not look: the article goes on without it."""
    return _answer(sketch, failed=True)


def _answer(sketch: ArticleSketch, *, matches: tuple[PairMatch, ...] = (), failed: bool = False) -> Placed:
    answer = ShardMatches(
        article_id=sketch.article_id, version=sketch.version, event_time=sketch.event_time,
        shard=sketch.shard, shards=sketch.shards, failed=failed, matches=matches,
    )
    return Placed(answer, ordinal=sketch.shard)


def _remember(
    sketch: ArticleSketch, envelope: Envelope, index: MutableMapping[str, IndexEntry], bands: BandIndex,
    options: MatchOptions,
) -> None:
    key = key_of(sketch.article_id, sketch.version)
    known = index.get(key)
    sighting = Sighting(lane=lane_of(envelope), event_time=sketch.event_time)
    index[key] = IndexEntry(
        article_id=sketch.article_id, version=sketch.version, bands=sketch.bands, scale=sketch.scale,
        fingerprint=sketch.fingerprint,
        sightings=thinned((*known.sightings, sighting) if known else (sighting,), options.window),
    )
    bands.put(key, index[key])


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
        if key in bands.held:
            sightings = bands.held[key].entry.sightings
            left = tuple(s for s in sightings if s.lane != lane or s.event_time >= before)
            _shorten(key, left, index, bands)


def _before(mark: datetime, kept: timedelta) -> datetime:
    """Return `mark - kept`; the first moment there is, when a producer's date of year 1 leaves no room."""
    first = datetime.min.replace(tzinfo=UTC)
    return mark - kept if mark - first > kept else first


def _shorten(
    key: str, left: tuple[Sighting, ...], index: MutableMapping[str, IndexEntry], bands: BandIndex
) -> None:
    if left:
        index[key] = index[key].model_copy(update={"sightings": left})
        bands.put(key, index[key])
    else:
        bands.drop(key)
        index.pop(key, None)
