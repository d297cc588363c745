"""lock: one process at a time runs a replay on this machine, and one feeds it.

The kernel lets a lock go with the process that held it, however that died.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def claim(folder: Path, name: str) -> int | None:
    """Return the descriptor that holds the lock `name` of a replay's folder; None: another process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def held(folder: Path, name: str) -> bool:
    """Tell whether another process has the lock."""
    if (descriptor := claim(folder, name)) is None:
        return True
    os.close(descriptor)
    return False
