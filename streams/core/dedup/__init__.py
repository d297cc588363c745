"""Near-duplicates: sketch, match, cluster."""
