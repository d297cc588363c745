"""certificate_page: the certificate of an audit as tables: for a terminal, and as one self-contained page.

Nothing is loaded and nothing runs (see `explain_page`).
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from jinja2 import Environment, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jinja2 import Template

ENDS: Final = ("raw", "enriched", "refused", "dead_lettered", "pending", "lost", "redriven")
MOST_ROWS: Final = 500
WRONG: Final = {
    "lost": "Lost: no fate, and nothing on its way", "doubled": "Doubled: more than one fate",
    "statements_lost": "Statements lost", "forged": "Forged: calls itself redriven, and nobody noted it",
}
BY: Final = ("partition", "hour", "mode")
Body = dict[str, Any]


class Shown(NamedTuple):
    """A table: `more` rows are left out."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    more: int = 0


def page(body: Body) -> str:
    """Return a certificate as an HTML page."""
    counts = body["counts"]
    tables = [
        Shown("Raw records by fate", ("", "records"), [(name, f"{many:,}") for name, many in counts.items()]),
        *(table(body["cells"], by) for by in ("mode", "partition", "hour")),
        Shown("Versions of what came of them", ("version", "records"),
              [(name, f"{many:,}") for name, many in body["versions"].items()]),
        _ranges(body),
    ]
    holds = body["verdict"] != "does not hold"
    return _template().render(
        verdict=body["verdict"], good=holds, sentence=_sentence(body), content_hash=body["content_hash"],
        tool=f"{body['tool']['name']} {body['tool']['version']}", now=body["given"]["now"], tables=tables,
        wrong=[(title, body[name][:MOST_ROWS]) for name, title in WRONG.items() if body[name]])


def _sentence(body: Body) -> str:
    told = body["scope"] | {"replay": (body["scope"]["replay"] or {}).get("job_id")}
    if production := body.get("production"):
        told["production, now"] = production["view"]["spans"][-1]["job_id"] or "the first run"
    scope = ", ".join(f"{name} {value}" for name, value in told.items() if value)
    counts = body["counts"]
    return (
        f"{counts['raw']:,} raw records ({scope or 'all that are kept'}): {counts['enriched']:,} enriched, "
        f"{counts['refused']:,} refused, {counts['dead_lettered']:,} dead letters, {counts['pending']:,} on "
        f"their way, {len(body['lost']):,} lost; {counts['redriven']:,} of them by a redrive.")


def table(cells: Iterable[Mapping[str, Any]], by: str, most: int | None = MOST_ROWS) -> Shown:
    """Return how many raw records ended how, by partition, hour or mode; at most `most` rows."""
    rows: dict[str, Counter[str]] = {}
    for cell in cells:
        name = str(cell[by] if cell[by] is not None else "other")
        rows.setdefault(name, Counter()).update({end: cell.get(end, 0) for end in ENDS})
    ordered: Sequence[str] = sorted(rows, key=_numbered)
    lines = [(name, *(f"{rows[name][end]:,}" for end in ENDS)) for name in ordered]
    return Shown(f"By {by}", (by, *ENDS), lines[:most], len(lines[most:]) if most else 0)


def _numbered(name: str) -> tuple[str, int, str]:
    topic, _, partition = name.rpartition("-")
    return (topic, int(partition), "") if topic and partition.isdigit() else ("", 0, name)


def _ranges(body: Body) -> Shown:
    rows: list[tuple[str, ...]] = [
        (f"{topic}-{partition}", f"{first:,}", f"{end:,}", body["hashes"].get(topic, {}).get(partition, ""))
        for topic, each in body["topics"].items() for partition, (first, end) in each.items() if end > first
    ]
    return Shown("What was read", ("partition", "from", "to", "hash"), rows[:MOST_ROWS],
                 max(0, len(rows) - MOST_ROWS))


@cache
def _template() -> Template:
    source = files("streams.render").joinpath("certificate.html").read_text(encoding="utf-8")
    strict = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return strict.from_string(source)
