"""From a page or a text to readable text with its metadata."""
