"""guard: nothing a record holds and nothing a step does gets out of here. Every row of docs/failures.md.

For each record of a chunk, in order:

1. one that was in hand at `guard.killer_deaths` deaths is tried alone in a child first; if that dies too:
   KILLED;
2. decode envelope and body, run the step, turn its answer into records, check every size, state included;
3. only then write the state and send; a failure before that rolls the state back;
4. a `Permanent` is buried at once, a `Transient` retried in place with full jitter for
   `guard.transient_seconds`, any other exception retried once and buried as BUG;
5. at the end of the chunk, when the agent asks for it, wait for the acknowledgements and call `acked`.

What cannot be sent or written ends the process (`die`): the chunk is not acknowledged and comes again. Sends
that nobody waits for here are verified by the transport before it commits. Fails to protect in one case: a
step that never returns; the progress watchdog of the worker ends it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from schemas.envelope import Envelope
from schemas.registry import type_name
from streams import topics
from streams.bus import codec, envelope
from streams.bus.blank import taken_down
from streams.bus.burial import Death, dead_letter, death_of
from streams.bus.emission import Outgoing, Parent, emit
from streams.bus.tables_state import UnknownState
from streams.core.outcome import Permanent, RefusalReason, Refused, Transient
from streams.observe import logging, metrics
from streams.topics import shadow

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Iterable
    from datetime import datetime

    from streams.bus.door import Acked, AgentBus, Step
    from streams.bus.interface import Record
    from streams.topics import TopicSpec

RETRY_BASE_SECONDS: Final = 0.1
RETRY_CAP_SECONDS: Final = 4.0
"""Full jitter: the nth pause is uniform in 0..min(cap, base·2ⁿ) (AWS Architecture Blog, "Exponential Backoff
And Jitter")."""

BUG_ATTEMPTS: Final = 2
KILLED_OUTRIGHT: Final = 2
"""At this many times `killer_deaths` a record is buried without another trial: its child lives, its worker
dies."""


@dataclass(slots=True)
class _Case:
    """One record in hand: what is known of it so far."""

    record: Record
    started: float
    model: Any = None
    envelope: Envelope | None = None
    attempts: int = 0
    bugs: int = 0
    first_failure: datetime | None = None


@dataclass(slots=True)
class Guard:
    """Runs one chunk of one agent."""

    bus: AgentBus
    spec: TopicSpec
    step: Step
    acked: Acked | None = None
    failed: Step | None = None
    waiting: list[tuple[_Case, list[Future[Any]]]] = field(default_factory=list)

    @property
    def meters(self) -> metrics.Meters:
        """Return the counters of the agent that reads this topic."""
        return metrics.of(self.bus.stage, self.agent)

    @property
    def agent(self) -> str:
        """Return the agent's name: the catalogue knows who reads the topic."""
        return self.spec.read_by or self.bus.stage

    async def run(self, records: Iterable[Record]) -> None:
        """Take each record to its end; return when the chunk may be acknowledged."""
        clock, turned = self.bus.clock, self.bus.clock.monotonic()
        for record in records:
            case = _Case(record, clock.monotonic())
            await self._take(case)
            self.bus.settled += 1
            self._time(case)
            if clock.monotonic() - turned >= clock.turn_seconds:
                await clock.sleep(0)
                turned = clock.monotonic()
        for case, futures in self.waiting:
            await self._confirm(case, futures)

    async def _take(self, case: _Case) -> None:
        if await self._kills(case.record):
            await self._bury(case, self._killed(case))
        else:
            await self._try_until_settled(case)
        self.bus.hands.forget(case.record)

    async def _kills(self, record: Record) -> bool:
        deaths = self.bus.hands.deaths(record)
        limit = self.bus.settings.guard.killer_deaths
        if deaths < limit:
            return False
        if deaths >= KILLED_OUTRIGHT * limit:
            return True
        logging.get("guard").warning("trial", at=record.at, deaths=deaths)
        return not await self.bus.trial(self.agent, record)

    async def _try_until_settled(self, case: _Case) -> None:
        while (error := await self._attempt(case)) is not None:
            case.first_failure = case.first_failure or self.bus.clock.now()
            if (code := await self._verdict(case, error)) is not None:
                await self._bury(case, death_of(
                    error, code, attempts=case.attempts, first_failure=case.first_failure))
                return

    async def _attempt(self, case: _Case) -> Exception | None:
        """Run the step once.

        Return what it raised. The state is written and the outputs are sent, or neither.
        """
        case.attempts += 1
        self.bus.hands.hold(case.record)
        try:
            outgoing = self._answer(case, self.step)
            changes = [(state, state.encode()) for state in self.bus.touched]
        except UnknownState as error:
            self.bus.die(str(error))
        except Exception as error:  # noqa: BLE001  # the guard: whatever a step raises becomes a verdict
            self._roll_back()
            return error
        finally:
            self.bus.hands.release()
        self._write(changes)
        await self._send(case, outgoing)
        return None

    def _answer(self, case: _Case, step: Step) -> list[Outgoing]:
        if takedown := taken_down(case.record) or self.bus.taken_back(case.record):
            return self._passed_over(case, takedown)
        if case.envelope is None:
            case.envelope = self._envelope(case.record)
        if case.model is None:
            case.model = self._decode(case.record, case.envelope)
        outputs = step(case.model, case.envelope)
        return emit(outputs, Parent(case.model, case.envelope, self.bus.stage, self.bus.clock.now()))

    def _passed_over(self, case: _Case, takedown: str) -> list[Outgoing]:
        """Return what becomes of what was taken back, stub or whole: a refusal of a raw one, else nothing."""
        if self.spec.name != topics.RAW.name:
            return []
        case.envelope = self._envelope(case.record)
        refused = Refused(RefusalReason.TAKEN_DOWN, f"takedown {takedown}")
        return emit(refused, Parent(None, case.envelope, self.bus.stage, self.bus.clock.now()))

    def _envelope(self, record: Record) -> Envelope:
        if self.spec.name == topics.RAW.name:
            of_raw = envelope.of_raw if self.bus.settings.run.job is None else envelope.of_fed
            return of_raw(record, type_name(topics.RAW.model))
        return envelope.of_event(record)

    def _decode(self, record: Record, its: Envelope) -> Any:  # noqa: ANN401  # the topic's model
        envelope.check_readable(record.headers)
        return codec.decode(
            record.value, self.spec.model, codec.limits_of(self.bus.settings), type_name=its.type)

    def _write(self, changes: list[tuple[Any, list[tuple[bytes, bytes | None]]]]) -> None:
        self.bus.touched.clear()
        try:
            for state, encoded in changes:
                state.write(encoded)
        except Exception as error:  # noqa: BLE001  # whatever it is, the state is not what it should be
            self.bus.die(f"a table could not be written: {type(error).__name__}")

    def _roll_back(self) -> None:
        for state in self.bus.touched:
            state.roll_back()
        self.bus.touched.clear()

    async def _send(self, case: _Case, outgoing: list[Outgoing]) -> None:
        futures = []
        for out in outgoing:
            futures.append(await self._send_one(out))
            self._count(out)
        if self.acked is not None and case.model is not None:
            if self.bus.sender.atomic:
                self._call_acked(case)
            else:
                self.waiting.append((case, futures))

    async def _send_one(self, out: Outgoing) -> Future[Any]:
        topic = shadow(out.topic, self.bus.settings.run.job)
        try:
            return await self.bus.sender.send(
                topic, out.value, key=out.key, headers=out.headers, partition=out.partition)
        except Exception as error:  # noqa: BLE001  # nothing that could not be sent may be passed over
            self.bus.die(f"a record for {out.topic} could not be sent: {type(error).__name__} {error}")

    async def _confirm(self, case: _Case, futures: list[Future[Any]]) -> None:
        try:
            for future in futures:
                await future
        except Exception as error:  # noqa: BLE001  # not acknowledged: the chunk must come again
            self.bus.die(f"an output of {case.record.at} is not acknowledged: {type(error).__name__} {error}")
        self._call_acked(case)

    def _call_acked(self, case: _Case) -> None:
        assert self.acked is not None  # noqa: S101  # only called with one
        assert case.envelope is not None  # noqa: S101
        try:
            self.acked(case.model, case.envelope)
            changes = [(state, state.encode()) for state in self.bus.touched]
        except Exception as error:  # noqa: BLE001  # its outputs are out: nothing can be taken back
            self.bus.die(f"after the acknowledgement of {case.record.at}: {type(error).__name__}")
        self._write(changes)

    async def _verdict(self, case: _Case, error: Exception) -> str | None:
        """Return the code to bury with, or None after a pause to try again."""
        if isinstance(error, Permanent):
            return error.code
        if isinstance(error, Transient):
            return None if await self._paused(case) else "TRANSIENT"
        case.bugs += 1
        if case.bugs >= BUG_ATTEMPTS:
            return "BUG"
        self.meters.retried("bug")
        return None

    async def _paused(self, case: _Case) -> bool:
        """Wait for a while; False when the time for retries is used up."""
        left = self.bus.settings.guard.transient_seconds - (self.bus.clock.monotonic() - case.started)
        if left <= 0:
            return False
        cap = min(RETRY_CAP_SECONDS, RETRY_BASE_SECONDS * 2.0 ** min(case.attempts, 10))
        self.meters.retried("transient")
        await self.bus.clock.sleep(min(left, self.bus.clock.jitter(cap)))
        return True

    def _killed(self, case: _Case) -> Death:
        deaths = self.bus.hands.deaths(case.record)
        now = case.first_failure = self.bus.clock.now()
        message = f"{deaths} workers died with it in hand, and its trial in a child did not end well"
        return Death("KILLED", "killed", message, "", deaths + 1, now)

    async def _bury(self, case: _Case, death: Death) -> None:
        letter = dead_letter(case.record, death, self.bus.stage, self.spec.dead_letters)
        logging.get("guard").warning("buried", at=case.record.at, code=death.code, error=death.exception,
                                     fingerprint=death.fingerprint)
        await self._send_one(letter)
        self.meters.buried(self.spec.name, death.code)
        for out in self._besides(case):
            await self._send_one(out)
            self._count(out)

    def _besides(self, case: _Case) -> list[Outgoing]:
        """Return what `failed` answers.

        Nothing when it fails itself, when the record could not be decoded, or when that has killed, too.
        """
        limit = self.bus.settings.guard.killer_deaths
        if self.failed is None or self.bus.hands.deaths(case.record) > KILLED_OUTRIGHT * limit:
            return []
        self.bus.hands.hold(case.record)
        try:
            outgoing = self._answer(case, self.failed)
            changes = [(state, state.encode()) for state in self.bus.touched]
        except Exception as error:  # noqa: BLE001  # the record is buried whatever this makes of it
            self._roll_back()
            logging.get("guard").warning("no answer", at=case.record.at, error=type(error).__name__)
            return []
        finally:
            self.bus.hands.release()
        self._write(changes)
        return outgoing

    def _count(self, out: Outgoing) -> None:
        if out.reason is not None:
            self.meters.refused(out.reason)
        self.meters.sent(out.kind)

    def _time(self, case: _Case) -> None:
        self.meters.records.inc()
        self.meters.step_seconds.observe(self.bus.clock.monotonic() - case.started)
        if case.envelope is not None:
            age = (self.bus.clock.now() - case.envelope.origin_time).total_seconds()
            self.meters.hop_seconds.observe(max(0.0, age))


