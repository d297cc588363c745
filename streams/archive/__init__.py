"""Raw articles kept for good: exactly the topic's content, proven. docs/archive.md says how."""
