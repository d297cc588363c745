"""elsewhere: what may hold the article and is not on this machine: `forget` there takes it out.

The bus knows who has worked on it; the folders here say whether they did so here. In docker-compose.yml each
service has a state of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.archive import manifest
from streams.archive.places import folder_of
from streams.deliver.store import path_of
from streams.stages import DELIVER, group_of

if TYPE_CHECKING:
    from schemas.takedown import Takedown
    from streams.bus.interface import Admin
    from streams.settings import Settings

ARCHIVE: Final = "archive"
OUTBOX: Final = "outbox"


async def elsewhere(admin: Admin, settings: Settings) -> tuple[str, ...]:
    """Return the places that somebody has written to, and not here."""
    here = {
        ARCHIVE: (group_of("archive"), folder_of(settings) / manifest.NAME),
        OUTBOX: (group_of(DELIVER), path_of(settings)),
    }
    known = set(await admin.groups())
    return tuple(place for place, (group, path) in here.items() if group in known and not path.exists())


def left(found: tuple[str, ...], before: Takedown | None, origins: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is left of these when an earlier call, on another machine, has taken out the same."""
    if before is None or before.origins != origins:
        return found
    return tuple(each for each in found if each in before.elsewhere)
