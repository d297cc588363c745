"""Tag: what a clean article names.

One article at a time, so that no article's mentions depend on what stood beside it.

Per field (headline, dateline, text, source credit): the text is cut into pieces, the model marks each, what
it marks is trimmed, classed, and merged with what gazetteers and shapes find. Then the article's mentions
complete each other, are linked, grouped into entities and located in the raw content; then the sentences that
report are read (`statements`). An article in a language without a pack passes with neither.

Memory: the model takes 300 MB; what spaCy caches of an article's words is freed after each (`memory_zone`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from schemas.mention import Mention, MentionKind
from schemas.span import SpanField
from schemas.tagged_article import TaggedArticle
from streams.core.offices.registry import Registry
from streams.core.packs import PACKS
from streams.core.statements.assemble import assembled
from streams.core.statements.read import reports_in
from streams.core.tagging.elsewhere import completed
from streams.core.tagging.extents import extents_of
from streams.core.tagging.fields import Field, fields_of, raw_place
from streams.core.tagging.gazetteer import gazetteer_families, gazetteer_of
from streams.core.tagging.mentions import KINDS, SHARE_RIGHT, Found, bounded, trimmed
from streams.core.tagging.merge import merged, put_in
from streams.core.tagging.model import english, marked
from streams.core.tagging.names import names_of
from streams.core.tagging.parse import Parser
from streams.core.tagging.pieces import pieces
from streams.core.tagging.resolve import Backdrop, resolved
from streams.core.tagging.shapes import shapes_of
from streams.core.tagging.whole import whole_of

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence

    from spacy.language import Language as Pipeline
    from spacy.tokens import Doc

    from schemas.clean_article import CleanArticle
    from streams.core.statements.assemble import Assembled
    from streams.core.tagging.names import Names


Placed: TypeAlias = "tuple[Doc, int]"
"""A piece of a text as tokens, and its offset."""

_NOBODY: Final = Registry.empty()


RULES: Final = (
    "acronyms",
    "boundaries",
    "elections",
    "elsewhere",
    "extents",
    "going_on",
    "party_shapes",
    "whole",
)
"""Families of rules that correct and complete mentions, beside the gazetteers'."""


def families(language: str) -> frozenset[str]:
    """Return the families that a tagger can do without, those of statements' rules aside."""
    return gazetteer_families(language) | frozenset(RULES)


@dataclass(frozen=True, slots=True)
class Tagger:
    """A loaded model. `batch_size`: pieces that it is given at once.

    With another one, sums may round differently.
    """

    model: Pipeline
    batch_size: int = 16
    most_tokens: int = 25_000
    """Mentions are looked for in so many tokens of a text, five times a long read: 900 kB would take 13 s."""
    registry: Registry = _NOBODY
    without: frozenset[str] = frozenset()
    """Families of gazetteers and rules left out, to measure what each adds."""

    def tag(self, article: CleanArticle) -> TaggedArticle:
        """Return the article with its mentions, in order of the page.

        The same article gives the same bytes.
        """
        if article.language.code not in PACKS:
            return TaggedArticle(**dict(article))
        with self.model.memory_zone():
            mentions = tuple(self._mentions(article, names_of(article.language.code)))
            read = self._read(article, mentions)
        return TaggedArticle(**dict(article), mentions=read.mentions, statements=read.statements)

    def _mentions(self, article: CleanArticle, names: Names) -> Iterator[Mention]:
        fields = list(fields_of(article))
        placed = self._recognised(fields, names)
        found = [
            self._found(field, docs, article.language.code, names)
            for field, docs in zip(fields, placed, strict=True)
        ]
        if "elsewhere" not in self.without:
            texts = [text for text, _ in found]
            found = list(
                zip(texts, completed(found, names, extents_of(article.language.code).bodies), strict=True)
            )
        spans = [(field, each) for field, (_, own) in zip(fields, found, strict=True) for each in own]
        links = resolved(found, names, self._backdrop(article), article.article_id)
        for (field, each), (link, entity) in zip(spans, links, strict=True):
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
                candidates=link.candidates,
                metonym_for=link.metonym_for,
            )

    def _read(self, article: CleanArticle, mentions: Sequence[Mention]) -> Assembled:
        """Return the mentions with the roles said at them, and the statements."""
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
                self.without,
            )
        ]
        return assembled(article, fields, mentions, reports, self.registry)

    def _backdrop(self, article: CleanArticle) -> Backdrop:
        published = article.published.value if article.published else None
        filed = published or (article.dateline.date if article.dateline else None)
        return Backdrop(self.registry, filed.date() if filed else None, article.language.code)

    def _recognised(self, fields: Sequence[Field], names: Names) -> list[list[Placed]]:
        """Return each field's pieces with what the model marks in them: one call for all of them.

        A call costs as much as the words of a short article. A credited source is no text.
        """
        placed = [[] if _credit(field, names) else list(self._docs(field.text)) for field in fields]
        docs = (doc for own in placed for doc, _ in own)
        for _ in marked(self.model, ("ner",), docs, self.batch_size):
            pass  # each is marked in place
        return placed

    def _found(
        self, field: Field, placed: Sequence[Placed], language: str, names: Names
    ) -> tuple[str, list[Found]]:
        """Return as much of a field as is read, and its mentions.

        The credited source is its line's one mention.
        """
        credit = _credit(field, names)
        gazetteer = gazetteer_of(language, self.without)
        if credit:
            end = len(field.text.rstrip(" ."))
            entry = gazetteer.by_name.get(field.text[credit.end() : end])
            kind = MentionKind.WIRE if entry and entry.kind is MentionKind.WIRE else MentionKind.OUTLET
            return field.text, [Found(credit.end(), end, kind, entry)]
        text = field.text[: placed[-1][1] + len(placed[-1][0].text)] if placed else ""
        model = list(_marks(text, placed, names))
        if "boundaries" not in self.without:
            model = [each for found in model for each in bounded(text, found, names)]
        whole = whole_of(language) if "whole" not in self.without else None
        if whole:
            model = whole.names(text, model, gazetteer)
        spans = merged(text, model, gazetteer, shapes_of(language), self.without)
        if whole:
            spans = put_in(spans, whole.bodies(text, spans))
        return text, spans if "extents" in self.without else extents_of(language).fitted(text, spans)

    def _docs(self, text: str) -> Iterator[Placed]:
        """Yield the pieces of a text as tokens, with their offsets, up to `most_tokens`."""
        left = self.most_tokens
        for at, piece in pieces(text):
            doc = self.model.make_doc(piece)
            left -= len(doc)
            if left < 0:
                return
            yield doc, at


def _credit(field: Field, names: Names) -> re.Match[str] | None:
    """Return where a source credit says that it is one, before the source; None for any other field."""
    return names.credit.match(field.text) if field.name is SpanField.SOURCE_CREDIT else None


def _marks(text: str, placed: Sequence[Placed], names: Names) -> Iterator[Found]:
    """Yield what the model marked in a text's pieces, trimmed."""
    for doc, at in placed:
        for span in doc.ents:
            start, end = trimmed(text, at + span.start_char, at + span.end_char, names)
            kind = KINDS.get(span.label_)
            if kind and start < end:
                yield Found(start, end, kind)


def load_tagger(batch_size: int = 16, registry: Registry = _NOBODY) -> Tagger:
    """Return the tagger with its model and names, which are loaded once a process and warmed up.

    `registry`: who held which office, for links, roles and their check.
    """
    tagger = Tagger(english(), batch_size, registry=registry)
    with tagger.model.memory_zone():
        tagger.model("Warm up the first call.")
    for code in PACKS:
        gazetteer_of(code)
    return tagger
