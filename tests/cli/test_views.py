"""explain and clusters show what production says of an article: after a cutover the replay's, after a rollback not."""

from __future__ import annotations

import asyncio

import pytest

from schemas.view import View
from streams import topics
from streams.bus.connect import connect
from streams.core.replay.view import FIRST, moved
from streams.topics import shadow
from tests.cli.command_line import Line

JOB = "shorter-1"
ARTICLE = "a" * 32
CUT = moved(FIRST, JOB, {0: 9, 1: 9})
BACK = moved(CUT, None, {0: 12, 1: 12})


def lay(line: Line, run: str | None, said: str, revision: int) -> None:
    headers = {"ce_origin": f"{topics.RAW.name}-0-0", "ce_correlationid": ARTICLE}
    body = {"article_id": ARTICLE, "headline": said, "text": "T.", "version": "v", "dedup": {
        "cluster_id": said, "canonical_id": ARTICLE, "role": "canonical", "matches": [], "revision": revision}}
    for spec in (topics.CLEAN, topics.ENRICHED):
        line.put(shadow(spec.name, run), body, key=ARTICLE.encode(), **headers)
    line.put(shadow(topics.ASSIGNMENTS.name, run), {
        "article_id": ARTICLE, "cluster_id": said, "canonical_id": ARTICLE, "role": "canonical", "versions": [],
        "part_of": []}, key=ARTICLE.encode())


async def shadows(line: Line) -> None:
    async with connect(line.settings).admin() as admin:
        for spec in topics.SHADOWED:
            await admin.create_topic(shadow(spec.name, JOB), 1, {})


@pytest.mark.parametrize(("view", "says"), [(FIRST, "Before"), (CUT, "After"), (BACK, "Before")])
def test_what_stands_is_what_production_says(line: Line, view: View, says: str) -> None:
    line.prepare()
    asyncio.run(shadows(line))
    line.put(topics.RAW.name, {"content": "T."})
    line.put(topics.RAW.name, {"content": "T."})
    lay(line, None, "Before", 7)
    lay(line, JOB, "After", 1)
    line.put(topics.VIEWS.name, view.model_dump_json().encode(), key=b"production")
    told = line("explain", ARTICLE, "--json")
    assert told.code == 0, told.err
    assert (says in told.out, {"Before": "After", "After": "Before"}[says] in told.out) == (True, False)
    shown = line("clusters", "show", ARTICLE, "--json")
    assert shown.code == 0, shown.err
    assert f'"{says}"' in shown.out
