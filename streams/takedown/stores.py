"""stores: what this machine keeps of tables is deleted; the changelogs are the truth, and build them again.

A store holds the text of many articles between each other: none is rewritten, all go. The folder itself may
be a link to another disk: what is in it goes. What cannot be deleted is told, and the takedown is not done.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from streams.core.outcome import CommuniqueError


class StoresLeft(CommuniqueError):
    """A store could not be deleted: it still holds the text."""


def delete_stores(state: Path) -> None:
    """Delete the stores of the stages and of all replays. Raises `StoresLeft`."""
    for folder in (state / "stores", *sorted(state.glob("replays/*/stores"))):
        for store in sorted(folder.iterdir()) if folder.exists() else ():
            _delete(store)


def _delete(store: Path) -> None:
    try:
        if store.is_dir():
            shutil.rmtree(store)
        else:
            store.unlink()
    except OSError as error:
        at, why = error.filename or store, error.strerror or error
        raise StoresLeft(
            f"{at} could not be deleted, and may hold text of the article: {why}. Delete it, and run this "
            "again: the article is not taken back before") from None
