"""certificate: an audit on one page that anyone can run again, and the running of it again.

It names the tool, what was read from where to where, what each stage had committed, how many raw records
ended how by partition, hour and mode, which versions made what came of them, what is wrong by name, and a
hash of raw and of every topic of fates (`hashes`). `content_hash` is over all of it but `given`, where the
moment stands that somebody gave: the same topics give the same certificate.

`check` reads the same ranges again, with the commits of then. What is no longer kept is said and not failed:
the partitions that are whole are compared by their hashes, and everything else only when all are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import orjson

from schemas.view import View
from streams import __version__
from streams.audit.collect import Asked, audit
from streams.audit.hashes import Sums
from streams.audit.ranges import Ranges
from streams.bus.burial import PREFIX
from streams.bus.interface import TopicPartition
from streams.core.outcome import Usage
from streams.core.replay.view import FIRST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.audit.ranges import Range
    from streams.bus.interface import Bus, Record
    from streams.core.audit_report import Report

FORMAT: Final = 1
LISTS: Final = ("lost", "doubled", "statements_lost", "forged")
Body = dict[str, Any]


@dataclass(slots=True)
class Witness:
    """Sees every raw record and every fate of an audit: their hashes, and the versions that made them."""

    sums: Sums = field(default_factory=Sums)
    versions: Counter[str] = field(default_factory=Counter)

    def see(self, records: list[Record]) -> None:
        """Take in records of one partition."""
        self.sums.take(records, TopicPartition(records[0].topic, records[0].partition))
        dead = records[0].topic.endswith(".dlt")
        name = f"{PREFIX}version" if dead else "ce_pipelineversion"
        for record in records:
            for header, value in record.headers:
                if header == name:
                    self.versions[value.decode("utf-8", "replace")] += 1


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of running a certificate again.

    `differs`: fields or partitions; `expired`: not kept whole.
    """

    differs: tuple[str, ...]
    expired: tuple[str, ...]
    same: int
    """Partitions that were compared and are the same."""

    @property
    def holds(self) -> bool:
        """Return whether nothing differs, as far as records are still kept."""
        return not self.differs


async def certify(bus: Bus, asked: Asked, scope: Body, now: datetime | None) -> tuple[Report, Body]:
    """Run an audit; return its report and its certificate. `now`: a moment that is given, UTC."""
    witness = Witness()
    asked.seen = witness.see
    report = await audit(bus, asked=asked)
    body: Body = {
        "certificate": FORMAT,
        "tool": {"name": "communique", "version": __version__},
        "scope": scope,
        "topics": _tree({place: list(each) for place, each in asked.ranges.read.items()}),
        "committed": _tree(asked.committed or {}),
        "production": _production(asked),
        "versions": dict(sorted(witness.versions.items())),
        "counts": {k: v for k, v in report.as_dict().items() if k not in (*LISTS, "holds")},
        **{name: list(getattr(report, name)) for name in LISTS},
        "cells": cells_of(report),
        "records": _tree(witness.sums.records),
        "hashes": _tree({place: f"{value:064x}" for place, value in witness.sums.sums.items()}),
        "verdict": verdict(report),
    }
    return report, {**body, "content_hash": hash_of(body), "given": {"now": now.isoformat() if now else None}}


def _production(asked: Asked) -> Body | None:
    """Return which runs count and how far they have read raw; None where it is one run."""
    if asked.alone or asked.view is None:
        return None
    reached = {run: {str(p): at for p, at in each.items()} for run, each in (asked.reached or {}).items()}
    return {"view": asked.view.model_dump(mode="json"), "reached": reached}


def verdict(report: Report) -> str:
    """Return what an audit says, in words."""
    if not report.holds:
        return "does not hold"
    return "holds, some records on their way" if report.pending else "holds"


def cells_of(report: Report) -> list[Body]:
    """Return the counts of each partition, hour and mode that has any."""
    return [
        {"partition": cell.partition, "hour": hour_text(cell.hour), "mode": cell.mode}
        | {name: many for name, many in cell.ends if many}
        for cell in report.cells
    ]


def hour_text(hour: int | None) -> str | None:
    """Return hours since 1970 as the hour's start, RFC 3339; None for one that was not kept apart."""
    return None if hour is None else f"{datetime.fromtimestamp(hour * 3600, UTC):%Y-%m-%dT%H:00:00Z}"


def hash_of(body: Mapping[str, object]) -> str:
    """Return the hash of a certificate's content: BLAKE2b-256 of its JSON, keys sorted, without blanks."""
    content = {name: value for name, value in body.items() if name not in {"content_hash", "given"}}
    return blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=32).hexdigest()


def _tree(values: Mapping[TopicPartition, object]) -> dict[str, dict[str, object]]:
    tree: dict[str, dict[str, object]] = {}
    for place in sorted(values):
        tree.setdefault(place.topic, {})[str(place.partition)] = values[place]
    return tree


def _places(tree: Mapping[str, Mapping[str, Any]]) -> dict[TopicPartition, Any]:
    return {TopicPartition(t, int(p)): value for t, each in tree.items() for p, value in each.items()}


def read(content: bytes) -> Body:
    """Return a certificate from its JSON. Raises `Usage` for what is none, or was changed since."""
    try:
        body: Body = orjson.loads(content)
        known = body["certificate"] == FORMAT and body["content_hash"] == hash_of(body)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise Usage("this is no certificate of `communique audit --certificate`") from None
    if not known:
        raise Usage("this certificate was changed since: its content_hash is not that of its content")
    return body


async def check(bus: Bus, body: Body, asked: Asked) -> Checked:
    """Run a certificate's audit again, over the same ranges and commits, and compare."""
    given: dict[TopicPartition, Range] = {p: (r[0], r[1]) for p, r in _places(body["topics"]).items()}
    asked.ranges, asked.committed = Ranges(given=given), _places(body["committed"])
    production = body.get("production")  # not in certificates from before production could be moved
    asked.view = View.model_validate(production["view"]) if production else FIRST
    reached = production["reached"] if production else {}
    asked.reached = {run: {int(p): at for p, at in each.items()} for run, each in reached.items()}
    _, now = await certify(bus, asked, body["scope"], None)
    kept = asked.ranges.read
    asked_of = {place: first for place, (first, end) in given.items() if first < end}
    expired = {place for place, first in asked_of.items() if place not in kept or kept[place][0] > first}
    old, new = _places(body["hashes"]), _places(now["hashes"])
    moved = {place for place in expired if place not in old}
    whole = [place for place in old if place not in expired]
    differs = [f"hash of {each.topic}-{each.partition}" for each in whole if old[each] != new.get(each)]
    if not expired - moved:
        differs += _fields(body, now, compare_commits=not moved)
    return Checked(
        tuple(differs), tuple(f"{each.topic}-{each.partition}" for each in sorted(expired)), len(whole))


def _fields(body: Body, now: Body, *, compare_commits: bool) -> list[str]:
    """Return which fields differ; lists of what is wrong only where all that they are worked out from is."""
    names = ["counts", "cells", "versions", "records", *LISTS, "verdict"] if compare_commits else ["records"]
    return [name for name in names if body[name] != now[name]]
