"""A kill -9 anywhere between the fetch and the acknowledgement: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from streams.bus.admin import at_start
from streams.testing.site import Page, Site
from tests.ingest.feed_rig import Rig, item, rss

REPOSITORY = Path(__file__).parents[2]
PROGRAM = REPOSITORY / "tests" / "ingest" / "feed_killed.py"


@pytest.mark.parametrize(("where", "there"), [("queueing", 0), ("queued", 0), ("sent", None), ("acknowledged", 3)])
async def test_the_visit_after_a_kill_carries_on(where, there, tmp_path):
    rig = Rig(tmp_path)
    await at_start(rig.bus, rig.settings.topics)
    async with Site({"/feed": Page(rss(item("a"), item("b"), item("c")))}) as site:
        rig.add(f"{site.url}/feed")
        child = await asyncio.create_subprocess_exec(
            sys.executable, str(PROGRAM), str(tmp_path), where, env=os.environ | {"PYTHONPATH": str(REPOSITORY)})
        assert await child.wait() == -9
        before = [each["id"] for each in await rig.raw()]
        assert there is None or len(before) == there
        feed = await rig.visit(later=86_400)
        assert [each["headline"] for each in await rig.raw()] == ["Title a", "Title b", "Title c"]
        after = [each["id"] for each in await rig.raw()]
        assert (len(set(after)), set(before) <= set(after), feed.waiting) == (3, True, 0)
        await rig.visit(later=86_400)
        assert [each["id"] for each in await rig.raw()] == after
