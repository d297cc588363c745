"""exports: what is on the bus, in formats that other people's tools read."""
