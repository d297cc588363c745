"""THE DOORS: one short module an agent, with `register(app, bus)`."""
