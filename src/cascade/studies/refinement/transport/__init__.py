"""Simulation made data-like without a network: the classic correction, and what is attainable."""
