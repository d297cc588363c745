"""Visits once and kills itself: FOLDER WHERE. The feed is on the list already."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from streams.bus import sqlite_producer
from streams.ingest.feeds import sending, taking
from tests.ingest.feed_rig import Rig


def die(*_rest, **_named):
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(where):
    match where:
        case "queueing":  # in the middle of the transaction
            taking.put = die
        case "queued":
            sqlite_producer.SqliteProducer.send = die
        case "sent":
            sqlite_producer.SqliteProducer.flush = die
        case "acknowledged":
            sending.Sending._sent = die


async def main(folder, where):
    rig = Rig(folder)
    rig.at += 5.0  # another moment than the one that will carry on
    die_at(where)
    await rig.visit()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
