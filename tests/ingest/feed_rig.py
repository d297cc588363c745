"""A file of feeds, an embedded log and a clock: what visits need, with loopback opened."""

from __future__ import annotations

import json
import ssl
from concurrent.futures import ThreadPoolExecutor

from streams.bus.admin import at_start
from streams.bus.connect import connect
from streams.bus.scan import header, scan
from streams.core.feeds.document import document
from streams.core.feeds.entry import named
from streams.core.web.target import Allowed
from streams.ingest.feeds import listing
from streams.ingest.feeds.run import works
from streams.ingest.feeds.store import open_store, path_of
from streams.settings import load_settings
from streams.topics import RAW
from streams.web.fetch import Web
from streams.web.resolver import look_up_by

PORTS = list(range(1024, 65536))


class Direct:
    """Reads in this process: a child for each row of a table would cost the table's time."""

    async def read(self, body, url, headers):
        found = document(body, url, headers)
        return found, named(found.entries, found.home)

    def close(self):
        pass


def settings_of(folder, networks=("127.0.0.0/8",), **feeds):
    given = {"allow_http": True, "allow_networks": list(networks), "allow_ports": PORTS, "gap_seconds": 0,
             "timeout_seconds": 1.0, "max_bytes": 2_000_000, **feeds}
    return load_settings(state=folder, feeds=given, topics__partitions=1)


class Rig:
    """`clock.now` is moved by hand; `visit` goes once through all that is due."""

    def __init__(self, folder, *, networks=("127.0.0.0/8",), direct=True, **feeds):
        self.settings = settings_of(folder, networks, **feeds)
        self.store = open_store(path_of(self.settings))
        self.bus = connect(self.settings)
        self.at = 1_800_000_000.0
        self.direct, self.ready = direct, False
        self.told = []

    def now(self):
        return self.at

    def add(self, url, **wanted):
        mine = self.settings.feeds
        allowed = Allowed(mine.allow_http, mine.allow_networks, mine.allow_ports)
        history = listing.History(wanted.pop("history", "backfill"))
        return listing.add(self.store, listing.Wanted(url, history=history, **wanted), allowed, self.at)

    def feed(self):
        return listing.feeds(self.store)[0]

    async def visit(self, *, later=0.0):
        """Go once through what is due, `later` seconds after the last time; return the feed."""
        self.at += later
        if not self.ready:
            await at_start(self.bus, self.settings.topics)
            self.ready = True
        mine = self.settings.feeds
        allowed = Allowed(mine.allow_http, mine.allow_networks, mine.allow_ports)
        web = Web(allowed, "communique/test", ssl.create_default_context(), look_up_by(ThreadPoolExecutor(2)))
        async with self.bus.producer(client_id="test") as producer, web:
            made = works(
                self.store, self.settings, web, self.bus, producer, self.now, lambda feed, well: self.told.append(feed))
            if self.direct:
                made.visits.reader = Direct()
            try:
                await made.once()
            finally:
                made.visits.reader.close()
        return self.feed()

    async def raw(self):
        """Return the bodies on the raw topic, in order, each with `id` and `mode` of its headers."""
        found = []
        async for records in scan(self.bus, [RAW.name]):
            found += [json.loads(each.value) | {"id": header(each, "ce_id"), "mode": header(each, "ce_deliverymode")}
                      for each in records]
        return found


def rss(*items, channel=""):
    """Return an RSS feed; an item is its inner XML."""
    inner = "".join(f"<item>{item}</item>" for item in items)
    space = ('xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
             'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"')
    return f'<?xml version="1.0"?><rss version="2.0" {space}><channel><title>T</title>{channel}{inner}</channel></rss>'.encode()


def item(name, text="The harbour opens again on Monday.", *, guid=None, date=None, link=None):
    """Return the inner XML of an item."""
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    return (f"<title>Title {name}</title><link>{link or f'/a/{name}'}</link><guid isPermaLink='false'>{guid or name}</guid>"
            f"{dated}<description>{text} {name}</description>")
