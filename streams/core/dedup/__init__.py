"""Near-duplicates: sketch → match → cluster → enrich. Annotates, never drops (docs/adr/0006).

Every step is a function of an event, its envelope and the state it is given; `offline` runs them over
dictionaries.
"""
