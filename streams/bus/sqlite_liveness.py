"""Tells whether a process of this machine is still the one that wrote its name down.

A process is named by its pid namespace, the machine's boot, its pid and its start time, all from `/proc`: a
number used again by another process, or after a reboot, is not taken for the old one. A zombie is dead.
Where it cannot be known (another pid namespace, no `/proc`) the answer is yes, and only silence counts.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


@cache
def _machine() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{(_PROC / 'self/ns/pid').readlink()} {boot}"
    except OSError:
        return "unknown"


def _stat(pid: int) -> tuple[str, str] | None:
    """Return state and start time (clock ticks since boot) of a process, None when there is none."""
    try:
        fields = (
            (_PROC / str(pid) / "stat")
            .read_text(encoding="ascii", errors="replace")
            .rpartition(")")[2]
            .split()
        )
    except OSError:
        return None
    return fields[0], fields[19]


def this_process() -> str:
    """Return the name of this process: `<pid namespace> <boot> <pid> <start>`."""
    pid = os.getpid()
    _, start = _stat(pid) or ("?", "?")
    return f"{_machine()} {pid} {start}"


def is_dead(name: str) -> bool:
    """Tell whether the process of this name is certainly gone."""
    machine, pid, start = name.rsplit(" ", 2)
    space, _, boot = _machine().partition(" ")
    if "unknown" in (machine, space) or not machine.startswith(space):
        return False
    if not machine.endswith(boot):
        return True
    found = _stat(int(pid))
    return found is None or found[0] in "ZX" or found[1] != start
