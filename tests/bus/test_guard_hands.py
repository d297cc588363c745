"""The record in hand: marks that outlive a kill, and what the guard does with a record that was there too often."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams import topics
from streams.bus import trial
from streams.bus.inhand import MarkedHands, open_hands
from streams.bus.interface import Record
from streams.settings import Settings
from tests.bus.door_fakes import House, house, raw
from tests.bus.test_guard import article, clean

HOLD = """
import os, signal, sys
from pathlib import Path
from streams.bus.inhand import open_hands
from streams.bus.interface import Record
hands = open_hands(Path(sys.argv[1]), "clean-0")
if "hold" in sys.argv:
    hands.hold(Record("raw", 3, 17, 0, None, None))
if "release" in sys.argv:
    hands.release()
if "excuse" in sys.argv:
    hands.excuse()
os.kill(os.getpid(), signal.SIGKILL)
"""


def die_in_hand(folder: Path, *acts: str) -> MarkedHands:
    done = subprocess.run([sys.executable, "-c", HOLD, str(folder), *acts], check=False)
    assert done.returncode == -signal.SIGKILL
    return open_hands(folder, "clean-0")


RECORD = Record("raw", 3, 17, 0, None, None)


def test_a_record_in_hand_at_a_kill_gains_a_death_each_time(tmp_path: Path) -> None:
    assert die_in_hand(tmp_path, "hold").deaths(RECORD) == 1
    assert die_in_hand(tmp_path, "hold").deaths(RECORD) == 2
    assert open_hands(tmp_path, "clean-0").deaths(RECORD) == 2


@pytest.mark.parametrize("acts", [(), ("hold", "release"), ("hold", "excuse")])
def test_a_record_that_is_not_to_blame_gains_none(tmp_path: Path, acts: tuple[str, ...]) -> None:
    assert die_in_hand(tmp_path, *acts).deaths(RECORD) == 0


def test_an_excuse_counts_for_one_death_only(tmp_path: Path) -> None:
    die_in_hand(tmp_path, "hold", "excuse")
    assert die_in_hand(tmp_path, "hold").deaths(RECORD) == 1


def test_what_was_processed_is_forgotten(tmp_path: Path) -> None:
    die_in_hand(tmp_path, "hold").forget(RECORD)
    assert open_hands(tmp_path, "clean-0").deaths(RECORD) == 0


def test_workers_have_marks_of_their_own(tmp_path: Path) -> None:
    die_in_hand(tmp_path, "hold")
    assert open_hands(tmp_path, "clean-1").deaths(RECORD) == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"raw-3-17": 1}'])
def test_a_file_of_deaths_that_is_broken_stops_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clean-0.deaths").write_bytes(content)
    assert open_hands(tmp_path, "clean-0").deaths(RECORD) == (1 if content.startswith(b'{"') else 0)


class Blamed:
    """Hands that say a record has died so often."""

    def __init__(self, deaths: int) -> None:
        self.count = deaths
        self.acts: list[str] = []

    def hold(self, record: Record) -> None:
        self.acts.append(f"hold {record.offset}")

    def release(self) -> None:
        self.acts.append("release")

    def deaths(self, record: Record) -> int:
        return self.count if record.offset == 0 else 0

    def forget(self, record: Record) -> None:
        self.acts.append(f"forget {record.offset}")


def blamed_house(deaths: int, *, alive: bool) -> tuple[House, Blamed, list[str]]:
    tried: list[str] = []

    async def try_it(agent: str, record: Record) -> bool:
        tried.append(f"{agent} {record.at}")
        return alive
    hands = Blamed(deaths)
    return house(hands=hands, trial=try_it), hands, tried


async def test_a_step_runs_with_its_record_in_hand_and_nothing_else() -> None:
    it, hands, _ = blamed_house(0, alive=True)
    await it.handle((raw(), raw(offset=1)), clean)
    assert hands.acts == ["hold 0", "release", "forget 0", "hold 1", "release", "forget 1"]


async def test_below_the_limit_a_record_is_not_tried() -> None:
    it, _, tried = blamed_house(Settings().guard.killer_deaths - 1, alive=False)
    await it.handle(raw(), clean)
    assert (tried, it.letters()) == ([], [])


async def test_a_record_that_survives_its_trial_goes_on() -> None:
    it, _, tried = blamed_house(2, alive=True)
    await it.handle((raw(), raw(offset=1)), clean)
    assert tried == [f"clean {topics.RAW.name}-0-0"]
    assert (len(it.sender.on(topics.CLEAN.name)), it.letters()) == (2, [])


async def test_a_record_that_kills_its_child_is_buried_and_the_rest_of_its_chunk_goes_on() -> None:
    it, hands, _ = blamed_house(2, alive=False)
    await it.handle((raw(), raw(offset=1)), clean)
    assert it.codes() == ["KILLED"]
    assert len(it.sender.on(topics.CLEAN.name)) == 1
    assert hands.acts[0] == "forget 0"


async def test_a_record_that_kills_only_its_worker_is_buried_at_last() -> None:
    it, _, tried = blamed_house(4, alive=True)
    await it.handle(raw(), clean)
    assert (it.codes(), tried) == (["KILLED"], [])


async def test_a_killer_is_in_hand_while_it_is_answered() -> None:
    it, hands, _ = blamed_house(2, alive=False)
    await it.handle(raw(), clean, failed=lambda model, _: hands.acts.append("answer") or article(model.content))
    assert hands.acts == ["hold 0", "answer", "release", "forget 0"]


async def test_a_killer_that_kills_when_it_is_answered_too_is_buried_without_an_answer() -> None:
    it, _, _ = blamed_house(5, alive=False)
    await it.handle(raw(), clean, failed=clean)
    assert (it.codes(), it.sender.on(topics.CLEAN.name)) == (["KILLED"], [])


async def test_a_killer_s_answer_is_what_failed_says() -> None:
    it, _, _ = blamed_house(2, alive=False)
    await it.handle(raw(), clean, failed=clean)
    assert it.codes() == ["KILLED"]
    assert len(it.sender.on(topics.CLEAN.name)) == 1


def test_a_record_is_packed_for_the_child_byte_for_byte() -> None:
    record = Record("t", 1, 2, 3, b"\xff", None, (("h", b"\x00"), ("h", b"")))
    assert trial.unpack(trial.pack(record)) == record


CHILD = "import sys,os,time,signal; sys.stdin.buffer.read(); {}"


@pytest.mark.parametrize(("act", "alive"), [
    ("sys.exit(0)", True), ("sys.exit(1)", False), ("os.kill(os.getpid(), signal.SIGKILL)", False), ("os.abort()", False),
    ("time.sleep(60)", False)])
async def test_a_trial_ends_well_only_when_its_child_does(act: str, alive: bool) -> None:
    child = trial.ChildTrial([sys.executable, "-c", CHILD.format(act)], 1.0)
    assert await child("clean", raw()) is alive


async def test_a_child_that_hangs_leaves_no_process_behind(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = f"import os,time; os.fork(); open({str(pids)!r},'a').write(str(os.getpid())+chr(10)); time.sleep(60)"
    assert not await trial.ChildTrial([sys.executable, "-c", program], 0.5)("clean", raw())
    for pid in map(int, pids.read_text().split()):
        async with asyncio.timeout(5):
            while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1][:3]:
                await asyncio.sleep(0.01)


async def test_the_child_runs_the_agent_on_the_record() -> None:
    from streams.agents import clean as agent
    await trial.run_alone(agent.register, "clean", Settings(), raw(b'{"content":"%s"}' % (b"Plain words. " * 20)))
    await trial.run_alone(agent.register, "clean", Settings(), raw(b"\xff"))


def test_the_mark_file_is_small(tmp_path: Path) -> None:
    open_hands(tmp_path, "clean-0")
    assert (tmp_path / "clean-0").stat().st_size == 4096
