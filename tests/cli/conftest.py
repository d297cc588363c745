"""A command line on an embedded log of its own."""

from __future__ import annotations

from tests.cli.command_line import line, raw

__all__ = ["line", "raw"]
