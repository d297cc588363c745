"""job: one takedown, from the name to the last file. Killed anywhere, it is finished by running it again.

In this order: no stage runs, and none has a record of the article still before it; what belongs to it is
found; the takedown is on its topic (`begun`): from now on the article is refused, and a second run knows what
it was about; the bus, this machine's stores, the archive, the outbox; the file of the embedded log is written
anew; no stage has started meanwhile, nothing of the article has come and no redrive puts it back; the
takedown is `done`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from schemas.takedown import Takedown, TakedownState, takedown_id
from streams import topics
from streams.archive import reading, rewriting
from streams.archive.places import folder_of
from streams.bus.codec import encode
from streams.bus.interface import Eraser
from streams.bus.takedowns import takedowns
from streams.core.outcome import Usage
from streams.deliver import taken_down as outbox
from streams.deliver.store import path_of
from streams.ingest.feeds import taken_down as feeds
from streams.ingest.feeds.store import path_of as feeds_path
from streams.takedown.elsewhere import ARCHIVE, OUTBOX, elsewhere, left
from streams.takedown.finding import find
from streams.takedown.places import Held, Remains, held, remains, take_out
from streams.takedown.stores import delete_stores
from streams.takedown.target import Target
from streams.takedown.waiting import CUT_OFF, Busy, came, redriven, running, unread

if TYPE_CHECKING:
    from streams.bus.interface import Bus, TopicPartition
    from streams.settings import Settings

STORES: Final = "stores"


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be removed: by place, a topic or the archive or the outbox."""

    article_id: str
    target: Target
    removed: dict[str, int]
    in_the_way: tuple[str, ...] = ()
    """Why it cannot be done now; empty when it can."""
    before: Takedown | None = None
    held: dict[str, Held] = field(default_factory=dict)
    """By topic, the article's records."""
    ends: dict[TopicPartition, int] = field(default_factory=dict)
    """Where the topics ended before any was looked at."""
    elsewhere: tuple[str, ...] = ()
    """What may hold it and is not on this machine."""


@dataclass(frozen=True, slots=True)
class Job:
    """Takes articles back. `now`: the moment, UTC; `tell` hears which place is being looked at."""

    bus: Bus
    settings: Settings
    now: datetime
    tell: Callable[[str], None] = field(default=lambda _place: None)

    async def plan(self, name: str) -> Plan:
        """Return what would be removed. Raises `Usage` when nothing is known of the name."""
        self.tell("looking for it")
        async with self.bus.admin() as admin:
            ends = await admin.end_offsets(sorted(await admin.describe_topics()))
        known = await takedowns(self.bus)
        kept = partial(reading.records, folder_of(self.settings))
        target = await find(self.bus, name, known.values(), kept)
        if not target.origins and not target.statements:
            raise Usage(
                f"nothing is known of {name}: give an article's id, its URL, its source id, or the place of "
                "its raw record; `communique explain` finds articles")
        article = target.article_id or min(target.origins)
        async with self.bus.admin() as admin:
            in_the_way = [f"{group} runs" for group in await running(admin)]
            apart = await elsewhere(admin, self.settings)
            found = await held(self.bus, await admin.describe_topics(), target, self.tell)
            in_the_way += [f"{at} is still to be read" for at in await unread(self.bus, admin, target, found)]
        removed = self._counts(target, found)
        return Plan(article, target, removed, tuple(in_the_way), known.get(article), found, ends, apart)

    def _counts(self, target: Target, found: dict[str, Held]) -> dict[str, int]:
        removed = {topic: there.count for topic, there in sorted(found.items())}
        removed[ARCHIVE] = rewriting.holds(folder_of(self.settings), topics.RAW.name, target.origins)
        removed[OUTBOX] = outbox.count(path_of(self.settings), target.statements)
        return {place: count for place, count in removed.items() if count}

    async def forget(self, name: str, reason: str, by: str | None) -> Takedown:
        """Take the article back.

        Raises `Usage`, `ArchiveError`, `StoresLeft`; `Busy`, `ArchiveBusy`, `OutboxBusy`, `FeedsBusy`.
        """
        plan = await self.plan(name)
        if plan.in_the_way:
            raise Busy(_told(plan.in_the_way))
        begun = self._event(plan, reason, by)
        await self._publish(begun)
        kept = await self._bus_side(plan.held, begun.takedown_id)
        self.tell(STORES)
        delete_stores(self.settings.state)
        self.tell(ARCHIVE)
        rewriting.blank(folder_of(self.settings), topics.RAW.name, begun.takedown_id, plan.target.origins)
        self.tell(OUTBOX)
        outbox.forget(path_of(self.settings), plan.target.statements, self.now.timestamp())
        feeds.forget(feeds_path(self.settings), plan.article_id)
        await self._seal(plan)
        done = begun.model_copy(update={
            "state": TakedownState.DONE, "remains": {topic: each.until for topic, each in kept.items()},
            "for_ever": tuple(sorted(topic for topic, each in kept.items() if each.for_ever))})
        await self._publish(done)
        return done

    def _event(self, plan: Plan, reason: str, by: str | None) -> Takedown:
        """Return the takedown as it begins; one that was begun before keeps its moment and its counts."""
        before, counts = plan.before, dict(plan.removed)
        if before is not None:
            places = counts.keys() | before.removed.keys()
            counts = {each: max(counts.get(each, 0), before.removed.get(each, 0)) for each in places}
        origins = tuple(sorted(plan.target.origins))
        return Takedown(
            takedown_id=takedown_id(plan.article_id), article_id=plan.article_id, state=TakedownState.BEGUN,
            reason=reason, by=by, taken_at=before.taken_at if before else self.now,
            origins=origins, statement_ids=tuple(sorted(plan.target.statements)),
            elsewhere=left(plan.elsewhere, before, origins), removed=dict(sorted(counts.items())))

    async def _publish(self, event: Takedown) -> None:
        async with self.bus.producer(client_id="communique-forget") as producer:
            await producer.send(topics.TAKEDOWNS.name, encode(event), key=event.article_id.encode())
            await producer.flush()

    async def _bus_side(self, found: dict[str, Held], takedown: str) -> dict[str, Remains]:
        """Take it out of the bus; return what is left there."""
        kept: dict[str, Remains] = {}
        async with self.bus.admin() as admin:
            topics_there = await admin.describe_topics()
            for topic, there in found.items():
                self.tell(topic)
                await take_out(self.bus, admin, there, takedown)
                if there.whole and not isinstance(admin, Eraser):
                    kept[topic] = remains(topics_there[topic], there, self.now)
        return kept

    async def _seal(self, plan: Plan) -> None:
        """Write the embedded log's file anew, and see that nobody came in between."""
        self.tell("writing the log anew")
        async with self.bus.admin() as admin:
            if isinstance(admin, Eraser) and not await admin.rewrite_file():
                raise Busy("somebody reads the embedded log (`communique consume`?): end that, and try again")
            if groups := await running(admin):
                raise Busy(f"{', '.join(groups)} started meanwhile: stop them, and run this again")
            self.tell("looking once more")
            if letters := await redriven(self.bus, plan.target, self.now):
                raise Busy(
                    f"{_few(letters)}: a redrive may put it back (`dlt redrive`). Let it end, and run "
                    f"this again; one that was cut off is over after {CUT_OFF}")
            if places := await came(self.bus, admin, plan.target, plan.ends):
                raise Busy(f"{_few(places)} came in meanwhile: stop who sends it, and run this again")


def _few(told: Sequence[str]) -> str:
    return "; ".join(told[:5]) + (f"; and {len(told) - 5} more" if len(told) > 5 else "")


def _told(reasons: tuple[str, ...]) -> str:
    return (f"not while stages have it in hand: {_few(reasons)}. Let them finish "
            "(`communique run --until-drained`), leave them stopped, and try again")
