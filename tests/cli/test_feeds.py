"""communique feeds: the list is kept, wrong words are told, a visit goes to the bus."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys

import pytest

from streams.testing.site import Page, Site
from tests.ingest.feed_rig import item, rss

OPML = """<opml version="2.0"><body><outline text="Group"><outline title="One" type="rss" xmlUrl="https://one.example.org/rss"/>
<outline text="Two" xmlUrl="https://two.example.org/atom"/><outline text="Two" xmlUrl="https://two.example.org/atom"/>
<outline text="Inside" xmlUrl="http://127.0.0.1/rss"/></outline></body></opml>"""


def test_a_feed_is_added_shown_paused_resumed_and_removed(line):
    added = json.loads(line("feeds", "add", "https://news.example.org/rss", "--every", "15m", "--json").out)
    assert (added["name"], added["every"], added["hosts"]) == ("news.example.org", 900.0, ["example.org"])
    assert "news.example.org  active" in line("feeds", "list").out
    assert line("feeds", "pause", "news.example.org").code == 0
    assert json.loads(line("feeds", "show", "news.example.org", "--json").out)["state"] == "paused"
    assert line("feeds", "resume", "https://news.example.org/rss").code == 0
    assert line("feeds", "remove", "news.example.org").code == 0
    assert line("feeds", "list", "--json").out == ""


@pytest.mark.parametrize(("words", "told"), [
    (["add", "http://news.example.org/rss"], "http is not allowed here"), (["add", "https://127.0.0.1/rss"], "loopback"),
    (["add", "file:///etc/passwd"], "not https://"), (["add", "https://a.example/", "--history", "all"], "known are backfill"),
    (["add", "https://a.example/", "--every", "soon"], "is no time"), (["show", "nobody"], "there is no feed nobody"),
])
def test_wrong_words_are_told(line, words, told):
    found = line("feeds", *words)
    assert found.code == 2
    assert told in found.err


def test_an_opml_file_is_taken_without_what_leads_inside(line, tmp_path):
    (tmp_path / "list.opml").write_text(OPML)
    found = line("feeds", "import", "list.opml", "--json")
    assert json.loads(found.out) == {"added": 2, "not_added": 1}
    assert "http is not allowed here" in found.err
    again = line("feeds", "import", "list.opml", "--json")
    assert json.loads(again.out) == {"added": 0, "not_added": 3}


async def test_a_title_that_would_steer_the_terminal_does_not(line, monkeypatch):
    monkeypatch.setenv("COMMUNIQUE_FEEDS__ALLOW_HTTP", "true")
    monkeypatch.setenv("COMMUNIQUE_FEEDS__ALLOW_NETWORKS", '["127.0.0.0/8"]')
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "A\x1b]0;owned\x07\x9b2J", "items": []}
    async with Site({"/feed": Page(json.dumps(feed).encode())}) as site:
        monkeypatch.setenv("COMMUNIQUE_FEEDS__ALLOW_PORTS", json.dumps([site.port]))
        await asyncio.to_thread(line.process, "feeds", "add", f"{site.url}/feed", "--name", "a")
        await asyncio.to_thread(line.process, "feeds", "run", "--once")
        told = (await asyncio.to_thread(line.process, "feeds", "show", "a")).out
    assert "A\ufffd]0;owned\ufffd\ufffd2J" in told


async def test_run_once_visits_and_tells(line, monkeypatch):
    monkeypatch.setenv("COMMUNIQUE_FEEDS__ALLOW_HTTP", "true")
    monkeypatch.setenv("COMMUNIQUE_FEEDS__ALLOW_NETWORKS", '["127.0.0.0/8"]')
    async with Site({"/feed": Page(rss(item("a"), item("b"))), "/bad": Page(b"<html></html>")}) as site:
        monkeypatch.setenv("COMMUNIQUE_FEEDS__ALLOW_PORTS", json.dumps([site.port]))
        await asyncio.to_thread(line.process, "feeds", "add", f"{site.url}/feed")
        well = await asyncio.to_thread(line.process, "feeds", "run", "--once", "--json")
        assert (well.code, json.loads(well.out)["sent"]) == (0, 2)
        assert well.err.splitlines()[-1] == "visited 1, 2 new, 0 failed"
        listed = json.loads((await asyncio.to_thread(line.process, "feeds", "list", "--json")).out)
        moments = [listed[name] for name in ("visited", "due", "succeeded")]
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", each) for each in moments), moments
        await asyncio.to_thread(line.process, "feeds", "add", f"{site.url}/bad")
        badly = await asyncio.to_thread(line.process, "feeds", "run", "--once", "--json")
    assert badly.err.splitlines()[-1] == "visited 1, 0 new, 1 failed"
    assert (badly.code, json.loads(badly.out)["error"]) == (1, "no feed: a page, no feed: give the feed's own address")


async def test_run_goes_on_until_told_and_a_second_one_is_turned_away(line, monkeypatch):
    monkeypatch.setenv("COMMUNIQUE_FEEDS__ALLOW_HTTP", "true")
    monkeypatch.setenv("COMMUNIQUE_FEEDS__ALLOW_NETWORKS", '["127.0.0.0/8"]')
    async with Site({"/feed": Page(rss(item("a")))}) as site:
        monkeypatch.setenv("COMMUNIQUE_FEEDS__ALLOW_PORTS", json.dumps([site.port]))
        line("feeds", "add", f"{site.url}/feed", "--every", "1s")
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "streams.cli.app", "feeds", "run", "--json", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        seen = [json.loads(await asyncio.wait_for(running.stdout.readline(), 60)) for _ in range(2)]
        second = await asyncio.to_thread(line.process, "feeds", "run")
        running.send_signal(signal.SIGTERM)
        _out, told = await running.communicate()
    assert [each["sent"] for each in seen] == [1, 1]
    assert (second.code, "another process" in second.err) == (75, True)
    assert (running.returncode, b"Traceback" in told) == (0, False), told
