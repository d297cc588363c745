"""Named things in a text, and what they are."""
