"""What went in came out: every raw record has exactly one fate."""
