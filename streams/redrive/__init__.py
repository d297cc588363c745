"""What is done about dead letters: looked at, put back, discarded; and how that ended."""
