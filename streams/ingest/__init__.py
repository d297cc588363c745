"""How articles come in: one module a kind of source."""
