"""Offices: registries read from files, compiled into one, kept in the state folder."""
