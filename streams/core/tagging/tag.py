"""Tag: what a clean article names.

One article at a time, so that no article's mentions depend on what stood beside it.

Per field (headline, dateline, text, source credit): the text is cut into pieces, the model marks each, what
it marks is trimmed, classed, linked and located in the raw content; then the article's mentions are grouped
into entities; then the sentences that report are read (`statements`). An article in a language without a pack
passes with neither.

Memory: the model takes 300 MB; what spaCy caches of an article's words is freed after each (`memory_zone`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.mention import Mention, MentionKind
from schemas.span import SpanField
from schemas.tagged_article import TaggedArticle
from streams.core.packs import PACKS
from streams.core.statements.assemble import statements_of
from streams.core.statements.read import reports_in
from streams.core.tagging.entities import Named, entity_ids, entity_keys
from streams.core.tagging.fields import Field, fields_of, raw_place
from streams.core.tagging.mentions import SHARE_RIGHT, Found, kind_of, linked, trimmed
from streams.core.tagging.model import english, marked
from streams.core.tagging.names import names_of
from streams.core.tagging.parse import Parser
from streams.core.tagging.pieces import pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from spacy.language import Language as Pipeline
    from spacy.tokens import Doc

    from schemas.clean_article import CleanArticle
    from schemas.statement import Statement
    from streams.core.tagging.names import Names


@dataclass(frozen=True, slots=True)
class Tagger:
    """A loaded model. `batch_size`: pieces that it is given at once.

    With another one, sums may round differently.
    """

    model: Pipeline
    batch_size: int = 16
    most_tokens: int = 25_000
    """Mentions are looked for in so many tokens of a text, five times a long read: 900 kB would take 13 s."""

    def tag(self, article: CleanArticle) -> TaggedArticle:
        """Return the article with its mentions, in order of the page.

        The same article gives the same bytes.
        """
        if article.language.code not in PACKS:
            return TaggedArticle(**dict(article))
        with self.model.memory_zone():
            mentions = tuple(self._mentions(article, names_of(article.language.code)))
            statements = tuple(self._statements(article, mentions))
        return TaggedArticle(**dict(article), mentions=mentions, statements=statements)

    def tag_many(self, articles: Iterable[CleanArticle]) -> list[TaggedArticle]:
        """Return each article tagged, as `tag` would."""
        return [self.tag(article) for article in articles]

    def _mentions(self, article: CleanArticle, names: Names) -> Iterator[Mention]:
        found = [(field, each) for field in fields_of(article) for each in self._found(field, names)]
        links = [linked(field.text[each.start : each.end], each.kind, names) for field, each in found]
        named = [
            Named(e.kind, f.text[e.start : e.end], link.qid)
            for (f, e), link in zip(found, links, strict=True)
        ]
        ids = entity_ids(article.article_id, entity_keys(named, names))
        for (field, each), link, entity in zip(found, links, ids, strict=True):
            raw_start, raw_end = raw_place(article, field, each.start, each.end)
            yield Mention(
                field=field.name,
                start=each.start,
                end=each.end,
                raw_start=raw_start,
                raw_end=raw_end,
                text=field.text[each.start : each.end],
                kind=each.kind,
                entity_id=entity,
                qid=link.qid,
                link_method=link.method,
                confidence=round(SHARE_RIGHT[each.kind] * (link.confidence or 1.0), 3),
                nil_reason=link.nil_reason,
            )

    def _statements(self, article: CleanArticle, mentions: Sequence[Mention]) -> Iterator[Statement]:
        fields = {field.name: field for field in fields_of(article)}
        reports = [
            report
            for field in fields.values()
            for report in reports_in(
                field,
                [mention for mention in mentions if mention.field is field.name],
                article.repairs if field.name is SpanField.TEXT else (),
                Parser(self.model),
                article.language.code,
            )
        ]
        return statements_of(article, fields, mentions, reports)

    def _found(self, field: Field, names: Names) -> Iterator[Found]:
        """Yield the mentions of one field. The credited source is its line's one mention."""
        credit = names.credit.match(field.text) if field.name is SpanField.SOURCE_CREDIT else None
        if credit:
            yield Found(credit.end(), len(field.text.rstrip(" .")), MentionKind.OUTLET)
            return
        placed = list(self._docs(field.text))
        docs = marked(self.model, ("ner",), (doc for doc, _ in placed), self.batch_size)
        for doc, (_, at) in zip(docs, placed, strict=True):
            for span in doc.ents:
                start, end = trimmed(field.text, at + span.start_char, at + span.end_char, names)
                kind = kind_of(span.label_, field.text[start:end], names)
                if kind and start < end:
                    yield Found(start, end, kind)

    def _docs(self, text: str) -> Iterator[tuple[Doc, int]]:
        """Yield the pieces of a text as tokens, with their offsets, up to `most_tokens`."""
        left = self.most_tokens
        for at, piece in pieces(text):
            doc = self.model.make_doc(piece)
            left -= len(doc)
            if left < 0:
                return
            yield doc, at


def load_tagger(batch_size: int = 16) -> Tagger:
    """Return the tagger with its model, which is loaded once a process and warmed up."""
    tagger = Tagger(english(), batch_size)
    with tagger.model.memory_zone():
        tagger.model("Warm up the first call.")
    return tagger
