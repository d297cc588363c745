"""Feeds against a site on loopback that lies, stalls, redirects inside, re-emits, serves bad XML: a table of cases."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from schemas.raw_article import RawArticle, Via
from streams.core.cleaning.clean import clean
from streams.core.cleaning.options import CleaningOptions
from streams.core.feeds.article import Came, article
from streams.core.feeds.document import document
from streams.core.feeds.entry import Entry
from streams.core.feeds.pace import Bounds, interval
from streams.ingest.feeds.taking import take
from streams.testing.builders import envelope
from streams.testing.site import Page, Site
from tests.ingest.feed_rig import Rig, item, rss

TWO = rss(item("a"), item("b"))
LAUGHS = ('<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol">' + "".join(
    '<!ENTITY a{} "{}">'.format(n, f"&a{n - 1 or ''};" * 10) for n in range(1, 10))
    + ']><rss version="2.0"><channel><item><title>x &a9; y</title><link>/a</link></item></channel></rss>').encode()
OUTSIDE = (b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><item>'
           b"<title>x &x; y</title><link>/a</link></item></channel></rss>")
JSON = {"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [
    {"id": 1, "url": "/a", "title": "Title a", "content_html": "<p>The harbour opens.</p>", "authors": [{"name": "Ann"}]},
    {"id": "2", "url": "/b", "title": "Title b", "content_text": "The port closes.", "date_published": "2026-11-25T00:00:00Z"}]}
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>T</title><entry><id>urn:1</id><title>Title a</title>
<link href="/a"/><updated>2026-11-20T10:00:00Z</updated><author><name>Ann</name></author>
<content type="html">&lt;p&gt;The harbour opens.&lt;/p&gt;</content></entry></feed>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel><title>T</title>
</channel><item rdf:about="/a"><title>Title a</title><link>/a</link><description>The harbour opens.</description></item></rdf:RDF>"""


def page(body, status=200, **headers):
    return Page(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


@dataclass
class Case:
    """`pages`: what the site has; `error`: how what the feed's row says begins; `titles`: on the raw topic, in order."""

    name: str
    feed: object
    titles: list = field(default_factory=list)
    error: str | None = None
    state: str = "active"
    pages: dict = field(default_factory=dict)
    networks: tuple = ("127.0.0.0/8",)
    wanted: dict = field(default_factory=dict)
    more: dict = field(default_factory=dict)
    """Fields of the feed, or of the first body (`body.x`)."""


AB = ["Title a", "Title b"]
ONLY_TWO = ("127.0.0.2/32",)
CASES = [
    Case("plain RSS", page(TWO), AB, more={"body.via": "feed", "body.mode": "backfill", "body.source_id": "a"}),
    Case("Atom, its text unescaped", page(ATOM), ["Title a"], more={
        "body.content": "<p>The harbour opens.</p>", "body.content_type": "text/html", "body.authors": ["Ann"],
        "body.published": "2026-11-20T10:00:00Z", "body.language": "en"}),
    Case("RSS 1.0", page(RDF), ["Title a"]),
    Case("JSON Feed", page(json.dumps(JSON).encode()), AB, more={"body.authors": ["Ann"], "body.source_id": "1"}),
    Case("JSON Feed with half a character", page(json.dumps(JSON).replace("Title a", "Title \\ud83d").replace("Ann", "A\\udc00n").encode()), ["Title \ufffd", "Title b"], more={"body.authors": ["A\ufffdn"]}),
    Case("JSON Feed of a hundred thousand levels", page(b'{"version": "https://jsonfeed.org/version/1", "items": ' + b"[" * 100_000), error="no feed: broken JSON"),
    Case("gzip", page(gzip.compress(TWO), Content_Encoding="gzip"), AB),
    Case("gzip that nobody tells of", page(gzip.compress(TWO)), AB),
    Case("billion laughs", page(LAUGHS), ["x &a9; y"]),
    Case("an external entity", page(OUTSIDE), ["x &x; y"]),
    Case("a gzip bomb", page(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"), error="unreadable: too large"),
    Case("a bomb in a bomb, unpacked once", page(gzip.compress(gzip.compress(b" " * 50_000_000))), error="no feed: no XML"),
    Case("broken gzip", page(gzip.compress(TWO)[:-9], Content_Encoding="gzip"), error="unreadable: broken off"),
    Case("brotli, not asked for", page(TWO, Content_Encoding="br"), error="unreadable: packed in a way"),
    Case("says ten gigabytes", Page(TWO, says=10**10), error="too large"),
    Case("pours without end", Page(b"", headers={"Transfer-Encoding": "identity"}, says=1_900_000, endless=True), error=""),
    Case("drips without end", Page(TWO * 9, drip=True), error="timeout"),
    Case("hangs", Page(hang=True), error="timeout"),
    Case("a redirect loop", page(b"", 302, Location="/feed"), error="redirect: more than"),
    Case("a redirect to loopback", page(b"", 301, Location="http://127.0.0.1:2000/"), error="refused, address: loopback", networks=ONLY_TWO),
    Case("a redirect to cloud metadata", page(b"", 302, Location="http://169.254.169.254/latest/"), error="refused, address: link-local"),
    *(Case(f"a redirect to {name}", page(b"", 301, Location=place), error="refused, ", networks=ONLY_TWO) for name, place in [
        ("a private network", "http://10.0.0.1/feed"), ("another private network", "http://192.168.1.1/feed"), ("loopback of IPv6", "http://[::1]/feed"),
        ("loopback in IPv6", "http://[::ffff:127.0.0.1]/feed"), ("loopback as a number", "http://2130706433/feed"), ("a name of loopback", "http://localhost:2000/feed"),
        ("loopback with a name before it", "http://news.example.org@127.0.0.1/feed"), ("a port that is closed", "http://127.0.0.2:22/feed")]),
    Case("a redirect to loopback, of robots.txt", page(TWO), error="refused, robots.txt", networks=ONLY_TWO, pages={"/robots.txt": page(b"", 301, Location="http://127.0.0.1:2000/robots.txt")}),
    Case("a redirect to loopback, of a sitemap", page(b"<sitemapindex><sitemap><loc>/s.xml</loc></sitemap></sitemapindex>"), error="one of its sitemaps: refused, ", networks=ONLY_TWO, pages={"/s.xml": page(b"", 302, Location="http://127.0.0.1:2000/")}),
    Case("a redirect to loopback, of a page", page(rss(item("a"))), ["Title a"], networks=ONLY_TWO, wanted={"pages": True}, pages={"/a/a": page(b"", 302, Location="http://127.0.0.1:2000/")}, more={"body.content": "The harbour opens again on Monday. a"}),
    Case("a sitemap that hangs", page(b"<sitemapindex><sitemap><loc>/s.xml</loc></sitemap></sitemapindex>"), error="one of its sitemaps: timeout", pages={"/s.xml": Page(hang=True)}),
    Case("promises more than it sends", Page(TWO, says=len(TWO) + 100), error="connection: "),
    Case("sends more than it promises", Page(TWO + b"<!-- more -->", says=len(TWO)), error="connection: "),
    Case("sends a line end more than it promises", Page(TWO + b"\r\n", says=len(TWO)), AB),
    Case("answers twice", Page(TWO + b"HTTP/1.1 200 OK\r\n\r\n" + TWO, says=len(TWO)), AB),
    Case("a redirect to a file", page(b"", 302, Location="file:///etc/passwd"), error="refused, url"),
    Case("a redirect without a place", page(b"", 302), error="http 302"),
    Case("moved for good", page(b"", 301, Location="/new"), AB, pages={"/new": page(TWO)}, more={"path": "/new"}),
    Case("moved for now", page(b"", 302, Location="/new"), AB, pages={"/new": page(TWO)}, more={"path": "/feed"}),
    Case("moved for good to no feed", page(b"", 301, Location="/new"), error="no feed: empty", pages={"/new": page(b"")}, more={"path": "/feed"}),
    Case("latin-1 that says UTF-8", page(TWO.replace(b'?>', b' encoding="utf-8"?>', 1).replace(b"Title a", b"Title \xe9")), ["Title é", "Title b"]),
    Case("windows-1251", page('<?xml version="1.0" encoding="windows-1251"?><rss version="2.0"><channel><item><title>Мир</title></item></channel></rss>'.encode("cp1251")), ["Мир"]),
    Case("UTF-16", page('<?xml version="1.0" encoding="utf-16"?><rss version="2.0"><channel><item><title>Мир</title></item></channel></rss>'.encode("utf-16")), ["Мир"]),
    Case("a page instead of a feed", page(b"<!doctype html><html><body>Hello</body></html>"), error="no feed: a page, no feed"),
    Case("empty", page(b""), error="no feed: empty"),
    Case("blank", page(b" \n "), error="no feed: empty"),
    Case("plain words", page(b"Hello."), error="no feed: no XML"),
    Case("JSON that is no feed", page(b'{"a": 1}'), error="no feed: JSON, but"),
    Case("broken JSON", page(b'{"version": "https://jsonfeed'), error="no feed: broken JSON"),
    Case("XML that is no feed", page(b"<svg/>"), error="no feed: XML, but"),
    Case("broken off in the second entry", page(TWO[:-60]), AB),
    Case("tags closed wrongly", page(TWO.replace(b"</title><link>/a/a", b"</titel><link>/a/a")), AB),
    Case("prefixes nobody declared", page(b'<rss version="2.0"><channel><foo:x y:z="1"/><item><title>Title a</title><dc:creator>Ann</dc:creator></item></channel></rss>'), ["Title a"], more={"body.authors": ["Ann"]}),
    Case("HTML's entities and a lone ampersand", page(rss("<title>A&nbsp;&amp; B & C &eacute;</title>")), ["A\xa0& B & C é"]),
    Case("a stylesheet and an instruction", page(TWO.replace(b"?>", b'?><?xml-stylesheet href="file:///etc/passwd"?><?php x ?>', 1)), AB),
    Case("an entity of parameters from elsewhere", page(b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1:2000/x.dtd"> %x;]>' + TWO.partition(b"?>")[2]), AB),
    Case("XInclude", page(rss(item("a"), '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>')), ["Title a"], more={"lost": 1}),
    Case("an end in the middle of a tag", page(TWO.rpartition(b"<description>")[0] + b"<descr"), AB),
    Case("two roots", page(TWO + TWO.partition(b"?>")[2]), AB),
    Case("letters that XML forbids", page(rss("<title>A\x00B\x0bC</title>")), ["ABC"]),
    Case("a hundred thousand levels", page(b'<rss version="2.0"><channel><item><title>Title a</title></item>' + b"<a>" * 100_000), ["Title a"]),
    Case("a hundred thousand attributes", page(b"<rss " + b" ".join(b'a%d="x"' % n for n in range(100_000)) + b'><channel><item><title>Title a</title></item></channel></rss>'), ["Title a"]),
    Case("one guid for all", page(rss(item("a", guid="1"), item("b", guid="1"))), AB),
    Case("one link for all", page(rss(item("a", link="/"), item("b", link="/"))), AB, more={"body.url": None}),
    Case("the same entry twice", page(rss(item("a"), item("a"))), ["Title a"]),
    Case("no guid, no link, no date", page(rss("<title>Title a</title><description>Words.</description>")), ["Title a"], more={"body.url": None, "body.source_id": None}),
    Case("an entry without words", page(rss("<link>/a</link>", item("b"))), ["Title b"], more={"lost": 1}),
    Case("relative links", page(rss(item("a", link="../x?y=1#z"))), ["Title a"], more={"body.url.path": "/x?y=1"}),
    Case("a link that is script", page(rss(item("a", link="javascript:alert(1)"))), ["Title a"], more={}),
    Case("dates of 2050 and 1970 are kept as candidates", page(rss(item("a", date="Sat, 01 Jan 2050 00:00:00 GMT"), item("b", date="Thu, 01 Jan 1970 00:00:00 GMT"))), AB, more={"body.published": "2050-01-01T00:00:00Z"}),
    Case("all dates in one minute", page(rss(*(item(n, date=f"Wed, 25 Nov 2026 10:00:0{n} GMT") for n in range(5)))), [f"Title {n}" for n in range(5)], more={"body.published": None, "doubts": 5}),
    Case("a date that is none", page(rss(item("a", date="yesterday, noon"))), ["Title a"], more={"body.published": None}),
    Case("robots.txt forbids it", page(TWO), error="refused, robots.txt", pages={"/robots.txt": page(b"User-agent: *\nDisallow: /feed")}),
    Case("robots.txt forbids it to others", page(TWO), AB, pages={"/robots.txt": page(b"User-agent: other\nDisallow: /\n\nUser-agent: communique\nAllow: /")}),
    Case("robots.txt broken", page(TWO), error="robots.txt: cannot be read now", pages={"/robots.txt": page(b"", 500)}),
    Case("robots.txt forbidden", page(TWO), AB, pages={"/robots.txt": page(b"", 403)}),
    Case("robots.txt hangs", page(TWO), error="timeout", pages={"/robots.txt": Page(hang=True)}),
    Case("headers that are no UTF-8", page(TWO, ETag='"\xff"', Last_Modified="\xe9", Content_Type="text/xml; charset=\xff"), AB),
    Case("a page with headers that are no UTF-8", page(rss(item("a"))), ["Title a"], wanted={"pages": True}, pages={"/a/a": page(b"<p>The harbour opens.</p>", ETag="\xff", Content_Type="text/html; charset=\xff")}, more={"body.content": "<p>The harbour opens.</p>"}),
    Case("JSON Feed with ids that are none", page(json.dumps(JSON | {"items": [{"id": [1], "url": "/a", "title": "Title a"}, {"id": {}, "url": "/b", "title": "Title b"}]}).encode()), AB, more={"body.source_id": None}),
    Case("not found", page(b"", 404), error="http 404"),
    Case("server error", page(b"", 500), error="http 500"),
    Case("gone", page(b"", 410), state="gone"),
    Case("304 to a question without conditions", page(b"", 304), error="304 to a question"),
    Case("a news sitemap without --pages has titles", page(b'<urlset xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>/a</loc><n:news><n:publication><n:name>Daily</n:name><n:language>en</n:language></n:publication><n:title>Title a</n:title></n:news></url></urlset>'), ["Title a"], more={"body.outlet": "Daily"}),
    Case("an index that names itself, another site, and a sitemap", page(b"<sitemapindex><sitemap><loc>/feed</loc></sitemap><sitemap><loc>http://127.0.0.9/x</loc></sitemap><sitemap><loc>/s.xml</loc></sitemap></sitemapindex>"), ["Title a"], pages={"/s.xml": page(b"<urlset><url><loc>/a</loc><title>Title a</title></url></urlset>")}),
    Case("indexes without end", page(b"<sitemapindex><sitemap><loc>/i1</loc></sitemap></sitemapindex>"), pages={f"/i{n}": page(b"<sitemapindex><sitemap><loc>/i%d</loc></sitemap></sitemapindex>" % (n + 1)) for n in range(1, 99)}, more={"asked": ["/feed", "/i1", "/i2"]}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_case(case, tmp_path):
    rig = Rig(tmp_path, networks=case.networks)
    async with Site({"/feed": case.feed, **case.pages}, host="127.0.0.2") as site:
        rig.add(f"{site.url}/feed", **case.wanted)
        feed = await rig.visit()
        raw = await rig.raw()
        assert [each["headline"] for each in raw] == case.titles
        assert (feed.error is None) == (case.error is None)
        assert (feed.error or "").startswith(case.error or "")
        assert feed.state == case.state
        assert feed.waiting == 0
        for name, value in case.more.items():
            assert found(name, feed, raw, site) == value, name
        again = await rig.visit(later=5 * 86_400)
        assert (await rig.raw())[len(raw):] == []  # whatever it was, a second visit brings nothing twice
        assert again.sent == feed.sent


def found(name, feed, raw, site):
    if name == "path":
        return feed.url.removeprefix(site.url)
    if name == "asked":
        return site.asked
    if name == "body.url.path":
        return raw[0]["url"].removeprefix(site.url)
    return raw[0].get(name[5:]) if name.startswith("body.") else getattr(feed, name)


async def test_a_fault_of_ours_on_one_feed_fails_that_feed_and_the_others_are_visited(tmp_path, monkeypatch):
    def broken(store, feed, *rest):
        if feed.name == "bad":
            raise ValueError("on this text")
        return take(store, feed, *rest)

    monkeypatch.setattr("streams.ingest.feeds.visit.take", broken)
    rig = Rig(tmp_path)
    async with Site({"/feed": page(rss(item("a"))), "/other": page(rss(item("b")))}, host="127.0.0.2") as site:
        rig.add(f"{site.url}/feed", name="bad")
        rig.add(f"{site.url}/other", name="good")
        await rig.visit()
        assert [each["headline"] for each in await rig.raw()] == ["Title b"]
        assert rig.feed().error == "a fault of ours on what it sent: ValueError"
        monkeypatch.undo()
        await rig.visit(later=86_400)
        assert [each["headline"] for each in await rig.raw()] == ["Title b", "Title a"]


async def test_twenty_thousand_entries_are_all_taken(tmp_path):
    rig = Rig(tmp_path, max_bytes=20_000_000)
    async with Site({"/feed": page(rss(*(item(n) for n in range(20_000))))}) as site:
        rig.add(f"{site.url}/feed")
        feed = await rig.visit()
    assert (feed.entries, feed.sent, feed.waiting) == (20_000, 20_000, 0)
    assert len({each["id"] for each in await rig.raw()}) == 20_000


CHANGES = [
    ("entries in another order", rss(item("b"), item("a")), []),
    ("guids made anew", rss(item("a", guid="x1"), item("b", guid="x2")), []),
    ("another tracker in each link", rss(item("a", link="/a/a?utm_source=x"), item("b", link="/a/b?utm_source=x")), []),
    ("another date on each", rss(item("a", date="Wed, 25 Nov 2026 10:00:00 GMT"), item("b", date="Wed, 25 Nov 2026 11:00:00 GMT")), []),
    ("other markup and blanks", rss(item("a").replace("harbour opens", "harbour  \n opens"), item("b")), []),
    ("other links under the same guids", rss(item("a", link="/z/a"), item("b", link="/z/b")), []),
    ("other words under the same guid", rss(item("a", "The harbour stays closed."), item("b")), ["Title a"]),
    ("another title", rss(item("a").replace("Title a", "Title A2"), item("b")), ["Title A2"]),
    ("an entry more", rss(item("c"), item("a"), item("b")), ["Title c"]),
    ("none left", rss(), []),
]


@pytest.mark.parametrize(("body", "titles"), [each[1:] for each in CHANGES], ids=[each[0] for each in CHANGES])
async def test_what_is_new_after_a_change_and_back(body, titles, tmp_path):
    rig = Rig(tmp_path)
    async with Site({"/feed": page(TWO)}) as site:
        rig.add(f"{site.url}/feed")
        await rig.visit()
        site.pages["/feed"] = page(body)
        await rig.visit(later=86_400)
        found = (await rig.raw())[2:]
        assert [each["headline"] for each in found] == titles
        assert {each["mode"] for each in found} <= {None}  # live: only the first visit is history
        site.pages["/feed"] = page(TWO)  # a feed that re-emits what it had
        await rig.visit(later=86_400)
        assert len(await rig.raw()) == 2 + len(titles)


@pytest.mark.parametrize(("history", "modes"), [("backfill", ["backfill"] * 2), ("live", [None] * 2), ("skip", [])])
async def test_history_is_what_the_first_visit_finds(history, modes, tmp_path):
    rig = Rig(tmp_path)
    async with Site({"/feed": page(TWO)}) as site:
        rig.add(f"{site.url}/feed", history=history)
        await rig.visit()
        assert [each["mode"] for each in await rig.raw()] == modes
        site.pages["/feed"] = page(rss(item("c"), item("a"), item("b")))
        await rig.visit(later=86_400)
    assert [(each["headline"], each["mode"]) for each in (await rig.raw())[len(modes):]] == [("Title c", None)]


async def test_a_question_has_conditions_and_once_a_day_none(tmp_path):
    def answer(headers):
        known = headers.get("if-none-match") == '"1"' and headers.get("if-modified-since") == "Wed"
        return page(b"", 304) if known else page(TWO, ETag='"1"', Last_Modified="Wed", Cache_Control="max-age=7200")

    rig = Rig(tmp_path)
    async with Site({"/feed": answer}) as site:
        rig.add(f"{site.url}/feed")
        feed = await rig.visit()
        assert feed.due - rig.at == 7200  # longer than it would wait by itself
        for _ in range(3):
            await rig.visit(later=8 * 3600)
        site.pages["/feed"] = lambda headers: page(b"", 304) if "if-none-match" in headers else page(rss(item("c")), ETag='"1"')
        await rig.visit(later=8 * 3600)  # an ETag that never changes is not believed for longer than a day
    assert ["if-none-match" in each for each in site.headers] == [False, True, True, True, False]
    assert [each["headline"] for each in await rig.raw()] == [*AB, "Title c"]


@pytest.mark.parametrize(("after", "seconds"), [("3600", 3600), ("Fri, 15 Jan 2027 09:00:00 GMT", 3600), ("999999999", 86_400)])
async def test_429_rests_the_host_as_long_as_it_asks_and_all_its_feeds_with_it(after, seconds, tmp_path):
    rig = Rig(tmp_path)  # its clock says 2027-01-15T08:00:00Z
    async with Site({"/feed": page(b"", 429, Retry_After=after), "/other": page(TWO)}) as site:
        rig.add(f"{site.url}/feed", name="a")
        feed = await rig.visit()
        assert (feed.error, feed.due - rig.at) == ("http 429", seconds)
        rig.add(f"{site.url}/other", name="b")
        await rig.visit(later=seconds - 10)
        assert site.asked == ["/feed"]
        site.pages["/feed"] = page(TWO)
        await rig.visit(later=20)
    assert set(site.asked[1:]) == {"/feed", "/other"}


async def test_failures_make_visits_rarer_and_one_success_makes_up_for_them(tmp_path):
    rig = Rig(tmp_path)
    waits = []
    async with Site({"/feed": page(b"", 404)}) as site:
        rig.add(f"{site.url}/feed")
        for _ in range(12):
            feed = await rig.visit(later=waits[-1] if waits else 0)
            waits.append(feed.due - rig.at)
        assert waits[:3] == [600, 1200, 2400]
        assert waits[-1] == 86_400
        site.pages["/feed"] = page(TWO)
        feed = await rig.visit(later=86_400)
    assert (feed.failures, feed.error, feed.due - rig.at) == (0, None, 900)


async def test_pages_are_fetched_from_the_feeds_own_hosts_only(tmp_path):
    html = b"<html><head><meta charset=windows-1251></head><body><p>\xcc\xe8\xf0</p></body></html>"
    feed = rss(item("a"), item("b", link="http://127.0.0.1:1/b"), item("c", link="/moved"), item("d", link="/out"), item("e", link="/none"))
    rig = Rig(tmp_path)
    async with Site({}, host="127.0.0.3") as trap, Site({
        "/feed": page(feed), "/a/a": page(html, Content_Type="text/html", ETag='"p"'), "/moved": page(b"", 302, Location="/a/a"),
        "/none": page(b"", 404), "/out": page(b"", 302, Location=f"{trap.url}/x"),
    }, host="127.0.0.2") as site:
        rig.add(f"{site.url}/feed", pages=True)
        feed = await rig.visit()
        raw = {each["headline"]: each for each in await rig.raw()}
        assert raw["Title a"]["content"].count("Мир") == 1
        assert raw["Title a"]["http"] == {"status": 200, "etag": '"p"'}
        assert raw["Title c"]["url"] == f"{site.url}/a/a"
        for name in "bde":
            assert raw[f"Title {name}"]["content"] == f"The harbour opens again on Monday. {name}"
    assert (trap.asked, feed.waiting, site.most_at_once) == ([], 0, 1)


async def test_a_page_that_fails_is_tried_again_and_then_its_entry_goes_without(tmp_path):
    rig = Rig(tmp_path)
    async with Site({"/feed": page(rss(item("a"))), "/a/a": page(b"", 500)}) as site:
        rig.add(f"{site.url}/feed", pages=True)
        feed = await rig.visit()
        assert (feed.waiting, await rig.raw()) == (1, [])
        for _ in range(6):
            feed = await rig.visit(later=3 * 3600)
    assert site.asked.count("/a/a") == 5
    assert [each["content"] for each in await rig.raw()] == ["The harbour opens again on Monday. a"]


async def test_a_feed_that_has_moved_to_another_of_the_list_ends(tmp_path):
    rig = Rig(tmp_path)
    async with Site({"/feed": page(b"", 301, Location="/new"), "/new": page(TWO)}) as site:
        rig.add(f"{site.url}/feed", name="a")
        rig.add(f"{site.url}/new", name="b")
        feed = await rig.visit()
    assert (feed.name, feed.state, feed.why) == ("a", "gone", "has moved to the address of b")


async def test_an_entry_without_rest_is_left_after_its_last_wording(tmp_path):
    rig = Rig(tmp_path, max_versions=3)
    async with Site({"/feed": page(rss(item("a")))}) as site:
        rig.add(f"{site.url}/feed")
        for number in range(6):
            site.pages["/feed"] = page(rss(item("a", f"Seen {number} times.")))
            feed = await rig.visit(later=86_400)
    assert (len(await rig.raw()), feed.lost) == (3, 3)


async def test_what_takes_too_long_to_read_or_crashes_is_no_feed_and_the_next_is_read(tmp_path):
    slow = rss("<author>" + "a" * 400_000 + "@</author>")
    rig = Rig(tmp_path, direct=False, read_seconds=3.0)
    async with Site({"/feed": page(slow)}) as site:
        rig.add(f"{site.url}/feed")
        feed = await rig.visit()
        assert feed.error == "no feed: unreadable: reading it takes longer than 3 s"
        site.pages["/feed"] = page(TWO)
        feed = await rig.visit(later=86_400)
    assert (feed.error, feed.sent) == (None, 2)


async def test_one_request_a_host_at_a_time_with_the_gap_that_robots_txt_asks_for(tmp_path):
    slept = []
    async with Site({f"/{name}": page(rss(item(name))) for name in "abc"} | {"/robots.txt": page(b"User-agent: *\nCrawl-delay: 0.3")}) as site:
        rig = Rig(tmp_path)
        for name in "abc":
            rig.add(f"{site.url}/{name}", name=name)
        began = time.monotonic()
        rig.now = lambda: rig.at + time.monotonic() - began
        await rig.visit()
        slept.append(time.monotonic() - began)
    assert (sorted(site.asked), site.robots, site.most_at_once) == (["/a", "/b", "/c"], 1, 1)
    assert slept[0] >= 0.6


def test_the_next_visit_comes_sooner_after_news_and_later_without_between_bounds():
    bounds = Bounds(300, 3600)
    found = [900.0]
    for new in (0, 0, 0, 1, 1, 1, 1, 1):
        found.append(interval(found[-1], new, bounds))
    assert found == [900, 1800, 3600, 3600, 1800, 900, 450, 300, 300]


@pytest.mark.parametrize(("channel", "seconds"), [
    ("", None), ("<ttl>60</ttl>", 3600), ("<ttl>soon</ttl>", None), ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 21_600),
    ("<ttl>5</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", 3600), ("<sy:updatePeriod>never</sy:updatePeriod>", None),
    ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 3600),
])
def test_a_feed_says_how_long_it_need_not_be_asked(channel, seconds):
    assert document(rss(item("a"), channel=channel), "https://a.example/", {}).wait_seconds == seconds


@pytest.mark.parametrize(("published", "via", "basis", "suspect", "own_time"), [
    ("2026-11-20T10:00:00Z", Via.FEED, "feed", False, True), ("2050-01-01T00:00:00Z", Via.FEED, "feed", True, False),
    ("1970-01-01T00:00:00Z", Via.FEED, "feed", True, False), ("1970-01-01T00:00:00Z", Via.FILE, "producer", False, True),
])
def test_a_feeds_date_is_held_to_what_a_pages_is(published, via, basis, suspect, own_time):
    came = envelope().model_copy(update={"origin_time": datetime(2026, 11, 25, tzinfo=UTC)})
    raw = RawArticle(content="The harbour opens again on Monday, the minister said.", published=published, via=via)
    found = clean(raw, came, CleaningOptions())
    assert (found.published.basis, found.published.suspect) == (basis, suspect)
    assert (found.event_time == came.origin_time) is not own_time


def test_a_date_of_the_page_goes_before_a_feeds_that_cannot_be():
    came = envelope().model_copy(update={"origin_time": datetime(2026, 11, 25, tzinfo=UTC)})
    html = '<html><head><meta property="article:published_time" content="2026-11-20T10:00:00Z"></head><body><p>' + "The harbour opens. " * 9 + "</p></body></html>"
    found = clean(RawArticle(content=html, content_type="text/html", published="2050-01-01T00:00:00Z", via=Via.FEED), came, CleaningOptions())
    assert found.event_time == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert found.published.candidates[-1].basis == "feed"


@pytest.mark.parametrize("fragment", ["One two.<br/><br/>Three four.", "One two.<p>Three four.</p>", "<b>One</b> two. <div>Three four.</div>", "<p>One two.</p>Three four."])
def test_the_first_words_of_a_fragment_reach_the_text(fragment):
    words = fragment.replace("One", "The harbour opens again on Monday, one").replace("Three", "Ships had waited outside for a week, three")
    raw = article(Entry(content=words, html=True, headline="Harbour"), Came(datetime(2026, 11, 25, tzinfo=UTC), 200), outlet=None, language=None)
    text = clean(raw, envelope(), CleaningOptions()).text
    assert "The harbour opens" in text
    assert "Ships had waited" in text


async def test_an_older_copy_of_robots_txt_holds_while_there_is_no_newer(tmp_path):
    rig = Rig(tmp_path)
    async with Site({"/feed": page(TWO), "/robots.txt": page(b"User-agent: *\nDisallow: /private")}) as site:
        rig.add(f"{site.url}/feed")
        assert (await rig.visit()).error is None
        site.pages["/robots.txt"] = page(b"", 503)
        assert (await rig.visit(later=2 * 86_400)).error is None
        assert (await rig.visit(later=9 * 86_400)).error == "robots.txt: cannot be read now"
    assert site.robots == 3
