"""What feeds say, the pure part: entries, what is new among them, when to ask again, what may be asked."""
