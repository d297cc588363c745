"""lines: an event as one readable line, for `communique consume` on a terminal.

`LINES` maps a topic to the function that writes its events; what has none is shown as its JSON, cut. Bodies
are taken as plain JSON and never validated: a line is written for whatever lies on the topic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from streams import topics
from streams.bus.burial import PREFIX
from streams.bus.scan import header

if TYPE_CHECKING:
    from streams.bus.interface import Record

Body: TypeAlias = "dict[str, object]"

WIDEST_CHARS: Final = 160
SHORT_ID_CHARS: Final = 8
"""As many digits of an id as `communique explain` needs to find it among a million articles."""


def body_of(record: Record) -> Body | None:
    """Return a record's body as a JSON object, None when it is none."""
    try:
        body = orjson.loads(record.value or b"null")
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def at(body: object, *path: str) -> object:
    """Return what lies at `path` in nested objects, None where there is nothing."""
    for step in path:
        body = body.get(step) if isinstance(body, dict) else None
    return body


def text(body: object, *path: str, absent: str = "-") -> str:
    """Return what lies at `path` as text on one line, without control characters."""
    found = at(body, *path)
    return plain(str(found)) if found is not None else absent


def field_text(body: Body, field: str) -> str:
    """Return a field that spans may stand in, as it is; "" when there is none."""
    found = at(body, field, "text") if field == "dateline" else at(body, field)
    return found if isinstance(found, str) else ""


def printable(value: str) -> str:
    """Return text of the same length on one line that no terminal takes for a command."""
    return "".join(c if c.isprintable() else " " for c in value)


def plain(value: str) -> str:
    """Return printable text with single spaces."""
    return " ".join(printable(value).split())


def line_of(record: Record) -> str:
    """Return a record as a line: its date or place on the log, then what it says."""
    body = body_of(record)
    if record.topic.endswith(".dlt"):
        return _cut(_dead(record))
    if body is None:
        what = "gone" if record.value is None else f"no JSON: {plain(repr(record.value[:60]))}"
        return _cut(f"{record.at}  {plain((record.key or b'-').decode('utf-8', 'replace'))}  {what}")
    write = LINES.get(record.topic, _json)
    return _cut(write(body))


def _cut(line: str) -> str:
    return line if len(line) <= WIDEST_CHARS else f"{line[: WIDEST_CHARS - 1]}…"


def _id(body: Body, name: str = "article_id") -> str:
    return text(body, name)[:SHORT_ID_CHARS].ljust(SHORT_ID_CHARS)


def _many(body: Body, name: str, one: str) -> str:
    found = body.get(name)
    count = len(found) if isinstance(found, list) else 0
    return f"{count} {one}{'' if count == 1 else 's'}"


def _title(body: Body) -> str:
    return text(body, "headline", absent="") or text(body, "text", absent="")[:80] or "(no headline)"


def _outlet(body: Body) -> str:
    return text(body, "outlet", "name", absent="") or text(body, "outlet", "domain")


def _raw(body: Body) -> str:
    named = text(body, "url", absent="") or text(body, "source_id")
    title = text(body, "headline", absent="") or text(body, "content", absent="")[:80]
    return f"{text(body, 'published')[:10]:10}  {named}  {title}"


def _clean(body: Body) -> str:
    day = text(body, "published", "value")[:10]
    return f"{_id(body)}  {day:10}  {text(body, 'language', 'code')}  {_outlet(body)}  {_title(body)}"


def _tagged(body: Body) -> str:
    return f"{_clean(body)}  ({_many(body, 'mentions', 'mention')}, {_many(body, 'statements', 'statement')})"


def _enriched(body: Body) -> str:
    cluster = text(body, "dedup", "cluster_id")[:SHORT_ID_CHARS]
    return f"{_id(body)}  {text(body, 'dedup', 'role'):14} {cluster}  {_tagged(body)[SHORT_ID_CHARS + 2 :]}"


def _found(body: Body) -> str:
    gone = "withdrawn" if body.get("withdrawn") is True else "found"
    return f"{_id(body, 'statement_id')}  {gone:10}  {_said(body)}"


def _statement(body: Body) -> str:
    kind, standing = text(body, "novelty", "kind"), text(body, "state")
    proposition = _id(body, "proposition_id")
    origins = text(body, "independent_origins")
    return f"{_id(body, 'statement_id')}  {kind:13} {standing:12} {proposition} x{origins}  {_said(body)}"


def _said(body: Body) -> str:
    content = body.get("content")
    words = " … ".join(text(span, "text") for span in content) if isinstance(content, list) else ""
    return f"{text(body, 'event_time')[:10]}  {text(body, 'speaker', 'name')}: {words}"


def _cluster(body: Body) -> str:
    first = text(body, "first_published")[:10]
    members = _many(body, "members", "member")
    return f"{_id(body, 'cluster_id')}  {text(body, 'kind'):8}  {members}  since {first}"


def _assignment(body: Body) -> str:
    versions = _many(body, "versions", "version")
    return f"{_id(body)}  {text(body, 'role'):14} in {_id(body, 'cluster_id')}  {versions}"


def _refusal(body: Body) -> str:
    named = text(body, "source_id", absent="") or text(body, "article_id")
    return f"{text(body, 'stage')}  {text(body, 'reason')}  {named}  {text(body, 'detail', absent='')}"


def _dead(record: Record) -> str:
    told = {
        name: plain(header(record, PREFIX + name) or "-")
        for name in ("code", "stage", "exception", "message")
    }
    place = "-".join(header(record, PREFIX + name) or "?" for name in ("topic", "partition", "offset"))
    return f"{told['code']}  {place}  {told['stage']}  {told['exception']}: {told['message']}"


def _json(body: Body) -> str:
    return plain(orjson.dumps(body).decode())


def _alert(body: Body) -> str:
    kind = f"{text(body, 'kind')}, {text(body, 'rule', 'name')}"
    return f"{text(body, 'line')}  {kind}  {text(body, 'alert_id')[:SHORT_ID_CHARS]}"


def _delivery(body: Body) -> str:
    alerts = at(body, "alert_ids")
    many = len(alerts) if isinstance(alerts, list) else 0
    told = f"{text(body, 'outcome')} {text(body, 'channel')}  {text(body, 'group')}  {many} alerts"
    return told if at(body, "reason") is None else f"{told}  {text(body, 'reason')}"


LINES: Final[dict[str, Callable[[Body], str]]] = {
    topics.RAW.name: _raw,
    topics.CLEAN.name: _clean,
    topics.TAGGED.name: _tagged,
    topics.ENRICHED.name: _enriched,
    topics.FOUND.name: _found,
    topics.STATEMENTS.name: _statement,
    topics.CLUSTERS.name: _cluster,
    topics.ASSIGNMENTS.name: _assignment,
    topics.REFUSALS.name: _refusal,
    topics.ALERTS.name: _alert,
    topics.DELIVERIES.name: _delivery,
}
"""Topic → how one of its events reads."""
