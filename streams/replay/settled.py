"""settled: every setting that decides what a body holds, as a plan keeps it: a run uses these and no others.

A replay that was planned with `--set cleaning.min_chars=40` runs so wherever and whenever it is run. What a
setting only names (the registry of offices, a table of boilerplate) is hashed, and a run on other files is
refused.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from streams.settings_sources import variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.settings import Settings

NULL: Final = "null"
GROUPS: Final = ("cleaning", "tagging", "dedup", "novelty")
"""Groups of settings that decide what a body holds."""


def settled(settings: Settings) -> dict[str, str]:
    """Return name → value of these groups' settings, as text that the environment takes."""
    return {
        f"{group}.{name}": _text(value)
        for group in GROUPS
        for name, value in getattr(settings, group).model_dump(mode="json").items()
    }


LATENESS: Final = ("dedup.lateness_hours", "novelty.lateness_days", "novelty.versions_days")
"""How long things are remembered for what comes late: a replay that follows takes the live flow's."""


def unbounded(settings: Settings) -> Settings:
    """Return the settings under which nothing is forgotten, if replays are to run so."""
    if not settings.replay.unbounded:
        return settings
    dedup = settings.dedup.model_copy(update={"lateness_hours": None})
    novelty = settings.novelty.model_copy(update={"lateness_days": None, "versions_days": None})
    return settings.model_copy(update={"dedup": dedup, "novelty": novelty})


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def as_environment(kept: Mapping[str, str], *, follows: bool) -> dict[str, str]:
    """Return the variables that set these settings; `follows`: without `LATENESS`."""
    left_out = LATENESS if follows else ()
    return {variable(name): value for name, value in kept.items() if name not in left_out}


def digest_of(kept: Mapping[str, str], offices: Path) -> str:
    """Return the hash of these settings, and of the files that they name, with the folder of offices."""
    state = blake2b(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS), digest_size=16)
    boilerplate = kept.get("dedup.boilerplate", NULL)
    for file in _files([*([] if boilerplate == NULL else [Path(boilerplate)]), offices]):
        state.update(file.name.encode() + blake2b(file.read_bytes()).digest())
    return state.hexdigest()


def _files(places: Iterable[Path]) -> list[Path]:
    return [
        file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*")))
        if file.is_file()
    ]
