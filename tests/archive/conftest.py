"""The command line, for what takes articles back by it."""

from __future__ import annotations

from tests.cli.command_line import line

__all__ = ["line"]
