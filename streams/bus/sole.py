"""sole: one process at a time, by a lock file, which the kernel lets go with its process, however it died."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def claim(lock: Path) -> int | None:
    """Take a lock file, made when missing with its folder; None while another process has it.

    Return the descriptor that holds it: close it, or die, to let it go.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
