"""Traces of single stations from simulated air showers."""
