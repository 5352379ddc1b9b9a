"""Cascade: from simulated or recorded events to networks and plots, chained by Snakemake."""

__version__ = "0.1.0"
