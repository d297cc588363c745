"""Alerting: what a rule asks for, whether a statement fulfils it, and what follows from that."""
