"""What a replay is, which of it is compared, and how two runs differ."""
