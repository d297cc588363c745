"""Statements: what a text reports somebody to have said, and what follows from where it stands."""
