"""Boilerplate: what an outlet prints under (or over) many different articles, learned and then frozen.

Learned are runs of three words, by outlet (domain): those that stand in at least `LEAST` clusters of the
outlet and in one in twenty of them. A wire story with 200 copies is one cluster, so it is never taken for
boilerplate, as it would be by a cap on how often a run is seen. Left out of a sketch are words that lie in a
stretch of at least `STRETCH` learned runs in a row: a sentence that is the same under every article, not
"the prime minister of".

A table has a version, the hash of what it holds; it is stamped on every event made with it. Texts sketched
with different tables are compared as they are: change the table when you rebuild the index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from schemas.ids import digest
from streams.core.dedup.fingerprint import GRAM_WORDS, Grams, pack, unpack
from streams.core.dedup.shingles import runs, words
from streams.core.outcome import CommuniqueError

LEAST: Final = 8
"""Clusters that a run must stand in."""
SHARE: Final = 0.05
"""Share of the outlet's clusters that it must stand in."""
STRETCH: Final = 6
"""Runs in a row that are left out: eight words."""
MOST: Final = 20_000
"""Runs kept of an outlet at most, those of most clusters."""


class BadBoilerplate(CommuniqueError):
    """A table cannot be used; the message says why."""


class Printed(NamedTuple):
    """An article to learn from. `cluster` names its cluster: copies of one story count once."""

    domain: str
    cluster: str
    text: str


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """A frozen table: sorted hashes of runs by domain. `version` is None for the empty one."""

    version: str | None = None
    outlets: Mapping[str, Grams] = field(default_factory=dict)

    def without(self, found: list[str], domain: str | None) -> list[str]:
        """Return the words of an article of an outlet without those of its boilerplate."""
        known = self.outlets.get(domain or "")
        if known is None or len(found) < STRETCH + GRAM_WORDS - 1:
            return found
        hits = np.isin(runs(found, GRAM_WORDS).astype(np.uint32), known)
        starts = np.flatnonzero(np.convolve(hits, np.ones(STRETCH, dtype=np.int64), "valid") == STRETCH)
        gone = np.zeros(len(found) + 1, dtype=np.int64)
        np.add.at(gone, starts, 1)
        np.add.at(gone, starts + STRETCH + GRAM_WORDS - 1, -1)
        kept = np.cumsum(gone[:-1]) == 0
        return [word for word, stays in zip(found, kept.tolist(), strict=True) if stays]


def learned(articles: Iterable[Printed]) -> Boilerplate:
    """Return what the outlets of some articles print under many different ones."""
    seen: dict[str, dict[str, set[int]]] = {}
    for article in articles:
        grams = runs(words(article.text), GRAM_WORDS).astype(np.uint32)
        clusters = seen.setdefault(article.domain, {})
        clusters.setdefault(article.cluster, set()).update(grams.tolist())
    outlets = {domain: _common(clusters) for domain, clusters in sorted(seen.items())}
    return frozen({domain: grams for domain, grams in outlets.items() if len(grams)})


def _common(clusters: Mapping[str, set[int]]) -> Grams:
    counts = Counter(gram for grams in clusters.values() for gram in grams)
    least = max(LEAST, SHARE * len(clusters))
    most = sorted(((-count, gram) for gram, count in counts.items() if count >= least))[:MOST]
    return np.array(sorted(gram for _, gram in most), dtype=np.uint32)


def frozen(outlets: Mapping[str, Grams]) -> Boilerplate:
    """Return a table with its version."""
    if not outlets:
        return Boilerplate()
    parts = (f"{name} {pack(outlets[name])}" for name in sorted(outlets))
    return Boilerplate(digest("boilerplate", *parts), outlets)


def written(table: Boilerplate) -> dict[str, object]:
    """Return a table as it is stored."""
    return {"version": table.version, "outlets": {name: pack(grams) for name, grams in table.outlets.items()}}


def read(stored: Mapping[str, object]) -> Boilerplate:
    """Return the table of `written`; raises `BadBoilerplate` for what it did not make or was changed."""
    outlets = stored.get("outlets")
    if not isinstance(outlets, dict):
        raise BadBoilerplate("a table of boilerplate has outlets")
    try:
        table = frozen({str(name): unpack(str(grams)) for name, grams in outlets.items()})
    except ValueError as error:
        raise BadBoilerplate(f"a table of boilerplate cannot be read: {error}") from None
    if table.version != stored.get("version"):
        raise BadBoilerplate("the version of a table of boilerplate is not that of what it holds")
    return table
