"""view: which run's events of a raw record are production.

Every raw record belongs to one span of the view, so that each of its events is read from one run's topics
and from no other's, whoever reads, from wherever, and however often. A cutover and a rollback both append a
span, from the raw topic's ends as they are then; nothing that was read before is taken back.

A move has two steps, so that no reader can have read beyond a cut that it did not know of: `held` says that
the view is about to move, and readers that see it wait; the raw topic's ends are looked up after that; then
`moved` says where the cut is. A reader looks at the view after it has got records and before it lets them
out: what it let out under the old view had come in before `held` was written, so it lies before the cut.

A replay is taken out in two moves. `left` says from which offsets on in the run before, those when readers
wait, new events of its part are production there, too. From there on nobody passes over any, so what
readers have still to read of the replay has an end (`streams.replay.moving`); then `without` takes it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from schemas.view import View, ViewCut, ViewLeaving, ViewPlace, ViewSpan

FIRST: Final = View(revision=1)
"""The view before anybody moved it: all is the first run's."""


def job_now(view: View) -> str | None:
    """Return the replay that production is now, None for the first run."""
    return view.spans[-1].job_id


def runs(view: View) -> tuple[str | None, ...]:
    """Return all runs that have a span, in order of their first."""
    return tuple(dict.fromkeys(span.job_id for span in view.spans))


def runs_at_rest(view: View) -> tuple[str | None, ...]:
    """Return all runs, what production is now last: of what several have, the last one's counts."""
    return tuple(dict.fromkeys(span.job_id for span in reversed(view.spans)))[::-1]


def run_of(view: View, origin: str) -> str | None:
    """Return the run whose events of a raw record are production, None for the first.

    What has no origin (topic-partition-offset) is the latest run's.
    """
    topic, _, offset = origin.rpartition("-")
    partition = topic.rpartition("-")[2]
    if not (partition.isdecimal() and offset.isdecimal()):
        return job_now(view)
    for span in reversed(view.spans):
        if int(offset) >= _start(span, int(partition)):
            return span.job_id
    return view.spans[0].job_id


def _start(span: ViewSpan, partition: int) -> int:
    return next((cut.offset for cut in span.since if cut.partition == partition), 0)


def is_production(view: View, origin: str, run: str | None, place: tuple[str, int, int]) -> bool:
    """Tell whether a run's event of a raw record is production; `place`: its topic, partition, offset."""
    owner = run_of(view, origin)
    if owner == run:
        return True
    leaving = view.leaving
    if leaving is None or owner != leaving.job_id or place[2] < _left_at(leaving, *place[:2]):
        return False
    return run_of(without(view, owner), origin) == run


def _left_at(leaving: ViewLeaving, topic: str, partition: int) -> int:
    places = (each for each in leaving.since if (each.topic, each.partition) == (topic, partition))
    return next((each.offset for each in places), 0)


def stretches(view: View, job: str) -> Iterator[tuple[int, int, int]]:
    """Yield (raw partition, first offset, next offset) of a replay's part, which has an end: not the last."""
    for span, following in pairwise(view.spans):
        if span.job_id == job:
            yield from ((cut.partition, _start(span, cut.partition), cut.offset) for cut in following.since)


def held(view: View, by: str | None, reason: str) -> View:
    """Return the view that tells readers to wait for the next."""
    return view.model_copy(
        update={"revision": view.revision + 1, "moving": True, "by": by, "reason": reason})


def moved(view: View, job: str | None, ends: Mapping[int, int]) -> View:
    """Return the view with a run that takes over at `ends`: raw partition → next offset."""
    cuts = tuple(ViewCut(partition=each, offset=ends[each]) for each in sorted(ends))
    spans = (*view.spans, ViewSpan(job_id=job, since=cuts))
    return view.model_copy(update={"revision": view.revision + 1, "moving": False, "spans": spans})


def given_up(view: View) -> View:
    """Return the view as it was before `held`."""
    return view.model_copy(update={"revision": view.revision + 1, "moving": False})


def left(view: View, job: str, ends: Iterable[tuple[str, int, int]]) -> View:
    """Return the view with a replay on its way out; `ends`: topic, partition, next offset, of other runs."""
    since = tuple(ViewPlace(topic=name, partition=part, offset=end) for name, part, end in sorted(ends))
    leaving = ViewLeaving(job_id=job, since=since)
    return view.model_copy(update={"revision": view.revision + 1, "moving": False, "leaving": leaving})


def without(view: View, job: str) -> View:
    """Return the view after a replay is dropped: its raw records are those of the run before it.

    That run has them, too: both run until one is dropped. A reader that was behind goes on in the run that
    took over and does not see again what it has read.
    """
    spans: list[ViewSpan] = []
    for span in view.spans:
        if span.job_id != job and not (spans and spans[-1].job_id == span.job_id):
            spans.append(span)
    leaving = None if view.leaving is None or view.leaving.job_id == job else view.leaving
    over = {"moving": False, "spans": tuple(spans), "leaving": leaving}
    return view.model_copy(update={"revision": view.revision + 1, **over})
