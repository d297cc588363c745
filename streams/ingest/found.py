"""found: what reading a source yields, article by article: an article, or the place that was bad and why.

An article may be in doubt: it goes in all the same. What an archive holds beside pages is passed over and
counted.

`done` says how many units of its file (lines, rows, records; a page is one) are over once this one is: where
a load that broke off goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from streams.ingest.fields import AS_IT_IS, FieldMap

if TYPE_CHECKING:
    from schemas.raw_article import RawArticle


@dataclass(frozen=True, slots=True)
class Article:
    """One article and where it stood: `file` or `file:line`, lines from 1."""

    where: str
    article: RawArticle
    done: int = 1


@dataclass(frozen=True, slots=True)
class Bad:
    """A place that gave no article; `why` says what to do and holds no text of the article."""

    where: str
    why: str
    done: int = 1


@dataclass(frozen=True, slots=True)
class Passed:
    """A record of an archive that is no page; `what` it is instead: `request`, `status 301`, `image/png`."""

    where: str
    what: str
    done: int = 1


@dataclass(frozen=True, slots=True)
class Doubt:
    """An article that goes in without something its producer gave; `why` holds no text of the article."""

    where: str
    why: str


Found: TypeAlias = "Article | Bad | Passed"


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read. `encoding` None: by byte order mark, by the page's own word, else UTF-8."""

    max_content_bytes: int
    fields: FieldMap = AS_IT_IS
    encoding: str | None = None
    kind: str | None = None
    """An extension of the registry (`jsonl`, `html`, `txt`) that overrules file names; None: by name."""
    delimiter: str | None = None
    """Between the fields of CSV; None: found out."""
    after: int = 0
    """Units of the file that are over: they are passed by and not yielded."""
