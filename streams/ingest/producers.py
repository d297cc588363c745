"""producers: who may post articles, by token, and how many.

A TOML file that only the user who runs `serve` should be able to read:

    [wire]
    token = "at least 16 characters"
    articles_per_second = 100        # serve.articles_per_second when it is left out

The file is read once, at the start. Tokens are compared in constant time, all of them each time.
"""

from __future__ import annotations

import hmac
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from streams.core.outcome import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_BURST_SECONDS: Final = 2.0


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    token: str = Field(min_length=16, pattern=r"^[!-~]+$")
    articles_per_second: float | None = Field(default=None, gt=0)


@dataclass(slots=True)
class Bucket:
    """A token bucket that may go into debt: what a request turns out to hold is paid for afterwards.

    >>> bucket = Bucket(per_second=10, filled_at=0.0)
    >>> bucket.wait(0.0), bucket.take(70, 0.0), bucket.wait(0.0)
    (0.0, None, 5.1)
    """

    per_second: float
    filled_at: float
    held: float | None = None
    """Articles that may be sent now; below 1 none may; None: full."""

    def _fill(self, now: float) -> float:
        full = max(1.0, self.per_second * _BURST_SECONDS)
        held = full if self.held is None else self.held + (now - self.filled_at) * self.per_second
        self.held, self.filled_at = min(full, held), now
        return self.held

    def wait(self, now: float) -> float:
        """Return the seconds until the next article may be sent, 0 for at once."""
        return max(0.0, (1.0 - self._fill(now)) / self.per_second)

    def take(self, articles: int, now: float) -> None:
        """Note that so many articles are sent."""
        self.held = self._fill(now) - articles


@dataclass(slots=True)
class Poster:
    """One producer: its name, its token, its bucket."""

    name: str
    token: bytes
    bucket: Bucket


def load(path: Path, per_second: float, now: float) -> list[Poster]:
    """Read the file. Raises `Usage`, which never shows a token."""
    try:
        entries = RootModel[dict[str, _Entry]].model_validate(tomllib.loads(path.read_text("utf-8"))).root
    except OSError as error:
        raise Usage(f"serve.tokens_file cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise Usage(f"{path} is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        wanted = "16 characters or more, ASCII, no blank" if first["loc"][-1] == "token" else first["msg"]
        raise Usage(f"{path}: {'.'.join(map(str, first['loc']))}: {wanted}") from None
    if not entries or len({entry.token for entry in entries.values()}) < len(entries):
        raise Usage(f"{path} must name a producer, each with a token of its own, as docs/ingest.md shows")
    return [
        Poster(name, entry.token.encode(), Bucket(entry.articles_per_second or per_second, now))
        for name, entry in entries.items()
    ]


def who(posters: Iterable[Poster], authorization: str | None) -> Poster | None:
    """Return whose token an `Authorization: Bearer …` header holds; None: nobody's."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    given = token.strip().encode("utf-8", "surrogateescape")
    found = None
    for each in posters:
        if hmac.compare_digest(each.token, given):
            found = each
    return found if scheme.lower() == "bearer" else None
