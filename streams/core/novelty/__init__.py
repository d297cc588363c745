"""Novelty: is what a speaker is reported to say new? split takes articles apart, judge compares."""
