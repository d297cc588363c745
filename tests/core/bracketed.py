"""Sentences with their mentions in brackets: [people], <organisations>."""

import re

from schemas.mention import MentionKind
from streams.core.tagging.mentions import Found


def marked(sentence):
    """Return the sentence without its brackets, and the mentions they mark."""
    text, mentions = "", []
    for part in re.split(r"(\[[^\]]*\]|<[^>]*>)", sentence):
        if part[:1] in ("[", "<"):
            kind = MentionKind.PERSON if part[0] == "[" else MentionKind.ORG
            mentions.append(Found(len(text), len(text) + len(part) - 2, kind))
            text += part[1:-1]
        else:
            text += part
    return text, mentions
