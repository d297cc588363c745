"""English: what clean and tag know of this language, as data (`cleaning.toml`, `tagging.toml`).

Read by streams.core.packs.
"""
