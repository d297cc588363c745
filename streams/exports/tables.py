"""tables: articles and statements as flat Parquet, in row groups of bounded size.

Columns stand in a fixed order and are only ever added at the end. Times are microseconds, UTC; what is
unknown is null; several names in one column are separated by `; `.

Source: Apache Parquet; Apache Arrow (pyarrow).
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.enriched_article import EnrichedArticle
from schemas.statement_event import StatementEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ROW_GROUP: Final = 1000
_TIME: Final = pa.timestamp("us", tz="UTC")

ARTICLES: Final = pa.schema([
    ("article_id", pa.string()), ("version", pa.string()), ("source_id", pa.string()), ("url", pa.string()),
    ("headline", pa.string()), ("text", pa.string()), ("language", pa.string()), ("authors", pa.string()),
    ("outlet_name", pa.string()), ("outlet_domain", pa.string()), ("outlet_qid", pa.string()),
    ("published", _TIME), ("published_precision", pa.string()), ("published_basis", pa.string()),
    ("published_suspect", pa.bool_()), ("event_time", _TIME), ("dateline", pa.string()),
    ("source_credit", pa.string()), ("cluster_id", pa.string()), ("canonical_id", pa.string()),
    ("dedup_role", pa.string()), ("is_new_article", pa.bool_()), ("version_of", pa.string()),
    ("mentions", pa.int32()), ("statements", pa.int32()), ("missing", pa.string()), ("revision", pa.int32()),
    ("rights", pa.string()),
])
STATEMENTS: Final = pa.schema([
    ("statement_id", pa.string()), ("proposition_id", pa.string()), ("article_id", pa.string()),
    ("article_version", pa.string()), ("article_url", pa.string()), ("article_headline", pa.string()),
    ("outlet_name", pa.string()), ("outlet_domain", pa.string()), ("language", pa.string()),
    ("content", pa.string()), ("mode", pa.string()), ("speech_act", pa.string()), ("cue", pa.string()),
    ("speaker_name", pa.string()), ("speaker_qid", pa.string()), ("speaker_kind", pa.string()),
    ("speaker_role", pa.string()), ("speaker_country", pa.string()), ("collective", pa.bool_()),
    ("is_official", pa.bool_()), ("attribution", pa.string()), ("confidence", pa.float64()),
    ("chain", pa.string()), ("said_on", _TIME), ("said_on_precision", pa.string()),
    ("said_not_before", _TIME), ("said_not_after", _TIME), ("reported_on", _TIME), ("event_time", _TIME),
    ("cluster_id", pa.string()), ("novelty", pa.string()), ("novelty_live", pa.string()),
    ("first_seen", _TIME), ("prior_statement_id", pa.string()), ("independent_origins", pa.int32()),
    ("state", pa.string()), ("rendition_of", pa.string()), ("revision", pa.int32()),
])


def article_row(found: EnrichedArticle) -> dict[str, object]:
    """Return an article's row."""
    published, dedup = found.published, found.dedup
    return {
        **{name: getattr(found, name) for name in (
            "article_id", "version", "source_id", "url", "headline", "text", "event_time", "source_credit",
            "rights")},
        "language": found.language.code, "authors": "; ".join(found.authors) or None,
        "outlet_name": found.outlet.name, "outlet_domain": found.outlet.domain,
        "outlet_qid": found.outlet.qid,
        "published": published and published.value,
        "published_precision": published and published.precision.value,
        "published_basis": published and published.basis,
        "published_suspect": published and published.suspect,
        "dateline": found.dateline and found.dateline.text, "cluster_id": dedup.cluster_id,
        "canonical_id": dedup.canonical_id, "dedup_role": dedup.role.value,
        "is_new_article": dedup.is_new_article, "version_of": dedup.version_of, "revision": dedup.revision,
        "mentions": len(found.mentions), "statements": len(found.statements),
        "missing": "; ".join(found.completeness.missing) or None}


def statement_row(found: StatementEvent) -> dict[str, object]:
    """Return a statement's row."""
    return {
        **{name: getattr(found, name) for name in (
            "statement_id", "proposition_id", "confidence", "reported_on", "event_time", "cluster_id",
            "independent_origins", "rendition_of", "revision")},
        **_of_article(found), **_of_speaker(found), **_of_date(found),
        "content": " … ".join(span.text for span in found.content), "mode": found.mode.value,
        "speech_act": found.speech_act.value, "cue": found.cue and found.cue.text,
        "is_official": found.official.is_official, "attribution": found.attribution.value,
        "chain": " > ".join(hop.actor for hop in found.chain) or None, "novelty": found.novelty.kind.value,
        "novelty_live": found.novelty.live_kind.value, "first_seen": found.novelty.first_seen,
        "prior_statement_id": found.novelty.prior_statement_id, "state": found.state.value}


def _of_article(found: StatementEvent) -> dict[str, object]:
    about = found.article
    return {
        "article_id": about.id, "article_version": about.version, "article_url": about.url,
        "article_headline": about.headline, "outlet_name": about.outlet.name,
        "outlet_domain": about.outlet.domain, "language": about.language}


def _of_speaker(found: StatementEvent) -> dict[str, object]:
    speaker = found.speaker
    role = speaker.role if speaker else None
    return {
        "speaker_name": speaker and speaker.name, "speaker_qid": speaker and speaker.qid,
        "speaker_kind": speaker and speaker.kind, "speaker_role": role and role.text,
        "speaker_country": role and role.country, "collective": speaker and speaker.collective}


def _of_date(found: StatementEvent) -> dict[str, object]:
    said = found.said_on
    return {
        "said_on": said.value, "said_on_precision": said.precision and said.precision.value,
        "said_not_before": said.not_before, "said_not_after": said.not_after}


def write(
    path: Path, schema: pa.Schema, rows: Iterable[Mapping[str, object]], tell: Callable[[int], None]
) -> int:
    """Write a Parquet file in row groups; return the number of rows."""
    number, left = 0, iter(rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while some := list(islice(left, ROW_GROUP)):
            writer.write_table(pa.Table.from_pylist(some, schema=schema), row_group_size=ROW_GROUP)
            number += len(some)
            tell(len(some))
    return number
