"""feeds: the list of feeds, what was seen of each, and the process that visits them."""
