"""lock: one process at a time runs a replay on this machine, and one feeds it."""

from __future__ import annotations

import os
from pathlib import Path

from streams.bus import sole


def claim(folder: Path, name: str) -> int | None:
    """Return the descriptor that holds the lock `name` of a replay's folder; None: another process has it."""
    return sole.claim(folder / f"{name}.lock")


def held(folder: Path, name: str) -> bool:
    """Tell whether another process has the lock."""
    if (descriptor := claim(folder, name)) is None:
        return True
    os.close(descriptor)
    return False
