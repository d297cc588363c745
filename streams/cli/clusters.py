"""communique clusters: show a cluster, compare two near-duplicates side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli import exits, output, start

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.audit.standing import Body, Standings
    from streams.render.side_by_side import Pair, Side

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Show a cluster; compare two near-duplicates.

\b
communique clusters show 3f9a2c1b                  a cluster, or the one of an article; ids that are gone too
communique clusters diff 3f9a2c1b a07e11d4         two articles side by side
communique clusters diff 3f9a2c1b a07e11d4 --html pair.html

Ids may be cut to their first digits. Both read the topics; with --file what `communique process` printed.""",
)

File = Annotated[Path | None, typer.Option(help="Read this output of process.", metavar="FILE", exists=True)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@app.command("show")
def show(
    asked: Annotated[str, typer.Argument(help="Cluster id or article id.", metavar="ID|ARTICLE")],
    *,
    file: File = None,
    as_json: Json = False,
) -> None:
    """Show a cluster: its canonical, its near-duplicates and why they are, what it is part of.

    \b
    communique clusters show 3f9a2c1b
    communique clusters show 3f9a2c1b --file enriched.jsonl --json

    The id of a cluster that was merged or renamed leads to where its articles are now. Exit 1 when no
    article and no cluster has the id.
    """
    known = _known([asked], file)
    for article in _one(known, asked):
        told = as_dict(known, asked, article)
        if as_json:
            output.json_line(told)
        else:
            output.out().print("\n".join(_lines(told)))


def as_dict(known: Standings, asked: str, article: str) -> Body:
    """Return the cluster of an article as one object."""
    place = known.places[article]
    members = [_member(known, each) for each in known.members(place["cluster_id"])]
    return {
        "asked": asked, "cluster_id": place["cluster_id"], "canonical_id": place["canonical_id"],
        "members": members,
    }


def _member(known: Standings, article: str) -> Body:
    place, body = known.places[article], known.articles.get(article, {})
    alike = body.get("dedup", {}).get("matches", ())
    canonical: Body = next((m for m in alike if m["article_id"] == place["canonical_id"]), {})
    return {
        "article_id": article, "role": place["role"], "part_of": list(place.get("part_of", ())),
        "event_time": body.get("event_time"), "headline": body.get("headline"), "url": body.get("url"),
        "outlet": body.get("outlet", {}).get("name"), "similarity": canonical.get("similarity"),
        "rule": canonical.get("evidence", {}).get("rule"),
    }


def _lines(told: Body) -> Iterator[str]:
    from streams.render.lines import plain

    members = told["members"]
    yield f"cluster {told['cluster_id']}, {len(members)} article{'s' if len(members) != 1 else ''}"
    for one in members:
        why = f"{one['similarity']:.2f} {one['rule']}" if one["similarity"] is not None else ""
        words = (one["role"], one["article_id"], one["event_time"], one["outlet"], one["headline"], why)
        yield "  " + "  ".join(plain(str(word)) for word in words if word)
        yield from (f"    part of {container}" for container in one["part_of"])


@app.command("diff")
def diff(
    left: Annotated[str, typer.Argument(help="Article id.", metavar="ARTICLE")],
    right: Annotated[str, typer.Argument(help="The other's.", metavar="OTHER")],
    page: Annotated[Path | None, typer.Argument(help="Where --html writes; default: stdout.")] = None,
    *,
    file: File = None,
    as_html: Annotated[bool, typer.Option("--html", help="Write a self-contained page.")] = False,
) -> None:
    """Show two articles side by side, sentence by sentence, with what differs marked.

    \b
    communique clusters diff 3f9a2c1b a07e11d4
    communique clusters diff 3f9a2c1b a07e11d4 --html pair.html --file enriched.jsonl

    Exit 1 when one of them is not there, or not enriched yet.
    """
    from streams.cli.explain_file import write_text
    from streams.render import side_by_side

    known = _known([left, right], file)
    bodies = [known.articles.get(article) for one in (left, right) for article in _one(known, one)[:1]]
    if None in bodies:
        output.say("one of them is not enriched yet: `communique explain` shows how far it came")
        raise typer.Exit(exits.DOES_NOT_HOLD)
    pair = _pair([body for body in bodies if body is not None])
    if as_html:
        write_text(side_by_side.page(pair), page)
    else:
        output.out().print(side_by_side.table(pair))


def _pair(bodies: Sequence[Body]) -> Pair:
    from streams.render.side_by_side import Pair

    mine, theirs = bodies
    found = [m for m in mine["dedup"]["matches"] if m["article_id"] == theirs["article_id"]]
    likeness = "no match"
    if found:
        match = found[0]
        likeness = f"{match['relation']}: {match['similarity']:.2f} alike, {match['evidence']['rule']}"
    return Pair(_side(mine), _side(theirs), likeness)


def _side(body: Body) -> Side:
    from streams.render.side_by_side import Side

    facts = (body.get("outlet", {}).get("name"), body.get("event_time"), body.get("url"), body["article_id"])
    title = body.get("headline") or body["article_id"]
    return Side(title, ", ".join(str(fact) for fact in facts if fact), body["text"])


def _known(asked: Sequence[str], file: Path | None) -> Standings:
    from streams.audit import standing
    from streams.bus.connect import connect

    if file is not None:
        with file.open("rb") as lines:
            return standing.of_events(lines)
    return start.run(standing.of_topics(connect(start.settings()), asked))


def _one(known: Standings, asked: str) -> list[str]:
    """Return the article that is meant, alone. Exit 1 for none, 2 for several."""
    found = known.found(asked)
    if not found:
        output.say(f"no article and no cluster has the id {asked}")
        raise typer.Exit(exits.DOES_NOT_HOLD)
    if len({known.places[article]["cluster_id"] for article in found}) > 1:
        raise exits.Usage(f"{asked} is the beginning of {len(found)} ids: give more digits")
    return found[:1]
