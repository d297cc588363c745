"""Taking an article back from everything that is kept. docs/takedown.md says how, and where it ends."""
