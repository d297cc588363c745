"""communique feeds: the list of feeds and sitemaps, and the process that visits them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import exits, output, start
from streams.cli import feeds_run as running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.bus.durable import Store

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Follow feeds (RSS, Atom, JSON Feed) and sitemaps; put what is new on the bus.

\b
communique feeds add https://news.example.org/rss.xml --outlet "Example News"
communique feeds add https://news.example.org/news-sitemap.xml --pages
communique feeds import subscriptions.opml
communique feeds list
communique feeds run

The list and what was seen of each feed are in feeds.db in the state folder. docs/feeds.md tells how often a
feed is visited, what is fetched and what never is.""",
)

app.command("run")(running.run)

NameArgument = Annotated[str, typer.Argument(help="Its name, or its URL.", metavar="FEED")]
JsonOption = Annotated[bool, typer.Option("--json", help="One object a line.")]


@contextmanager
def _store() -> Iterator[Store]:
    from streams.ingest.feeds.store import open_store, path_of

    store = open_store(path_of(start.settings()))
    try:
        yield store
    finally:
        store.close()


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Of the feed or sitemap: https://…", metavar="URL")],
    name: Annotated[str | None, typer.Option(help="What to call it; its host else.", metavar="NAME")] = None,
    every: Annotated[
        str | None, typer.Option(help="Visit so often: 15m, 2h; else it adapts.", metavar="TIME")
    ] = None,
    pages: Annotated[
        bool, typer.Option("--pages", help="Fetch the page of each entry, from the feed's own hosts.")
    ] = False,
    host: Annotated[
        list[str] | None, typer.Option(help="Also pages of this domain; with --pages.", metavar="DOMAIN")
    ] = None,
    outlet: Annotated[str | None, typer.Option(help="Name of the publisher.", metavar="NAME")] = None,
    language: Annotated[str | None, typer.Option(help="BCP 47 code, e.g. en.", metavar="CODE")] = None,
    history: Annotated[
        str, typer.Option(help="Entries of the first visit: backfill, live or skip.", metavar="HOW")
    ] = "backfill",
    as_json: JsonOption = False,
) -> None:
    """Put a feed or sitemap on the list; nothing is fetched yet.

    \b
    communique feeds add https://news.example.org/rss.xml
    communique feeds add https://news.example.org/feed.json --name example --every 15m
    communique feeds add https://news.example.org/sitemap_news.xml --pages --host cdn.example.net

    What a feed already has at the first visit goes in as backfill: it is read, compared and counted, and
    alerts nobody. --history live takes it for news; --history skip leaves it out. A sitemap has no text, so
    it needs --pages.
    """
    from streams.ingest.feeds import listing
    from streams.ingest.feeds.run import allowed_by

    settings = start.settings()
    wanted = listing.Wanted(
        url, name, outlet, language, _seconds(every), pages, _domains(url, host), _history(history))
    with _store() as store:
        found = listing.add(store, wanted, allowed_by(settings.feeds), time.time())
    if as_json:
        output.json_line(found.as_dict())
    else:
        output.say(f"added {found.name}: `communique feeds run` visits it")


def _history(text: str) -> listing.History:  # type: ignore[name-defined]  # noqa: F821  # imported when called
    from streams.ingest.feeds.listing import History

    if text not in list(History):
        raise exits.Usage(f"--history {text}: known are {', '.join(History)}")
    return History(text)


def _domains(url: str, more: list[str] | None) -> tuple[str, ...]:
    from streams.core.cleaning.urls import domain_of

    own = domain_of(url)
    return tuple(dict.fromkeys([*([own] if own else []), *(each.lower() for each in more)])) if more else ()


def _seconds(text: str | None) -> float | None:
    from streams.cli.when import moment

    if text is None:
        return None
    now = datetime.now(UTC)
    found = (now - moment(text, now)).total_seconds()
    if found < 1:
        raise exits.Usage(f"--every {text}: write it as 15m, 2h or 1d")
    return found


@app.command("import")
def import_opml(
    path: Annotated[Path, typer.Argument(help="An OPML file.", metavar="FILE", exists=True)],
    history: Annotated[str, typer.Option(help="As for add.", metavar="HOW")] = "backfill",
    as_json: JsonOption = False,
) -> None:
    """Put all feeds of an OPML file on the list; those that are there already are left as they are.

    \b
    communique feeds import subscriptions.opml
    """
    from streams.core.feeds.entry import NotAFeed
    from streams.core.feeds.opml import listed
    from streams.ingest.feeds import listing
    from streams.ingest.feeds.run import allowed_by

    try:
        found = listed(path.read_bytes())
    except NotAFeed as error:
        raise exits.Usage(f"{path}: {error}") from None
    added = refused = 0
    with _store() as store:
        for each in found:
            wanted = listing.Wanted(each.url, outlet=each.title, history=_history(history))
            try:
                listing.add(store, wanted, allowed_by(start.settings().feeds), time.time())
                added += 1
            except exits.Usage as error:
                refused += 1
                output.say(str(error))
    if as_json:
        output.json_line({"added": added, "not_added": refused})
    else:
        output.say(f"{added} added, {refused} not")


@app.command("list")
def list_feeds(as_json: JsonOption = False) -> None:
    """List all feeds: state, last and next visit, entries taken, what waits, and what went wrong.

    \b
    communique feeds list
    communique feeds list --json
    """
    from streams.ingest.feeds import listing

    with _store() as store:
        found = listing.feeds(store)
    for each in found:
        if as_json:
            output.json_line(each.as_dict())
        else:
            output.out().print(output.plain(running.line(each)))
    if not found and not as_json:
        output.say("no feeds: `communique feeds add URL`")


@app.command("show")
def show(feed: NameArgument, as_json: JsonOption = False) -> None:
    """Show all that is known of a feed.

    \b
    communique feeds show news.example.org
    """
    from streams.ingest.feeds import listing

    with _store() as store:
        found = listing.one(store, feed).as_dict()
    if as_json:
        output.json_line(found)
        return
    told = (f"{name:10} {value}" for name, value in found.items() if value is not None)
    output.out().print(output.plain("\n".join(told)))


@app.command("remove")
def remove(feed: NameArgument) -> None:
    """Take a feed off the list, with all that was known of it; what is on the bus stays there.

    \b
    communique feeds remove news.example.org
    """
    from streams.ingest.feeds import listing

    with _store() as store:
        listing.remove(store, listing.one(store, feed))
    output.say(f"removed {feed}")


@app.command("pause")
def pause(feed: NameArgument) -> None:
    """Do not visit a feed any more, and keep what is known of it.

    \b
    communique feeds pause news.example.org
    """
    _set(feed, "paused")


@app.command("resume")
def resume(feed: NameArgument) -> None:
    """Visit a paused or ended feed again, at once.

    \b
    communique feeds resume news.example.org
    """
    _set(feed, "active")


def _set(name: str, state: str) -> None:
    from streams.ingest.feeds import listing

    with _store() as store:
        listing.set_state(store, listing.one(store, name), state, time.time())
    output.say(f"{name}: {state}")
