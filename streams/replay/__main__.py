"""python -m streams.replay: the feeder of the replay that `run.job` names. `communique replay run` starts it.

Exit 0 stopped, 2 wrong set-up, 75 again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from streams.archive.errors import ArchiveError
from streams.bus import jobs
from streams.bus.connect import connect
from streams.core.outcome import CommuniqueError, Usage
from streams.observe import logging
from streams.replay.feed import Feeder
from streams.replay.lock import claim
from streams.settings import Settings, SettingsError, load_settings

STAGE = "feed"
_CLAIM_SECONDS = 0.1


async def run(settings: Settings) -> int:
    """Feed until told to stop; what is copied by then stands."""
    if settings.run.job is None:
        raise Usage("run.job names no replay: `communique replay run JOB` starts the feeder")
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    while (lock := claim(settings.work, STAGE)) is None:
        if stopping.is_set():
            return 0
        await asyncio.sleep(_CLAIM_SECONDS)
    bus = connect(settings)
    feeder = Feeder(bus, await jobs.read(bus, settings.run.job), settings)
    _say(f"ready stage={STAGE} ordinal=0 pid={os.getpid()} job={feeder.job.job_id}")
    feeding, told = asyncio.create_task(feeder.run()), asyncio.create_task(stopping.wait())
    await asyncio.wait({feeding, told}, return_when=asyncio.FIRST_COMPLETED)
    if feeding.done():
        feeding.result()
        _say(f"fed records={feeder.copied}")
        await told
    feeding.cancel()
    with suppress(asyncio.CancelledError):
        await feeding
    os.close(lock)
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser("python -m streams.replay", description="Feed a replay's stages.")
    parser.add_argument("--ordinal", type=int, default=0, help="always 0: one process feeds")
    parser.parse_args(arguments)
    try:
        settings = load_settings()
        logging.configure(settings.observe, stage=STAGE, ordinal=0)
        return asyncio.run(run(settings))
    except (SettingsError, Usage, ArchiveError) as error:  # none of which another try mends
        sys.stderr.write(f"{error}\n")
        return 2
    except CommuniqueError as error:
        logging.get(STAGE).error("fatal", why=str(error))
        return 75


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the supervisor reads it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
