"""Offices: who held which office when, and whether a role said in a text holds on a day."""
