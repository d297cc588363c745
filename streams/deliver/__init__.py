"""deliver: alerts → channels, through an outbox in SQLite. A plain process beside the stages."""
