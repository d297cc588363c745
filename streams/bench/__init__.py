"""Measuring: throughput, quality, faults, peers. Figures are ratios in one run."""
