"""Language: which language a text is in, by py3langid, among the languages that news is written in.

Looked at are 300 code points at the start of the text and as many in its middle: the same answer as the
first 5,000 on every page of clean_dev, in an eighth of the time. A text with fewer than twenty letters is
`und`, unless the producer says what it is. The producer's word also decides where the model is in doubt
(under .8). In a short text full of foreign names the model hears their language: words that only one pack's
language has decide there.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, Protocol, cast

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from schemas.clean_article import Language
from streams.core.packs import PACKS, read

NEWS_LANGUAGES: Final = tuple(
    """
    ar az be bg bn bs ca cs da de el en es et fa fi fr he hi hr hu hy id it ja ka kk ko ky lt lv mk
    mn ms nl no pl ps pt ro ru sk sl sq sr sv sw ta te th tr uk ur vi zh
    """.split()  # noqa: SIM905  # fifty lines otherwise
)
"""Without the rest of the model's 97 (Latin, Esperanto, Breton, …), which short English texts are mistaken
for.
"""

_LOOKED_AT: Final = 300
_SHORT: Final = 600
"""Code points that foreign names decide: 3 of 741 sentences of ner_dev were taken for another language."""
_FEWEST_WORDS: Final = 2
_SHARE_OF_WORDS: Final = 0.04
_WORDS: Final = re.compile(r"[^\W\d_]+")
_FEWEST_LETTERS: Final = 20
_DOUBT: Final = 0.8
_NONE: Final = 0.1
"""Below it the model has seen nothing that it knows: uniform would be .02."""
_LETTERS: Final = re.compile(r"[^\W\d_]")


class _Identifier(Protocol):
    def set_languages(self, langs: list[str]) -> None: ...
    def classify(self, instance: str) -> tuple[str, float]: ...


@cache
def _identifier() -> _Identifier:
    identifier = cast("_Identifier", LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True))
    identifier.set_languages(list(NEWS_LANGUAGES))
    return identifier


def language_of(text: str, claimed: str | None = None) -> Language:
    """Return the language of `text`; `claimed` is the producer's BCP 47 code, None when it gave none.

    >>> language_of("The government said on Monday that it would act.").code
    'en'
    """
    said = re.split(r"[-_]", claimed.strip().lower())[0] if claimed else ""
    said = said if re.fullmatch("[a-z]{2}", said) else ""
    middle = max(len(text) // 2, _LOOKED_AT)
    head = text[:_LOOKED_AT] + text[middle : middle + _LOOKED_AT]
    if len(_LETTERS.findall(head)) < _FEWEST_LETTERS:
        return Language(code=said or "und", probability=0.5 if said else 0.0)
    code, probability = _identifier().classify(head)
    if float(probability) < (_DOUBT if said else _NONE):
        return Language(code=said or "und", probability=0.5 if said else 0.0)
    own = _by_its_words(head) if len(head) <= _SHORT and code not in PACKS else None
    if own:
        return Language(code=own, probability=0.6)
    return Language(code=code, probability=round(float(probability), 4))


@cache
def _only_here(code: str) -> frozenset[str]:
    return frozenset(cast("list[str]", read(code, "language")["only_here"]))


def _by_its_words(text: str) -> str | None:
    """Return the language of a pack whose own words stand in a text, two different ones at least, or None.

    Words with a capital that do not begin the text may be of a title (The Who), and do not count.
    """
    words = _WORDS.findall(text[:1].lower() + text[1:])
    for code in PACKS:
        own = [word for word in words if word in _only_here(code)]
        if len(set(own)) >= _FEWEST_WORDS and len(own) >= _SHARE_OF_WORDS * len(words):
            return code
    return None
