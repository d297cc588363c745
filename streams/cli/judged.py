"""judged: the statements of compared articles, each as it stands beside all others of its speaker."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.settings import Settings


def at_rest(lines: Iterable[bytes], settings: Settings, spool: BinaryIO) -> Iterator[bytes]:
    """Yield the statements of enriched articles at rest, in their order; other lines (refusals) as they are.

    The articles wait in `spool`, the statements in memory.
    """
    from schemas.enriched_article import EnrichedArticle
    from schemas.envelope import Envelope
    from streams.agents.judge import options_of
    from streams.bus.codec import encode
    from streams.core.novelty.offline import OfflineStatements

    offline = OfflineStatements(options_of(settings))
    for number, line in enumerate(lines):
        if b'"dedup":' in line:
            article = EnrichedArticle.model_validate_json(line)
            origin, time = f"process-0-{number}", article.event_time
            offline.add(article, Envelope(
                id=origin, type="news.article.enriched.v1", source="/communique/process", time=time,
                correlation_id=article.article_id, origin=origin, origin_time=time))
        spool.write(line + b"\n")
    spool.seek(0)
    for line in spool:
        if b'"dedup":' not in line:
            yield line.rstrip(b"\n")
            continue
        yield from map(encode, offline.at_rest(EnrichedArticle.model_validate_json(line)))
