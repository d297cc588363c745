"""What was there before a feed was on the list is its history, however late it can be read."""

from __future__ import annotations

import pytest

from streams.testing.site import Page, Site
from tests.ingest.feed_rig import Rig, item, rss

DAY = 86_400
AB = Page(rss(item("a"), item("b")))
ABC = Page(rss(item("c"), item("a"), item("b")))
EMPTY, BROKEN, NO_FEED = Page(rss()), Page(b"", 500), Page(b"Back soon.")


def index(*names, changed=""):
    when = f"<lastmod>{changed}</lastmod>" if changed else ""
    return Page("".join(["<sitemapindex>", *(f"<sitemap><loc>/{name}</loc>{when}</sitemap>" for name in names), "</sitemapindex>"]).encode())


def sitemap(*names):
    return Page("".join(["<urlset>", *(f"<url><loc>/{name}</loc><title>Title {name}</title></url>" for name in names), "</urlset>"]).encode())


FIRST = {
    "a feed that failed": {"/feed": BROKEN},
    "a feed that was none": {"/feed": NO_FEED},
    "a feed that hung": {"/feed": Page(hang=True)},
    "an empty feed": {"/feed": EMPTY},
    "an empty sitemap": {"/feed": sitemap()},
    "an empty index": {"/feed": index()},
    "an index whose sitemap failed": {"/feed": index("s"), "/s": BROKEN},
    "an index whose sitemap was none": {"/feed": index("s"), "/s": NO_FEED},
    "an index whose sitemap is gone": {"/feed": index("s"), "/s": Page(b"", 410)},
    "an index whose sitemap was empty": {"/feed": index("s"), "/s": sitemap()},
    "an index whose index was empty": {"/feed": index("i"), "/i": index()},
    "an index whose index failed": {"/feed": index("i"), "/i": BROKEN},
}
SECOND = {"/s": sitemap("a", "b"), "/i": index("s")}


@pytest.mark.parametrize("history", ["backfill", "skip"])
@pytest.mark.parametrize("pages", FIRST.values(), ids=FIRST)
async def test_what_could_not_be_read_at_the_first_visit_is_history_at_the_second(pages, history, tmp_path):
    rig = Rig(tmp_path, timeout_seconds=0.3)
    there = ["backfill"] * 2 if history == "backfill" else []
    async with Site(dict(pages)) as site:
        rig.add(f"{site.url}/feed", history=history)
        await rig.visit()
        assert await rig.raw() == []
        site.pages |= SECOND
        if pages["/feed"].body[:13] != b"<sitemapindex" or pages["/feed"] == index():
            site.pages["/feed"] = index("s") if pages["/feed"] == index() else AB
        await rig.visit(later=2 * DAY)
        assert [each["mode"] for each in await rig.raw()] == there
        site.pages |= {"/s": sitemap("a", "b", "c"), **({"/feed": ABC} if site.pages["/feed"] is AB else {})}
        await rig.visit(later=2 * DAY)
    assert [(each["headline"], each["mode"]) for each in (await rig.raw())[len(there):]] == [("Title c", None)]


async def test_a_sitemap_that_an_index_names_later_brings_news_and_one_it_named_at_first_its_history(tmp_path):
    rig = Rig(tmp_path, max_sitemaps=1)
    async with Site({"/feed": index("s", "old"), "/s": sitemap("a"), "/old": sitemap("b")}) as site:
        rig.add(f"{site.url}/feed")
        await rig.visit()
        for name, title in (("new", "c"), ("old", "b")):
            site.pages |= {"/feed": index(name, "s"), "/new": sitemap(title)}
            await rig.visit(later=2 * DAY)
    assert [(each["headline"], each["mode"]) for each in await rig.raw()] == [
        ("Title a", "backfill"), ("Title c", None), ("Title b", "backfill")]


async def test_a_sitemap_left_alone_until_its_names_were_forgotten_brings_no_news_of_old(tmp_path):
    rig = Rig(tmp_path, keep_days=30)
    async with Site({"/feed": index("s", changed="2018-02-14"), "/s": sitemap("a", "b")}) as site:
        rig.add(f"{site.url}/feed")
        await rig.visit()
        for _ in range(8):
            await rig.visit(later=5 * DAY)
        site.pages |= {"/feed": index("s", changed="2018-02-15"), "/s": sitemap("a", "b", "c")}
        await rig.visit(later=5 * DAY)
        assert {each["mode"] for each in await rig.raw()} == {"backfill"}
        site.pages |= {"/feed": index("s", changed="2018-02-16"), "/s": sitemap("a", "b", "c", "d")}
        await rig.visit(later=5 * DAY)
    assert [(each["headline"], each["mode"]) for each in await rig.raw()][-1] == ("Title d", None)


async def test_a_feed_that_was_paused_until_its_entries_were_forgotten_brings_them_as_history(tmp_path):
    rig = Rig(tmp_path, keep_days=30)
    async with Site({"/feed": AB, "/other": AB}) as site:
        rig.add(f"{site.url}/other", name="z")
        rig.add(f"{site.url}/feed", name="a")
        await rig.visit()
        rig.store.execute("UPDATE feeds SET state = 'paused' WHERE name = 'a'")
        await rig.visit(later=40 * DAY)
        rig.store.execute("UPDATE feeds SET state = 'active' WHERE name = 'a'")
        site.pages["/feed"] = ABC
        await rig.visit(later=3600)
        site.pages["/feed"] = Page(rss(item("d"), item("c")))
        await rig.visit(later=DAY)
    modes = {(each["headline"], each["mode"]) for each in await rig.raw()}
    assert modes == {("Title a", "backfill"), ("Title b", "backfill"), ("Title c", "backfill"), ("Title d", None)}
