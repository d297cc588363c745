"""Replays: raw records again, through the same stages, beside what was made of them."""
