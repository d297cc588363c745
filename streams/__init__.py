"""Communiqué: the event-driven news processor that loses nothing."""

__version__ = "0.1.0"
